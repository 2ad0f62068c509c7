"""`dev.py`, which people type first: it makes and removes nothing by mistake, and looks for what a window needs."""

import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

FILE = Path(__file__).resolve().parent.parent / "dev.py"


@pytest.fixture
def dev(monkeypatch):
    """Load `dev.py` with everything it does to the machine written down instead of done."""
    spec = importlib.util.spec_from_file_location("dev_under_test", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.did = []
    for name in ("ready", "clean"):
        monkeypatch.setattr(module, name, lambda name=name: module.did.append(name) or 0)
    monkeypatch.setattr(module, "_become", lambda command, _environ=None: module.did.append(command[1:]) or 0)
    return module


def call(dev, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["dev.py", *words])
    return dev.main()


@pytest.mark.parametrize(
    "words",
    [
        (), ("--help",), ("-h",), ("clean", "--help"), ("clean", "-h"), ("shots", "--help"),
        ("bench", "--help"), ("test", "--help"),
    ],
)  # fmt: skip
def test_help_is_given_and_nothing_is_done(dev, monkeypatch, capsys, words):
    assert call(dev, monkeypatch, *words) == 0
    assert "dev.py clean" in capsys.readouterr().out
    assert dev.did == []


@pytest.mark.parametrize(
    "words", [("clear",), ("clean", "pictures"), ("shots", "--out"), ("shots", "a", "b")]
)
def test_what_is_not_understood_is_not_done(dev, monkeypatch, capsys, words):
    assert call(dev, monkeypatch, *words) == 2
    assert "dev.py clean" in capsys.readouterr().out
    assert dev.did == []


def test_what_is_asked_for_is_done(dev, monkeypatch):
    assert call(dev, monkeypatch, "clean") == 0
    assert dev.did == ["clean"]
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert call(dev, monkeypatch, "run", "check", "--help") == 0
    assert dev.did[-1] == ["-m", "console", "check", "--help"]
    assert call(dev, monkeypatch, "shots", "pictures") == 0
    assert dev.did[-1][-2:] == ["--out", "pictures"]


def test_libraries_of_a_window_are_looked_for_when_a_display_comes_later(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("dev_under_test", FILE)
    dev = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dev)
    monkeypatch.setattr(sys, "platform", "linux")
    python = tmp_path / "python"
    python.touch()
    monkeypatch.setattr(dev, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(dev, "PYTHON", python)
    monkeypatch.setattr(dev, "STAMP", tmp_path / "made-from")
    dev.STAMP.write_text(dev._stamp(), encoding="utf-8")
    looked = []
    monkeypatch.setattr(dev, "_qt_libraries", lambda: looked.append(dev._display()))
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    dev.ready()
    dev.ready()
    assert looked == [False]
    monkeypatch.setenv("DISPLAY", ":0")
    dev.ready()
    dev.ready()
    assert looked == [False, True]


@pytest.fixture
def checks(dev, monkeypatch):
    """Run `dev.py test` with the checks written down instead of run; one fails when its command holds `broken`."""
    made = SimpleNamespace(commands=[], broken=None, cores=2)

    def run(command, **_):
        made.commands.append(command[1:])
        return SimpleNamespace(returncode=int(made.broken in command))

    monkeypatch.setattr(dev.subprocess, "run", run)
    monkeypatch.setattr(dev, "_cores", lambda: made.cores)
    return made


def test_the_checks_that_failed_are_named_and_none_is_left_out(dev, monkeypatch, capfd, checks):
    assert call(dev, monkeypatch, "test") == 0
    assert "Every check is green." in capfd.readouterr().err
    everything = len(checks.commands)
    checks.broken = "mypy"
    assert call(dev, monkeypatch, "test") == 1
    assert capfd.readouterr().err.splitlines()[-1] == "Failed: types."
    assert len(checks.commands) == 2 * everything


SPREAD_2 = ["-n", "2", "--dist", "loadfile", "--max-worker-restart", "0"]


@pytest.mark.parametrize(
    ("words", "cores", "given"),
    [
        ((), 2, SPREAD_2),
        ((), 64, ["-n", "6", *SPREAD_2[2:]]),
        ((), 1, []),
        (("--long",), 2, [*SPREAD_2, "--long"]),
        (("-k", "vault", "tests/services"), 2, [*SPREAD_2, "-k", "vault", "tests/services"]),
        (("-n0", "-x"), 2, ["-n0", "-x"]),
        (("--pdb",), 2, ["--pdb"]),
    ],
)  # fmt: skip
def test_tests_run_on_every_core_unless_told_otherwise(dev, monkeypatch, checks, words, cores, given):
    checks.cores = cores
    assert call(dev, monkeypatch, "test", *words) == 0
    assert checks.commands[-1] == ["-m", "pytest", "-q", *given]


FULLY_COVERED = ["services/vault/base.py", "services/requests/domain/states.py"]


@pytest.fixture
def coverage_report(dev, monkeypatch, checks, tmp_path):
    """Let `coverage json` write a report; returns its files, so that a test can change which lines are missing."""
    files = {name: {"missing_lines": []} for name in [*FULLY_COVERED, "console/version.py"]}
    run = dev.subprocess.run

    def run_and_write(command, **options):
        if "json" in command:
            Path(command[-1]).write_text(json.dumps({"files": files}), encoding="utf-8")
        return run(command, **options)

    monkeypatch.setattr(dev.subprocess, "run", run_and_write)
    monkeypatch.setattr(dev, "COVERAGE_DATA", tmp_path / "coverage")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    listed = f"[tool.approval-console]\nfully-covered = {json.dumps(FULLY_COVERED)}\n"
    (tmp_path / "pyproject.toml").write_text(listed, encoding="utf-8")
    return files


def test_coverage_is_measured_in_every_process_and_printed(dev, monkeypatch, capfd, checks, coverage_report):
    assert call(dev, monkeypatch, "test", "--coverage") == 0
    tests, combine, _, report = checks.commands[-4:]
    assert tests == ["-m", "coverage", "run", "-m", "pytest", "-q", *SPREAD_2]
    assert combine[:3] == ["-m", "coverage", "combine"]
    assert report[:3] == ["-m", "coverage", "report"]
    assert "Every check is green." in capfd.readouterr().err


def test_a_file_that_must_be_covered_completely_and_is_not_fails(dev, monkeypatch, capfd, coverage_report):
    coverage_report["services/vault/base.py"]["missing_lines"] = [41, 42]
    coverage_report["console/version.py"]["missing_lines"] = [3]
    del coverage_report["services/requests/domain/states.py"]
    assert call(dev, monkeypatch, "test", "--coverage") == 1
    printed = capfd.readouterr().err
    assert "Not covered completely: services/vault/base.py: 41, 42" in printed
    assert "services/requests/domain/states.py: no test imported it" in printed
    assert "version.py" not in printed
    assert printed.splitlines()[-1] == "Failed: coverage."


@pytest.mark.parametrize("words", [("-k", "vault"), ("tests/services",), ("--long", "-x")])
def test_coverage_of_some_tests_is_printed_and_proves_nothing(
    dev, monkeypatch, capfd, coverage_report, words
):
    coverage_report["services/vault/base.py"]["missing_lines"] = [41]
    assert call(dev, monkeypatch, "test", "--coverage", *words) == 0
    assert "Only some tests ran" in capfd.readouterr().err


@pytest.mark.parametrize("words", [(), ("--long",), ("--late", "7"), ("-n", "2"), ("-n0",)])
def test_coverage_of_all_tests_is_checked(dev, monkeypatch, capfd, coverage_report, words):
    coverage_report["services/vault/base.py"]["missing_lines"] = [41]
    assert call(dev, monkeypatch, "test", "--coverage", *words) == 1
    assert "services/vault/base.py: 41" in capfd.readouterr().err


def test_a_failure_of_coverage_itself_is_reported(dev, monkeypatch, capfd, checks, coverage_report):
    checks.broken = "combine"
    assert call(dev, monkeypatch, "test", "--coverage") == 1
    assert capfd.readouterr().err.splitlines()[-1] == "Failed: coverage."


def test_files_that_must_be_covered_completely_exist():
    root = FILE.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["approval-console"]["fully-covered"]
    assert listed == sorted(set(listed))
    assert [name for name in listed if not (root / name).is_file()] == []
    for package in ("services/requests/domain", "services/requests/lifecycle", "services/vault"):
        modules = {path.relative_to(root).as_posix() for path in (root / package).glob("[!_]*.py")}
        assert modules <= set(listed), package
