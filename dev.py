#!/usr/bin/env python3
"""Creates the environment and runs the program, its checks and its measurements. Needs only Python 3.11 to 3.13.

python3 dev.py run [ARGS]     start `approval-console ARGS`; without ARGS the demo
python3 dev.py test [ARGS]    every check: format, lint, types, layers, tests; ARGS go to pytest, --long for all,
                              --late SEED to delay the answers of threads on their way to the window,
                              --coverage to print the coverage of every file and check the files that need 100 %
python3 dev.py bench          the figures of the README
python3 dev.py translations [LANGUAGE ...]
                              update the catalogs from the code and compile them; a new LANGUAGE gets a catalog
python3 dev.py shots [DIR]    pictures of every page
python3 dev.py clean          remove the environment and caches
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / "made-from"
LAYOUT = "2"
WINDOWS = os.name == "nt"
SCRIPTS = ENVIRONMENT / ("Scripts" if WINDOWS else "bin")
PYTHON = SCRIPTS / ("python.exe" if WINDOWS else "python")
MAX_TEST_PROCESSES = 6
"""With more, all would wait for the longest file."""
COVERAGE_DATA = ROOT / ".cache" / "coverage"
CACHES = (
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
    ".grimp_cache",
    ".cache/coverage",
)

PACKAGES = {
    "libGL.so.1": ("libgl1",),
    "libEGL.so.1": ("libegl1",),
    "libGLX.so.0": ("libgl1",),
    "libOpenGL.so.0": ("libopengl0",),
    "libglib-2.0.so.0": ("libglib2.0-0", "libglib2.0-0t64"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "libglib2.0-0t64"),
    "libfontconfig.so.1": ("libfontconfig1",),
    "libfreetype.so.6": ("libfreetype6",),
    "libxkbcommon.so.0": ("libxkbcommon0",),
    "libdbus-1.so.3": ("libdbus-1-3",),
    "libgssapi_krb5.so.2": ("libgssapi-krb5-2",),
    "libX11.so.6": ("libx11-6",),
    "libxcb.so.1": ("libxcb1",),
    "libX11-xcb.so.1": ("libx11-xcb1",),
    "libxcb-cursor.so.0": ("libxcb-cursor0",),
    "libxcb-icccm.so.4": ("libxcb-icccm4",),
    "libxcb-image.so.0": ("libxcb-image0",),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1",),
    "libxcb-randr.so.0": ("libxcb-randr0",),
    "libxcb-render-util.so.0": ("libxcb-render-util0",),
    "libxcb-render.so.0": ("libxcb-render0",),
    "libxcb-shape.so.0": ("libxcb-shape0",),
    "libxcb-shm.so.0": ("libxcb-shm0",),
    "libxcb-sync.so.1": ("libxcb-sync1",),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0",),
    "libxcb-xkb.so.1": ("libxcb-xkb1",),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0",),
    "libzstd.so.1": ("libzstd1",),
}
"""Shared libraries that Qt asks for, and the Debian packages that carry them; names differ between releases."""

QT_PARTS = ("lib/libQt6Core.so.6", "lib/libQt6Gui.so.6", "lib/libQt6Widgets.so.6", "lib/libQt6Svg.so.6",
            "lib/libQt6Network.so.6", "lib/libQt6DBus.so.6", "plugins/platforms/libqoffscreen.so")  # fmt: skip
QT_WINDOW_PARTS = ("plugins/platforms/libqxcb.so", "lib/libQt6XcbQpa.so.6")


def say(text: str) -> None:
    """Write a line about what is being done to standard error."""
    print(text, file=sys.stderr, flush=True)


# -- the environment -----------------------------------------------------------


def ready() -> None:
    """Make the environment, unless it stands as the lock asks for."""
    wanted = _stamp()
    if not (STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted and PYTHON.exists()):
        _make(wanted)
    # A window needs more libraries than pictures do, and the first run may have had no display.
    looked = ENVIRONMENT / ("libraries-of-a-window" if _display() else "libraries-of-pictures")
    if sys.platform.startswith("linux") and not looked.exists():
        _qt_libraries()
        looked.touch()


def _make(wanted: str) -> None:
    if sys.version_info[:2] < (3, 11) or sys.version_info[:2] >= (3, 14):
        raise SystemExit(f"Python 3.11 to 3.13 is needed; this is {platform.python_version()}.")
    say("Making the environment in .venv; this is done once.")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    if shutil.which("uv"):
        _call("uv", "venv", "-q", "--python", sys.executable, str(ENVIRONMENT), environ=environ)
        _call("uv", "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes", "--compile-bytecode",
              "-r", str(LOCK), environ=environ)  # fmt: skip
    else:
        _venv()
        _call(str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes",
              "--compile", "-r", str(LOCK), environ=environ)  # fmt: skip
    _install_project(environ)
    STAMP.write_text(wanted, encoding="utf-8")


def _stamp() -> str:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"{LAYOUT}\n{digest}\n{sys.version}\n{ROOT}\n"


def _venv() -> None:
    """Make a virtual environment with pip; a bare Debian has to be given the module for it first."""
    try:
        import ensurepip  # noqa: F401, PLC0415 -- Debian leaves it out of its Python
    except ImportError:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        _apt([package], "Python's venv module is not complete.")
        _call(sys.executable, "-m", "venv", str(ENVIRONMENT))
        return
    venv.create(ENVIRONMENT, with_pip=True)


def _install_project(environ: dict[str, str]) -> None:
    """Make the packages importable and put `approval-console` beside Python, without a build."""
    found = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    Path(found.stdout.strip(), "approval_console_project.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    if WINDOWS:
        (SCRIPTS / "approval-console.cmd").write_text(f'@"{PYTHON}" -m console %*\n', encoding="utf-8")
    else:
        script = SCRIPTS / "approval-console"
        script.write_text(f'#!/bin/sh\nexec "{PYTHON}" -m console "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    _compile(environ)


def _compile(environ: dict[str, str]) -> None:
    """Compile the program's bytecode where it is not up to date: whoever's Python writes none starts it slowly."""
    folders = [str(ROOT / name) for name in ("console", "models", "services", "resources")]
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", *folders], check=False, env=environ)


def _call(*command: str, environ: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(command, check=True, env=environ, cwd=ROOT)
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            f"This did not work (status {error.returncode}): {' '.join(command[:6])} …"
        ) from None


# -- what Qt needs of the system -----------------------------------------------


def _qt_libraries() -> None:
    """Find the shared libraries that Qt lacks; install them where that is allowed, else say how."""
    missing = _missing_libraries()
    if not missing:
        return
    unknown = sorted(name for name in missing if name not in PACKAGES)
    if unknown:
        say(f"Qt lacks {', '.join(unknown)}; no package is known for it.")
    packages = sorted({_package(PACKAGES[name]) for name in missing if name in PACKAGES})
    if packages:
        _apt(packages, f"Qt lacks {len(missing)} shared libraries.")


def _missing_libraries() -> set[str]:
    qt = next(ENVIRONMENT.glob("lib/python*/site-packages/PyQt6/Qt6"), None)
    if qt is None or shutil.which("ldd") is None:
        return set()
    parts = QT_PARTS + (QT_WINDOW_PARTS if _display() else ())
    missing: set[str] = set()
    for part in parts:
        out = subprocess.run(["ldd", str(qt / part)], check=False, capture_output=True, text=True).stdout
        missing |= set(re.findall(r"^\s*(\S+) => not found", out, re.MULTILINE))
    return {name for name in missing if not name.startswith("libQt6")}


def _package(names: tuple[str, ...]) -> str:
    """Return the name that this release of Debian knows."""
    for name in names:
        shown = (
            subprocess.run(["apt-cache", "show", name], check=False, capture_output=True)
            if _debian()
            else None
        )
        if shown is not None and shown.returncode == 0:
            return name
    return names[0]


def _debian() -> bool:
    return shutil.which("apt-get") is not None


def _apt(packages: list[str], reason: str) -> None:
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not _debian():
        raise SystemExit(f"{reason} Install what carries: {' '.join(packages)}")
    if os.geteuid() != 0:
        raise SystemExit(f"{reason} Type this once, then try again:\n    sudo {' '.join(command)}")
    say(f"{reason} Installing {' '.join(packages)}")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environ, stdout=subprocess.DEVNULL)
    names = [_package(next((p for p in PACKAGES.values() if name in p), (name,))) for name in packages]
    done = subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(set(names))],
                          check=False, env=environ, stdout=subprocess.DEVNULL)  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{reason} This did not work: {' '.join(command)}")


def _display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# -- commands ------------------------------------------------------------------


def _become(command: list[str], environ: dict[str, str] | None = None) -> int:
    """Run a command in place of this process where the system can, and return its status."""
    environ = environ or dict(os.environ)
    if WINDOWS:
        return subprocess.run(command, check=False, env=environ).returncode
    sys.stdout.flush()
    return os.execve(command[0], command, environ)


def run(arguments: list[str]) -> int:
    """Start the program; without a display the demo runs without a window."""
    arguments = arguments or ["demo"]
    environ = dict(os.environ)
    if not _display() and "QT_QPA_PLATFORM" not in environ:
        environ["QT_QPA_PLATFORM"] = "offscreen"
        if arguments[0] == "demo" and "--headless" not in arguments:
            say("There is no display, so the demo runs without a window (demo --headless).")
            arguments = [*arguments, "--headless"]
    return _become([str(PYTHON), "-m", "console", *arguments], environ)


def test(arguments: list[str]) -> int:
    """Run all checks, also after a failure; return 1 if one failed."""
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    folders = ["console", "models", "services", "resources", "tests", "dev.py"]
    with_coverage = "--coverage" in arguments
    arguments = [word for word in arguments if word != "--coverage"]
    run_tests = ["-m", "coverage", "run", "-m", "pytest"] if with_coverage else ["-m", "pytest"]
    checks = (
        ("format", [str(SCRIPTS / "ruff"), "format", "--check", "-q", *folders]),
        ("lint", [str(SCRIPTS / "ruff"), "check", "-q", *folders]),
        ("types", [str(PYTHON), "-m", "mypy"]),
        ("layers", [str(SCRIPTS / "lint-imports")]),
        ("tests", [str(PYTHON), *run_tests, "-q", *_side_by_side(arguments), *arguments]),
    )
    if with_coverage:
        shutil.rmtree(COVERAGE_DATA, ignore_errors=True)
        COVERAGE_DATA.mkdir(parents=True)
    failed = []
    for name, command in checks:
        say(f"== {name}")
        if subprocess.run(command, check=False, cwd=ROOT, env=environ).returncode:
            failed.append(name)
    if with_coverage:
        say("== coverage")
        if _report_coverage(is_complete=not _selects_tests(arguments)):
            failed.append("coverage")
    say(f"Failed: {', '.join(failed)}." if failed else "Every check is green.")
    return 1 if failed else 0


def _selects_tests(arguments: list[str]) -> bool:
    """Return whether arguments of pytest leave out tests, so that missing coverage proves nothing."""
    takes_value = {"--late", "-n", "--numprocesses", "--dist", "--timeout"}
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word in takes_value and words:
            words.pop(0)
        elif word in ("-k", "-m", "-x", "--lf", "--ff", "--deselect", "--ignore") or not word.startswith("-"):
            return True
    return False


def _report_coverage(*, is_complete: bool) -> bool:
    """Print the coverage of every file; return whether a file that must be covered completely is not.

    Files are compared only when all tests ran.
    """
    report = COVERAGE_DATA / "report.json"
    for words in (["combine", "-q"], ["json", "-q", "-o", str(report)], ["report", "--skip-empty"]):
        if subprocess.run([str(PYTHON), "-m", "coverage", *words], check=False, cwd=ROOT).returncode:
            return True
    if not is_complete:
        say("Only some tests ran: the files that must be covered completely are not checked.")
        return False
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    gaps = coverage_gaps(
        json.loads(report.read_text(encoding="utf-8")), project["tool"]["approval-console"]["fully-covered"]
    )
    for gap in gaps:
        say(f"Not covered completely: {gap}")
    return bool(gaps)


def coverage_gaps(report: dict[str, dict[str, dict[str, list[int]]]], required: list[str]) -> list[str]:
    """Return each required file that has lines no test ran, with their numbers; `report` is coverage's JSON."""
    measured = {Path(name).as_posix(): values for name, values in report["files"].items()}
    gaps = []
    for name in required:
        if name not in measured:
            gaps.append(f"{name}: no test imported it")
        elif lines := measured[name]["missing_lines"]:
            gaps.append(f"{name}: {', '.join(map(str, lines))}")
    return gaps


