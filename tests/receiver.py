"""Somebody who is told: a real HTTP server on loopback that answers as a test wants, and verifies.

The verification is of its own: written from the specification (Standard Webhooks 1.0.0, "Verifying
signatures"), on another implementation of Ed25519, with nothing of ours but the public key that it was given.
"""

import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from securesystemslib._vendor.ed25519 import ed25519

_ed25519: Any = ed25519  # the reference implementation of its authors, in plain Python, without types


@dataclass(frozen=True)
class Told:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body))

    @property
    def position(self) -> int:
        return int(self.said["data"]["position"])

    def verified_by(self, public_key: str, at: int | None = None) -> bool:
        """Whether one of the signatures is by that key, and not older than five minutes *at*."""
        assert public_key.startswith("whpk_")
        key = b64decode(public_key.removeprefix("whpk_"), validate=True)
        seconds = self.headers["webhook-timestamp"]
        signed = b".".join((self.id.encode(), seconds.encode(), self.body))
        fresh = at is None or abs(at - int(seconds)) <= 300
        return fresh and any(
            _is_by(key, each, signed) for each in self.headers["webhook-signature"].split(" ")
        )


def _is_by(key: bytes, signature: str, signed: bytes) -> bool:
    version, _, text = signature.partition(",")
    if version != "v1a":
        return False
    try:
        _ed25519.checkvalid(b64decode(text, validate=True), signed, key)
    except _ed25519.SignatureMismatch:
        return False
    return True


@dataclass
class Answer:
    """How a request is answered."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    raw: bytes | None = None
    """Instead of all that: the bytes that are sent."""
    drips: bool = False
    """Behind that, one more byte now and then, for as long as somebody listens."""
    wait: threading.Event | None = None
    """Before it is answered, this happens."""


@dataclass
class Receiver:
    """Whoever is told."""

    url: str = ""
    port: int = 0
    told: list[Told] = field(default_factory=list)
    answer: Callable[[Told], Answer] = field(default=lambda _: Answer())
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released when a request has come, before it is answered."""

    @property
    def positions(self) -> list[int]:
        """Of the events it was told of, in that order."""
        return [each.position for each in self.told]

    def wait_for(self, count: int) -> None:
        """Return when *count* more requests have come."""
        for _ in range(count):
            assert self.came.acquire(timeout=60), f"only {len(self.told)} came"


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Lend a receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = Told(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.told.append(told)
            answer = receiver.answer(told)
            receiver.came.release()
            if answer.wait is not None:
                answer.wait.wait(60)
            self.close_connection = True
            if answer.raw is not None:
                self.wfile.write(answer.raw)
                while answer.drips:  # the connection breaks when nobody listens any more
                    threading.Event().wait(0.01)
                    self.wfile.write(b"a")
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Whoever was told may leave at any time."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_port
    receiver.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{receiver.port}/hook"
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
