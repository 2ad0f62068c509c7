"""README, ARCHITECTURE and CONTRIBUTING are true: packages, paths, names, commands, links and figures exist."""

import ast
import builtins
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from models.kinds import Kind
from services.connectivity import fault_catalog_texts
from services.transfer import read_document

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGE_MAP = ARCHITECTURE.split("\n## ")[1]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
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


@pytest.mark.parametrize("page", PAGES)
def test_pictures_and_files_that_are_linked_exist_and_are_small(page):
    for target in re.findall(r"\]\((?!https://)([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        file = ROOT / target
        assert file.is_file(), target
        assert file.stat().st_size < 250_000, target


def test_the_two_commands_are_named():
    for command in ("python3 dev.py run", "python3 dev.py test"):
        assert command in README


def test_every_figure_is_one_that_was_measured():
    rows = table_after("what | measured | promise")
    assert len(rows) >= 4
    assert all(re.match(r"\d+(\.\d+)? (x|ms|s|MB|calls|bytes|%)(?!\w)", row[1]) for row in rows)


def test_the_document_of_the_readme_is_one():
    """What the commands of the README are typed with is understood as it stands there."""
    told = README[README.index("    version: 1\n") :]
    text = "\n".join(line[4:] for line in told[: told.index("\n\n")].splitlines())
    document = read_document(text)
    assert list(dict.fromkeys(entry.kind for entry in document.entries)) == [*Kind]
    assert not document.warnings


def test_the_page_of_faults_says_what_the_program_says():
    """After a change to the catalogue, the page is made anew by the command that it names itself."""
    page = (ROOT / "resources/help/fault-catalogue.md").read_text(encoding="utf-8")
    assert page == fault_catalog_texts.render_markdown(), (
        f"make it anew: {fault_catalog_texts.GENERATE_COMMAND}"
    )
    assert "(resources/help/fault-catalogue.md)" in README


def test_every_link_in_the_page_of_faults_leads_to_a_heading():
    page = fault_catalog_texts.render_markdown()
    headings = set(re.findall(r"^#+ (\S+)$", page, re.MULTILINE))
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links
    assert links <= headings


# -- paths and names of the pages for developers ---------------------------------------------------------------


def code_spans(page):
    """Return what stands in backticks on a page, without code blocks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return sorted(set(re.findall(r"`([^`\n]+)`", text)))


def is_path(span):
    """Whether a code span is a path of the repository: `services/store`, `pyproject.toml`, `resources/servicenow/*.js`."""
    return re.fullmatch(r"[\w.*-]+(/[\w.*-]+)+|[\w-]+\.(py|md|toml|lock)", span) is not None


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page):
    missing = [span for span in code_spans(page) if is_path(span) and not list(ROOT.glob(span))]
    assert [span for span in missing if not span.startswith(".venv/")] == []


def program_names():
    """Return every name that the program defines or uses, and the members of each of its classes."""
    names, members, bases = set(dir(builtins)), {}, {}
    for path in [*(p for part in ("models", "services", "console") for p in (ROOT / part).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names |= {
                word
                for field in ("id", "attr", "arg", "name")
                if isinstance(word := getattr(node, field, 0), str)
            }
            if isinstance(node, ast.ClassDef):
                own = members.setdefault(node.name, set())
                bases.setdefault(node.name, set()).update(
                    getattr(b, "id", getattr(b, "attr", "")) for b in node.bases
                )
                for part in ast.walk(node):
                    own |= {
                        word
                        for field in ("id", "attr", "name")
                        if isinstance(word := getattr(part, field, 0), str)
                    }
    names |= {one.split(".")[-1] for one in names}
    return names, members, bases


NOT_NAMES = {"await"}
"""Words in backticks that look like names and are keywords."""


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_name_exists(page):
    names, members, bases = program_names()
    packages = {p.name for p in ROOT.iterdir() if p.is_dir()}

    def has(owner, member):
        return member in members.get(owner, ()) or any(has(base, member) for base in bases.get(owner, ()))

    unknown = []
    for span in code_spans(page):
        if not re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", span) or is_path(span) or span in NOT_NAMES:
            continue
        owner, _, member = span.rpartition(".")
        known = has(owner, member) if owner in members else set(span.split(".")) <= names | packages
        if not known:
            unknown.append(span)
    assert unknown == []


def packages_of(folder):
    return {p.parent.relative_to(ROOT).as_posix() for p in (ROOT / folder).glob("*/__init__.py")}


@pytest.mark.parametrize(
    ("folder", "heading"),
    [
        ("services", "package"),
        ("services/requests", "package in `services/requests`"),
        ("console", "package"),
    ],
)
def test_every_package_is_in_the_map(folder, heading):
    part = ARCHITECTURE[ARCHITECTURE.index(f"### {folder.partition('/')[0]}") :]
    lines = part[part.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    listed = [path for line in lines for path in re.findall(r"`([^`]+)`", line.split("|")[1])]
    assert len(listed) == len(set(listed))
    assert {path for path in listed if not path.endswith(".py")} == packages_of(folder)


def layers_of(package):
    """Return the position of each package in the layers contract that pyproject.toml has for a container."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in project["tool"]["importlinter"]["contracts"]:
        if contract.get("containers") == [package]:
            return {
                one.strip(): number
                for number, layer in enumerate(contract["layers"])
                for one in layer.split("|")
            }
    raise KeyError(package)


@pytest.mark.parametrize("folder", ["services", "services/requests", "console"])
def test_the_map_is_in_the_order_of_the_layers(folder):
    layers = layers_of(folder.replace("/", "."))
    table = re.findall(rf"^\| (`{folder}/[^|\n]*)\|", PACKAGE_MAP, re.MULTILINE)
    rows = [re.findall(rf"`{folder}/(\w+)(?:\.py)?`", cell) for cell in table]
    places = [{layers[name] for name in row} for row in rows if row]
    assert places == sorted(places, key=min)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_dev_py_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    commands = set(re.findall(r"python3 dev\.py ([a-z]+)", text))
    known = set(
        re.findall(r"^python3 dev\.py ([a-z]+)", (ROOT / "dev.py").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert commands <= known
