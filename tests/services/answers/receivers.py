"""Receivers of answers over real sockets: a webhook, and the approval operation of a Privilege Manager server."""

import base64
import hashlib
import hmac
import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Takes answers. `behave(number)` says for each call what happens: a status, or one of the words below.

    "drop-before" ends the connection before the answer is taken, "drop-after" after it was taken.
    """

    def __init__(self, behave=lambda _number: 200, headers=None, port=0):
        self.calls, self.taken = [], []
        self.behave, self.headers = behave, headers or {}
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length)
                if len(body) == length:  # else the caller ended in the middle of its message
                    receiver._post(self, body)

            def do_GET(self):
                receiver._get(self)

            def log_message(self, *_args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_args):
                """A caller that is killed in the middle is what these tests are about."""

        self._server = Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/answers"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def key_of(self, _headers, body):
        """Return what an answer is recognised by."""
        return json.loads(body)["subject"]

    def _post(self, handler, body):
        with self._lock:
            number = len(self.calls)
            self.calls.append((dict(handler.headers), body))
            what = self.behave(number)
            if what == "drop-after" or (isinstance(what, int) and what < 300):
                self.taken.append(self.key_of(handler.headers, body))
        if isinstance(what, str):
            handler.close_connection = True
            return
        self._reply(handler, what, b"{}")

    def _get(self, handler):
        self._reply(handler, 404, b"{}")

    def _reply(self, handler, status, text):
        handler.send_response(status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)


class StateReceiver(Receiver):
    """An approval operation with the state of each request: `GET /answers/ID`."""

    def key_of(self, _headers, body):
        return json.loads(body)["approvalId"]

    def _get(self, handler):
        key = handler.path.rpartition("/")[2]
        with self._lock:
            answered = key in self.taken
        self._reply(handler, 200, json.dumps({"answered": answered}).encode())


def refusals(seed, share=0.5):
    """Return a behaviour with refusals and dropped connections, before and after the answer is taken."""
    chance = random.Random(seed)
    return lambda _number: (
        chance.choice([503, 429, 500, "drop-before", "drop-after"]) if chance.random() < share else 200
    )


def is_signed(secret, headers, body):
    """Check a message as a receiver does, by the words of Standard Webhooks."""
    lower = {name.lower(): value for name, value in headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{lower['webhook-id']}.{lower['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(wanted, lower["webhook-signature"])
