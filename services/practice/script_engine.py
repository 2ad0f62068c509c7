"""JavaScript engines in separate processes, limited in time, memory and calls, and reused."""

import contextlib
import importlib.util
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from services.common.json_types import JsonObject
from services.common.process_environment import child_environment
from services.practice import script_engine_process
from services.practice.script_engine_process import SCRIPT_LINE_OFFSET

SCRIPT_MAX = 1024 * 1024
MEMORY_MAX = 64 * 1024 * 1024
CALLS_MAX = 20_000
LINE_MAX = 2 * MEMORY_MAX

_FRAME = re.compile(r"^    at .*?<input>:(\d+)", re.MULTILINE)


class EngineError(Exception):
    """A script failed or was stopped; the text is the reason."""


class _EngineProcess:
    """One engine process."""

    def __init__(self) -> None:
        found = importlib.util.find_spec("quickjs")
        if found is None or found.origin is None:
            raise EngineError("The JavaScript engine (quickjs) is not installed.")
        folder = str(Path(found.origin).parents[1])
        self._process = subprocess.Popen(  # noqa: S603 -- this interpreter, with a file of this package
            [sys.executable, "-I", "-S", script_engine_process.__file__, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.alive = True
        self.late = False
        self._read()

    def self_if_alive(self) -> "_EngineProcess | None":
        """Return itself, or None if the process has ended."""
        if self.alive and self._process.poll() is None:
            return self
        self.close()
        return None

    def kill(self) -> None:
        """Kill the process; reading from it then ends."""
        self.alive = False
        self._process.kill()

    def close(self) -> None:
        """Kill the process and release its resources."""
        self.kill()
        # Without input the process ends by itself, even if the signal was lost.
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()

    def expire(self) -> None:
        """Stop the script because its time limit is exceeded."""
        self.late = True
        self.kill()

    def run(self, task: JsonObject, answer: Callable[[str], str]) -> str:
        """Run one script; `answer` handles its calls to the instance."""
        self._write(json.dumps(task))
        for _ in range(CALLS_MAX):
            message = self._read()
            if "result" in message:
                return str(message["result"])
            if "failure" in message:
                raise EngineError(_error_message(str(message["failure"])))
            self._write(answer(str(message["ask"])))
        self.kill()
        raise EngineError("The script was stopped: it called the instance too often.")

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- opened above
        with contextlib.suppress(OSError):
            # An ended process is detected when its answer is read.
            self._process.stdin.write(text.encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> JsonObject:
        assert self._process.stdout is not None  # noqa: S101 -- opened above
        line = self._process.stdout.readline(LINE_MAX)
        if not line.endswith(b"\n"):
            self.alive = False
            raise EngineError("The script was stopped: the engine ended.")
        message: JsonObject = json.loads(line)
        return message


class EnginePool:
    """Runs scripts concurrently; idle engines are reused."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._free: list[_EngineProcess] = []
        self._busy: set[_EngineProcess] = set()
        self._closed = False

    def run(self, script: str, prelude: str, call: str, answer: Callable[[str], str]) -> str:
        """Return the result of `call` after `script`. Raises EngineError if it fails or exceeds a limit."""
        if len(script) > SCRIPT_MAX:
            raise EngineError("The script is longer than an instance takes.")
        engine = self._take()
        timer = threading.Timer(self._seconds, engine.expire)
        timer.daemon = True
        timer.start()
        try:
            return engine.run(
                {"prelude": prelude, "script": script, "call": call, "memory": MEMORY_MAX}, answer
            )
        except EngineError as error:
            if engine.late:
                seconds = f"{self._seconds:g} second{'' if self._seconds == 1 else 's'}"
                raise EngineError(f"Transaction cancelled: the script ran longer than {seconds}.") from error
            raise
        except BaseException:
            # It would wait for an answer.
            engine.kill()
            raise
        finally:
            timer.cancel()
            self._give_back(engine)

    def _take(self) -> _EngineProcess:
        with self._lock:
            if self._closed:
                raise EngineError("The instance is stopping.")
            engine = None
            while self._free and engine is None:
                engine = self._free.pop().self_if_alive()
        engine = engine or _EngineProcess()
        with self._lock:
            self._busy.add(engine)
            closed = self._closed
        if closed:
            engine.kill()
        return engine

    def _give_back(self, engine: _EngineProcess) -> None:
        with self._lock:
            self._busy.discard(engine)
            kept = engine.alive and not self._closed
            if kept:
                self._free.append(engine)
        if not kept:
            engine.close()

    def close(self) -> None:
        """Stop all scripts and engines."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
            busy = list(self._busy)
        for engine in free:
            engine.close()
        for engine in busy:
            # The caller closes it.
            engine.kill()


def _error_message(failure: str) -> str:
    """Return an error as one sentence with the line of the script, without the stack."""
    text = failure.split("\n    at ", maxsplit=1)[0].removesuffix("\nundefined").strip()
    if text in ("", "null"):
        return "InternalError: out of memory"
    lines = [int(number) - SCRIPT_LINE_OFFSET for number in _FRAME.findall(failure)]
    line = next((number for number in lines if number > 0), 0)
    return f"{text} (line {line})" if line else text
