"""Files that a person asked for are written as a whole or not at all."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.common.file_writing import (
    SymlinkError,
    save_file,
    write_atomically,
    write_failure_cause,
    write_failure_remedy,
)
from tests.processes import without_coverage

ROOT = Path(__file__).parents[2]

BEFORE, AFTER = b"before" * 50_000, b"after" * 90_000


def test_a_new_file_holds_all_of_it_and_nothing_lies_beside_it(tmp_path):
    save_file(tmp_path / "report.md", b"# Check\n")
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("report.md", b"# Check\n")]


def test_whoever_looks_meanwhile_sees_the_old_or_the_new(tmp_path):
    path = tmp_path / "report.md"
    path.write_bytes(BEFORE)
    seen, over = set(), threading.Event()

    def look():
        while not over.is_set():
            seen.add(path.read_bytes())

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(40):
        save_file(path, AFTER)
        save_file(path, BEFORE)
    over.set()
    looking.join()
    assert seen <= {BEFORE, AFTER}


def test_what_was_there_stays_when_it_cannot_be_written(tmp_path, monkeypatch):
    path = tmp_path / "report.md"
    path.write_bytes(BEFORE)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_file(path, AFTER)
    assert [f.name for f in tmp_path.iterdir()] == ["report.md"]
    assert path.read_bytes() == BEFORE


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        save_file(tmp_path / "none" / "report.md", AFTER)
    with pytest.raises(IsADirectoryError):
        save_file(tmp_path, AFTER)


def test_a_file_in_a_folder_that_takes_no_new_ones_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "report.md"
    path.write_bytes(BEFORE)

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("services.common.file_writing.os.open", refused)
    with pytest.raises(PermissionError) as caught:
        save_file(path, AFTER)
    assert path.read_bytes() == BEFORE
    assert write_failure_cause(caught.value) == "The folder is not there, or may not be written to."


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_who_may_read_a_file_stays_as_it_was(tmp_path, mode):
    path = tmp_path / "report.md"
    path.touch()
    path.chmod(mode)
    save_file(path, AFTER)
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_nothing_is_written_through_a_link(tmp_path, there):
    path, link = tmp_path / "precious.md", tmp_path / "latest.md"
    if there:
        path.write_bytes(BEFORE)
    link.symlink_to(path)
    with pytest.raises(SymlinkError, match="it is a link to") as caught:
        save_file(link, AFTER)
    assert link.is_symlink()
    assert (path.read_bytes() == BEFORE) if there else not path.exists()
    assert write_failure_remedy(caught.value) == "Name the file itself, or remove the link."


def test_a_link_among_the_folders_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    save_file(tmp_path / "link" / "report.md", AFTER)
    assert (tmp_path / "real" / "report.md").read_bytes() == AFTER


def test_what_was_there_stays_on_a_disk_that_fills_up(tmp_path):
    path = tmp_path / "report.md"
    path.write_bytes(BEFORE)
    code = (
        "import resource, signal, sys; from pathlib import Path; from services.common.file_writing import save_file, write_failure_cause\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: save_file(Path(sys.argv[1]), b'after' * 90_000)\n"
        "except OSError as error: print(write_failure_cause(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        cwd=ROOT,
        env=without_coverage(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "The disk is full, or takes no file of this size.\n"
    assert path.read_bytes() == BEFORE
    assert [f.name for f in tmp_path.iterdir()] == ["report.md"]


def test_a_private_file_is_for_its_owner_only(tmp_path):
    path = tmp_path / "bundle.zip"
    path.write_bytes(BEFORE)
    path.chmod(0o644)
    write_atomically(path, lambda file: file.write(AFTER), private=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_written_to(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    save_file(pipe, AFTER)
    reader.join()
    assert got == [AFTER]