def _side_by_side(arguments: list[str]) -> list[str]:
    """Return the options that spread tests over processes, each file in one of them; a debugger wants them in one."""
    processes = min(_cores(), MAX_TEST_PROCESSES)
    alone = any(word.startswith(("-n", "--pdb", "--trace", "--numprocesses")) for word in arguments)
    if alone or processes < 2:
        return []
    # pytest-xdist 3.8 waits for ever when it replaces a process that ended in the middle of a file.
    return ["-n", str(processes), "--dist", "loadfile", "--max-worker-restart", "0"]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def bench(arguments: list[str]) -> int:
    """Print the figures."""
    environ = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    _compile(environ)
    return _become([str(PYTHON), "-m", "tests.benchmarks", *arguments], environ)


def translations(arguments: list[str]) -> int:
    """Collect the texts of the code, update and compile the catalogs, and list what is to be translated."""
    return _become([str(PYTHON), "-m", "tests.translations", *arguments])


def shots(arguments: list[str]) -> int:
    """Save pictures of every page; the demo makes them on its way."""
    folder = arguments[0] if arguments else "shots"
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    return _become([str(PYTHON), "-m", "console", "demo", "--headless", "--out", folder], environ)


def clean() -> int:
    """Remove what was made here."""
    for name in (".venv", *CACHES):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("console", "models", "services", "resources", "tests"):
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


def main() -> int:
    """Do what the first word asks for."""
    words = sys.argv[1:]
    commands = {"run": run, "test": test, "bench": bench, "translations": translations, "shots": shots}
    helped = not words or (words[0] != "run" and not {"--help", "-h"}.isdisjoint(words))
    if helped or _wrong(words, {*commands, "clean"}):
        print(__doc__)
        return 0 if helped else 2
    if words[0] == "clean":
        return clean()
    ready()
    return commands[words[0]](words[1:])


def _wrong(words: list[str], commands: set[str]) -> bool:
    """Whether a command is unknown, or is given what it does not take; nothing may be removed or made by mistake."""
    command, arguments = words[0], words[1:]
    if command not in commands or (command == "clean" and arguments):
        return True
    return command == "shots" and (len(arguments) > 1 or any(word.startswith("-") for word in arguments))


if __name__ == "__main__":
    sys.exit(main())
