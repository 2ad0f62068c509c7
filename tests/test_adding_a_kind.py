"""A new kind takes four files: model, definition, migration, page. A new field takes three: model, migration, page.

Each change is made on a copy of the source; a program then uses it through the service, the document and the window.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.added_kind import NEW_FIELD, NEW_KIND, Change
from tests.limits import PROGRAM_S

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("models", "services", "console", "resources")


@pytest.fixture
def source(tmp_path):
    """Return a copy of the source."""
    folder = tmp_path / "source"
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def make_change(folder: Path, change: Change) -> None:
    for name, text in change.items():
        file = folder / name
        if isinstance(text, str):
            assert not file.exists(), name
            file.write_text(text, encoding="utf-8")
            continue
        written = file.read_text(encoding="utf-8")
        for old, new in text:
            assert written.count(old) == 1, f"tests/added_kind.py: {name} was changed, adapt {old!r}"
            written = written.replace(old, new)
        file.write_text(written, encoding="utf-8")


@pytest.mark.timeout(2 * PROGRAM_S)
@pytest.mark.parametrize(
    ("change", "field", "count"), [(NEW_KIND, "hours", 4), (NEW_FIELD, "contact", 3)], ids=["kind", "field"]
)
def test_an_addition_takes_few_files_and_works_everywhere(source, tmp_path, change, field, count):
    before = fingerprints(source)
    make_change(source, change)
    after = fingerprints(source)
    assert {name for name in after if after[name] != before.get(name)} == set(change)
    assert len(change) == count
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(source), str(ROOT))),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = [sys.executable, "-P", "-m", "tests.added_kind_program", str(source), str(tmp_path), field]
    done = subprocess.run(
        program, cwd=source, env=environment, capture_output=True, text=True, timeout=PROGRAM_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
