"""The log never keeps the program from working: what prevents it is said once."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.logging_setup import PrivateRotatingFileHandler, configure_logging, try_configure_logging
from tests.processes import without_coverage

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def handlers_as_before():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    ours = (PrivateRotatingFileHandler, logging.NullHandler)
    for handler in [h for h in root.handlers if h not in before and isinstance(h, ours)]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def occupied(folder, kind):
    """Put something in the place of the log that is no file to write to."""
    folder.mkdir()
    place = folder / "approval-console.log"
    if kind == "link":
        (folder / "precious").write_text("as it was")
        place.symlink_to(folder / "precious")
    elif kind == "link to nothing":
        place.symlink_to(folder / "nothing")
    elif kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        folder.rmdir()
        folder.write_text("a file in place of the folder")


@pytest.mark.parametrize("kind", ["link", "link to nothing", "folder", "pipe", "file"])
def test_whatever_stands_in_its_place_is_said_and_left_alone(tmp_path, kind):
    folder = tmp_path / "logs"
    occupied(folder, kind)
    before = {p: p.read_text() for p in tmp_path.rglob("precious")}
    assert try_configure_logging(folder).startswith("No log is written: ")
    logging.getLogger("services").info("goes nowhere")
    assert {p: p.read_text() for p in tmp_path.rglob("precious")} == before
    assert not (folder / "nothing").exists()


def test_a_full_disk_silences_it_with_one_notice_until_there_is_room(tmp_path):
    said = []
    file = configure_logging(tmp_path / "logs")
    [handler] = [h for h in logging.getLogger().handlers if isinstance(h, PrivateRotatingFileHandler)]
    handler.on_failure = said.append
    log, opened = logging.getLogger("services"), handler._open

    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

        flush = tell = seek = close = lambda *_: 0

    handler.stream.close()
    handler.stream, handler._open = Full(), Full
    for number in range(50):
        log.info("line %d", number)
    assert said == ["No log is written: [Errno 28] No space left on device"]
    handler.stream, handler._open = None, opened
    log.info("there is room again")
    assert "there is room again" in file.read_text()


def test_no_traceback_reaches_the_terminal(tmp_path):
    code = (
        "import logging, resource, sys; from pathlib import Path; from services.common.logging_setup import configure_logging\n"
        "configure_logging(Path(sys.argv[1])); resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "for number in range(200): logging.getLogger('services').warning('line %d %s', number, 'x' * 100)\n"
        "print('went on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "logs"],
        cwd=ROOT,
        env=without_coverage(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "went on\n"
    assert done.stderr == "No log is written: [Errno 27] File too large\n"
