"""A secret that cannot be mistaken, every form it could leak in, and listeners that keep what arrives at them."""

import base64
import codecs
import html
import json
import os
import re
import socket
import threading
import urllib.parse
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import escape

from tests.limits import WAIT_S

SECRET = "Qx7Kanarie&<b>\"é%2+/ ü'\\zWölf9Jq"
"""Holds what is written differently in URLs, XML, JSON, HTML and repr; begins and ends with words found nowhere else."""
ACCOUNT = "privman.integration"
ENDS = ("Qx7Kan", "lf9Jq")
"""What is left of it when it is cut off, whatever the encoding."""


def forms(secret=SECRET):
    """Return every form of a secret, as bytes by the name of the form."""
    texts = {
        "raw": secret,
        "url, everything": urllib.parse.quote(secret, safe=""),
        "url, path": urllib.parse.quote(secret),
        "url, form": urllib.parse.quote_plus(secret),
        "url, small hex": re.sub("%..", lambda part: part[0].lower(), urllib.parse.quote(secret, safe="")),
        "xml": escape(secret),
        "xml attribute": escape(secret, {'"': "&quot;", "'": "&apos;"}),
        "xml references": escape(secret).encode("ascii", "xmlcharrefreplace").decode(),
        "html": html.escape(secret),
        "json": json.dumps(secret)[1:-1],
        "json, unicode": json.dumps(secret, ensure_ascii=False)[1:-1],
        "repr": repr(secret)[1:-1],
        "bytes": repr(secret.encode())[2:-1],
        "mistaken for latin-1": secret.encode().decode("latin-1"),
        "start": ENDS[0],
        "end": ENDS[1],
        "hex": secret.encode().hex(),
    }
    found = {name: text.encode() for name, text in texts.items()}
    found["latin-1"] = secret.encode("latin-1")
    for name, text in (("raw", secret), ("start", ENDS[0]), ("end", ENDS[1])):
        found[f"utf-16-le, {name}"] = text.encode("utf-16-le")
        found[f"utf-16-be, {name}"] = text.encode("utf-16-be")
    for name, content in (
        ("secret", secret.encode()),
        ("secret in latin-1", secret.encode("latin-1")),
        ("secret in utf-16", secret.encode("utf-16-le")),
    ):
        found |= {f"base64 of {name}, offset {n}": part for n, part in enumerate(_base64_parts(content))}
    return found


def _base64_parts(content):
    """Return what stays the same of a text in base64 wherever it begins, as in `user:secret`."""
    for offset in range(3):
        written = base64.b64encode(b"\0" * offset + content).rstrip(b"=")
        whole = written[:-1] if (offset + len(content)) % 3 else written
        yield whole[(0, 2, 3)[offset] :][:24]


FORMS = forms()


def leaks(content):
    """Return the names of the forms of the canary that stand in bytes or text."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    variants = (content, content.replace(b"-", b"+").replace(b"_", b"/"))
    return sorted(name for name, form in FORMS.items() if any(form in each for each in variants))


def leaks_below(folder):
    """Return every file and file name under a folder that holds a form of the canary."""
    found = {}
    for path in Path(folder).rglob("*"):
        seen = leaks(str(path.name))
        if path.is_file() and not path.is_symlink():
            seen += leaks(path.read_bytes())
        if seen:
            found[str(path)] = seen
    return found


def process_texts():
    """Return command line and environment of every process that this one has started, and of theirs, by pid.

    Of no others: tests that run beside this one hand passwords to programs as it pleases them.
    """
    found, parents = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name of a program stands in brackets, and may hold anything.
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            found[int(folder.name)] = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue

    def is_ours(pid):
        pid = parents.get(pid)
        return pid == os.getpid() or (pid is not None and is_ours(pid))

    return {pid: texts for pid, texts in found.items() if is_ours(pid)}


TLS_HELLO = b"\x16\x03"
"""How whoever wants to speak TLS begins. It is hung up on, as no empty line will ever end it."""


class Listener:
    """A server on loopback that keeps every byte that arrives. `answer` gets a whole request and returns the reply."""

    def __init__(self, answer):
        self._answer = answer
        self.requests = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self):
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}/"

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            connection.settimeout(WAIT_S)
            try:
                request = _read_request(connection)
                self.requests.append(request)
                if request.startswith(TLS_HELLO):
                    return
                connection.sendall(self._answer(request))
            except OSError:
                return

    @property
    def received(self):
        """Everything that arrived."""
        return b"\n".join(self.requests)

    def close(self):
        """Stop listening, and end the thread that waits for connections: closing alone does not wake it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(WAIT_S)


def _read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data and not data.startswith(TLS_HELLO):
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(status, body, kind="text/html; charset=utf-8", **headers):
    """Write a reply that closes its connection."""
    content = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8") + content


def forward_to(port):
    """Return an answer that passes each request on to a server on loopback, and its reply back."""

    def forward(request):
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as onward:
            onward.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)
            parts = []
            while part := onward.recv(65536):
                parts.append(part)
        return b"".join(parts)

    return forward


def header_of(request, name):
    """Return a header of a request, or an empty text."""
    wanted = name.lower().encode() + b":"
    lines = request.split(b"\r\n\r\n")[0].split(b"\r\n")
    return next(
        (line.split(b":", 1)[1].strip().decode() for line in lines if line.lower().startswith(wanted)), ""
    )


def password_of(request):
    """Return the password that a request signs in with."""
    header = header_of(request, "authorization")
    if not header:
        return ""
    return codecs.decode(base64.b64decode(header.split()[1]), "utf-8").partition(":")[2]
