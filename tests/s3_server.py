"""An S3 store on this machine: the few verbs that are needed, with every request's signature checked.

Source: Amazon S3 API reference, "Signature Calculations for the Authorization Header" (AWS Signature
Version 4), written a second time here, so that what a client signs is held against somebody else's reading.
"""

import hashlib
import hmac
import os
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

KEY_ID, SECRET, REGION, BUCKET = "AKIDOFTHETESTS", "a/secret+of+the/tests", "eu-test-1", "evidence"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\S+?)/(\d{8})/(\S+?)/s3/aws4_request, "
    r"SignedHeaders=(\S+), Signature=([0-9a-f]{64})"
)


class S3Server(ThreadingHTTPServer):
    """The store: objects by their path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.next: deque[tuple[int, str]] = deque()
        """Status and code of the errors that the next requests are answered with."""
        self.hanging = threading.Event()
        """While it is not set, nobody is answered."""
        self.hanging.set()
        self.unlisted = False
        """Whether what is absent is forbidden, as for those who may not list the bucket."""

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running() -> Iterator[S3Server]:
    """Lend a store with an empty bucket."""
    server = S3Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hanging.set()
        server.shutdown()
        server.server_close()


def sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the key of these tests, and nothing else for such stores, in the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class _Handler(BaseHTTPRequestHandler):
    server: S3Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """An answer is sent whole: in two pieces, the second would wait for the first to be acknowledged."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._taken(body):
            self.server.objects[self.path] = body
            self._answer(200, b"")

    def do_GET(self) -> None:
        if self._taken(b""):
            found = self.server.objects.get(self.path)
            if found is None and self.server.unlisted:
                self._refuse(403, "AccessDenied")
            elif found is None:
                self._refuse(404, "NoSuchKey")
            else:
                self._answer(200, found)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _taken(self, body: bytes) -> bool:
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.hanging.wait()
        if self.server.next:
            self._refuse(*self.server.next.popleft())
        elif not self._signed(body):
            self._refuse(403, "SignatureDoesNotMatch")
        elif not self.path.startswith(f"/{BUCKET}/"):
            self._refuse(404, "NoSuchBucket")
        else:
            return True
        return False

    def _signed(self, body: bytes) -> bool:
        said = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if said is None or (said[1], said[3]) != (KEY_ID, REGION):
            return False
        hashed = hashlib.sha256(body).hexdigest()
        if self.headers["x-amz-content-sha256"] != hashed:
            return False
        names = said[4].split(";")
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names)
        request = "\n".join((self.command, self.path, "", headers, said[4], hashed))
        scope = f"{said[2]}/{REGION}/s3/aws4_request"
        told = hashlib.sha256(request.encode()).hexdigest()
        key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, told))
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), said[5])

    def _refuse(self, status: int, code: str) -> None:
        """Answer as stores do that quote the request (Amazon S3 API reference, "Error responses")."""
        quoted = self.headers.get("Authorization", "")
        self._answer(status, f"<Error><Code>{code}</Code><Quoted>{quoted} {SECRET}</Quoted></Error>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"an-etag"')
        self.send_header("Last-Modified", "Fri, 20 Nov 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
