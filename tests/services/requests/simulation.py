"""An hour of simulated time that several processes live through together, and may be killed in.

Every process waits for time at one socket. Time passes only while all of them wait, so that what they do takes none; a
process that is killed stops being waited for.
"""

import asyncio
import contextlib
import multiprocessing
import os
import selectors
import signal
import socket
import struct
import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LIMIT_S = 60.0
"""Real seconds that a process may be at work for one moment of simulated time."""
_FORMAT = struct.Struct("!d")


class WorkersClock:
    """The clock of a process: what the conductor told last."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._seconds = _FORMAT.unpack(_exactly(self._socket))[0]
        self._reader = None

    def now(self):
        return START + timedelta(seconds=self._seconds)

    def monotonic(self):
        return self._seconds

    async def sleep(self, seconds):
        if self._reader is None:
            self._reader, self._writer = await asyncio.open_unix_connection(sock=self._socket)
        self._writer.write(_FORMAT.pack(max(0.0, seconds)))
        self._seconds = _FORMAT.unpack(await self._reader.readexactly(_FORMAT.size))[0]


class Conductor:
    """Lets time pass for the processes that are there."""

    def __init__(self, path):
        self.seconds = 0.0
        self._path = str(path)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self._path)
        self._listening.listen(16)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._wake = {}
        """Connection to the moment that it waits for; None while it is at work."""
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__, "tests.services.requests.simulated_worker"])
        self.processes = []

    def now(self):
        return START + timedelta(seconds=self.seconds)

    def close(self):
        for process in self.processes:
            process.kill()
            process.join(LIMIT_S)
        for connection in [*self._wake, self._listening]:
            connection.close()
        self._selector.close()

    # -- processes -------------------------------------------------------------

    def start(self, main, *arguments):
        """Start a process that waits at this conductor, and return it once it does."""
        process = self._context.Process(target=main, args=(self._path, *arguments))
        process.start()
        self.processes.append(process)
        before = len(self._wake)
        self._until(lambda: len(self._wake) > before)
        return process

    def kill(self, process):
        """Kill a process with -9, whatever it is doing."""
        os.kill(process.pid, signal.SIGKILL)
        process.join(LIMIT_S)
        self.processes.remove(process)

    def stop(self):
        """Kill every process; the store keeps what they were doing."""
        for process in list(self.processes):
            self.kill(process)
        self._until(lambda: not self._wake)

    # -- time ------------------------------------------------------------------

    def settle(self):
        """Wait until every process waits for time to pass."""
        self._until(lambda: all(wake is not None for wake in self._wake.values()))

    def wake(self):
        """Let those go on whose moment has come, and return how many these are."""
        due = [one for one, at in self._wake.items() if at is not None and at <= self.seconds]
        for connection in due:
            self._wake[connection] = None
            self._tell(connection)
        return len(due)

    def pass_until(self, seconds):
        """Let time pass up to `seconds`, and everybody do what is due until then."""
        self.settle()
        while True:
            moments = [at for at in self._wake.values() if at is not None]
            if not moments or min(moments) > seconds:
                break
            self.seconds = max(self.seconds, min(moments))
            self.wake()
            self.settle()
        self.seconds = max(self.seconds, seconds)

    # -- inside ----------------------------------------------------------------

    def _until(self, reached):
        limit = time.monotonic() + LIMIT_S
        while not reached():
            assert time.monotonic() < limit, "a process is at work for too long"
            for key, _ in self._selector.select(timeout=1.0):
                if key.fileobj is self._listening:
                    connection, _ = self._listening.accept()
                    self._wake[connection] = None
                    self._selector.register(connection, selectors.EVENT_READ)
                    self._tell(connection)
                else:
                    self._hear(key.fileobj)

    def _tell(self, connection):
        with contextlib.suppress(OSError):  # it was killed; its end is heard next
            connection.sendall(_FORMAT.pack(self.seconds))

    def _hear(self, connection):
        try:
            heard = _exactly(connection)
        except OSError:
            heard = b""
        if heard:
            self._wake[connection] = self.seconds + _FORMAT.unpack(heard)[0]
            return
        self._selector.unregister(connection)
        connection.close()
        del self._wake[connection]


def _exactly(connection):
    """Return one message, or nothing at the end."""
    parts = b""
    while len(parts) < _FORMAT.size:
        part = connection.recv(_FORMAT.size - len(parts))
        if not part:
            return b""
        parts += part
    return parts
