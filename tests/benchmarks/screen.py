"""A screen without a monitor, and when what on it changes: the same measurement for every program.

Xvfb keeps its picture in a file (`-fbdir`), which is read here. A program is therefore measured from outside, whatever
it is written with: the first large change is its first painted window, the last one is the moment it is complete.
"""

import contextlib
import mmap
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 1280, 860
LARGE = 0.01
"""The part of the screen that a change must cover to count; a cursor that blinks or a tool tip does not."""
PIECE_BYTES = 64
LOOK_EVERY_S = 0.004
START_LIMIT_S = 30


class NoScreenError(Exception):
    """Xvfb is not installed or does not start."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one start of a program took: milliseconds until its first, second and last large paint (the same one where
    it painted once; of our window the frame, its content, and Home complete), processor milliseconds until 2 s after the first, MiB of memory (proportional set size, PSS) when it was watched to the end."""

    first: float
    content: float
    complete: float
    processor: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Screen:
    """A running Xvfb and its picture."""

    display: str
    picture: mmap.mmap
    offset: int
    row_bytes: int

    def look(self) -> bytes:
        """Return the picture as it is now."""
        return self.picture[self.offset : self.offset + self.row_bytes * HEIGHT]

    def changed_part(self, before: bytes, now: bytes) -> float:
        """Return the part of the picture that differs, in pieces of 16 pixels of a row."""
        if before == now:
            return 0.0
        pieces = 0
        for at in range(0, len(now), self.row_bytes):
            if before[at : at + self.row_bytes] != now[at : at + self.row_bytes]:
                places = range(at, at + self.row_bytes, PIECE_BYTES)
                pieces += sum(
                    before[one : one + PIECE_BYTES] != now[one : one + PIECE_BYTES] for one in places
                )
        return pieces * PIECE_BYTES / len(now)


@contextlib.contextmanager
def screen() -> Iterator[Screen]:
    """Start Xvfb; raises NoScreenError."""
    if shutil.which("Xvfb") is None:
        raise NoScreenError("Xvfb is not installed")
    with tempfile.TemporaryDirectory(prefix="approval-console-screen-") as folder:
        reading, writing = os.pipe()
        asked = ["-displayfd", str(writing), "-noreset", "-nolisten", "tcp", "-fbdir", folder]
        process = subprocess.Popen(
            ["Xvfb", *asked, "-screen", "0", f"{WIDTH}x{HEIGHT}x24"],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        try:
            with os.fdopen(reading) as answered:
                number = answered.readline().strip()
            if not number:
                raise NoScreenError("Xvfb did not start")
            with (
                (Path(folder) / "Xvfb_screen0").open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as picture,
            ):
                yield Screen(f":{number}", picture, *_layout(picture))
        finally:
            process.terminate()
            process.wait()


def _layout(picture: mmap.mmap) -> tuple[int, int]:
    """Return where the pixels begin and the bytes of a row, from the header of the X window dump format (XWDFile.h)."""
    header = struct.unpack(">25I", picture[:100])
    header_size, row_bytes, colors = header[0], header[12], header[19]
    return header_size + colors * 12, row_bytes


def watch(on: Screen, command: Sequence[str], environ: dict[str, str], *, seconds: float) -> Shown:
    """Start a program, look at the screen until `seconds` after its first paint, and end it."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**environ, "DISPLAY": on.display, "QT_QPA_PLATFORM": "xcb"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        paints, processor = _watched(on, process, started, seconds)
        first, content, complete = paints[0], paints[min(1, len(paints) - 1)], paints[-1]
        return Shown(first, content, complete, processor, _memory_mb(process.pid))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _wait_until_empty(on)


def _watched(
    on: Screen, process: "subprocess.Popen[bytes]", started: float, seconds: float
) -> tuple[list[float], float]:
    """Return the milliseconds of each large paint, at least one, and the processor milliseconds."""
    before = on.look()
    paints: list[float] = []
    first = processor = 0.0
    while not first or time.monotonic() < started + first + seconds:
        if process.poll() is not None or (not first and time.monotonic() > started + START_LIMIT_S):
            raise SystemExit(f"{process.args!r} showed no window, or ended.")
        time.sleep(LOOK_EVERY_S)
        now = on.look()
        if on.changed_part(before, now) >= LARGE:
            before = now
            paints.append((time.monotonic() - started) * 1000)
            first = paints[0] / 1000
        if first and not processor and time.monotonic() >= started + first + 2:
            processor = _processor_ms(process.pid)
    return paints, processor


def _processor_ms(pid: int) -> float:
    """Return the processor time of a process and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _wait_until_empty(on: Screen) -> None:
    """Wait until the windows of an ended program have left the screen."""
    before, until = b"", time.monotonic() + 5
    while time.monotonic() < until:
        now = on.look()
        if now == before:
            return
        before = now
        time.sleep(0.1)
