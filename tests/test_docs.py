"""The README keeps to the truth: packages, commands, links and figures are what the project has."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from models.kinds import Kind
from services.connectivity import fault_handbook
from services.transfer import read_document

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def names(requirements):
    return {re.match(r"[A-Za-z0-9_.-]+", one).group() for one in requirements}


def table_after(heading):
    """Return the first column of the table whose first heading cell is `heading`."""
    lines = README[README.index(f"| {heading} |") :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


@pytest.mark.parametrize(
    ("heading", "requirements"),
    [
        ("package", PROJECT["dependencies"]),
        ("optional", PROJECT["optional-dependencies"]["postgresql"]),
        ("for development", PROJECT["optional-dependencies"]["dev"]),
    ],
)
def test_every_dependency_stands_in_the_readme_with_a_reason(heading, requirements):
    rows = table_after(heading)
    assert {row[0] for row in rows} == names(requirements)
    assert all(len(row) == 2 and row[1] for row in rows)


def test_every_dependency_is_locked_with_hashes():
    locked = {
        re.match(r"[a-z0-9-]+", block).group(): block for block in re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    }
    extras = PROJECT["optional-dependencies"].values()
    asked = names([*PROJECT["dependencies"], *(one for extra in extras for one in extra)])
    assert {name.lower() for name in asked} <= set(locked)
    assert all("--hash=sha256:" in block for block in locked.values())
    assert "://" not in LOCK


def test_every_command_of_the_readme_is_there():
    """Ask the program itself for the help of each command that the table names."""
    named = re.findall(r"`([a-z-]+(?: [a-z]+)?)[^`]*`", "\n".join(row[0] for row in table_after("command")))
    calls = {tuple(one.split()) for one in named} - {("history",)}
    assert len(calls) >= 12
    code = (
        "import sys\n"
        "from console.__main__ import _run\n"
        "for words in sys.argv[1:]:\n"
        "    if _run([*words.split(), '--help']) != 0:\n"
        "        sys.exit(words)\n"
    )
    expanded = {" ".join(c) for c in calls} - {"apply", "export", "validate"}
    expanded |= {"config apply", "config export", "config validate", "history"}
    done = subprocess.run(
        [sys.executable, "-c", code, *sorted(expanded)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_pictures_and_files_that_are_linked_exist_and_are_small():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        file = ROOT / target
        assert file.is_file(), target
        assert file.stat().st_size < 250_000, target


def test_the_two_commands_are_named():
    for command in ("python3 dev.py run", "python3 dev.py test"):
        assert command in README


def test_every_figure_is_one_that_was_measured():
    rows = table_after("what | measured | promise")
    assert len(rows) >= 4
    assert all(re.match(r"\d+(\.\d+)? (x|ms|s|MB|calls)\b", row[1]) for row in rows)


def test_the_document_of_the_readme_is_one():
    """What the commands of the README are typed with is understood as it stands there."""
    told = README[README.index("    version: 1\n") :]
    text = "\n".join(line[4:] for line in told[: told.index("\n\n")].splitlines())
    document = read_document(text)
    assert [entry.kind for entry in document.entries] == [*Kind][: len(document.entries)]
    assert len(document.entries) == 4
    assert not document.warnings


def test_the_page_of_faults_says_what_the_program_says():
    """After a change to the catalogue, the page is made anew by the command that it names itself."""
    page = (ROOT / "resources/help/fault-catalogue.md").read_text(encoding="utf-8")
    assert page == fault_handbook.render_markdown(), f"make it anew: {fault_handbook.GENERATE_COMMAND}"
    assert "(resources/help/fault-catalogue.md)" in README


def test_every_link_in_the_page_of_faults_leads_to_a_heading():
    page = fault_handbook.render_markdown()
    headings = set(re.findall(r"^#+ (\S+)$", page, re.MULTILINE))
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links
    assert links <= headings
