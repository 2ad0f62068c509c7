"""A network in front of a server that can stop: it takes everything and passes nothing on."""

import selectors
import socket
import threading


class Relay:
    """Passes connections on to a server's socket file, until it is told to say nothing more."""

    def __init__(self, target):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.silent = threading.Event()
        self._frozen = set()
        self._pairs = {}
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def freeze(self):
        """Pass nothing on any more of the connections that are open now."""
        with self._lock:
            self._frozen |= set(self._pairs)

    def _run(self):
        while not self._ended.is_set():
            for key, _ in self._selector.select(timeout=0.05):
                self._accept() if key.fileobj is self._listener else self._pass_on(key.fileobj)

    def _accept(self):
        near, _ = self._listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._target)
        with self._lock:
            self._pairs |= {near: far, far: near}
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one):
        with self._lock:
            quiet = self.silent.is_set() or one in self._frozen
            other = self._pairs.get(one)
        if other is None:
            return  # its other end was closed in the same round
        try:
            content = one.recv(65536)
            if content and not quiet:
                other.sendall(content)
        except OSError:
            content = b""
        if not content:
            for end in (one, other):
                self._selector.unregister(end)
                end.close()
            with self._lock:
                del self._pairs[one], self._pairs[other]

    def close(self):
        self._ended.set()
        self._thread.join()
        self._listener.close()
        for one in list(self._pairs):
            one.close()
        self._selector.close()
