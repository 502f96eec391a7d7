"""The HTTP API mounted in this process: WSGI (PEP 3333) without a socket."""

import logging
import sys
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import click

from api import wiring
from api.access.embedded import operating
from api.app import create_app
from api.cli import clock
from api.cli.client import Answer
from api.settings import Settings

_ENVIRON: dict[str, Any] = {
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


class InProcess:
    """Implements `api.cli.client.Transport` on the ledger of this machine."""

    def __init__(self, settings: Settings) -> None:
        """Open the ledger; raises what `api.wiring.wire` raises."""
        _log_to_stderr()
        self._services = wiring.wire(settings, now=clock.now)
        self._app = create_app(self._services, operating(wiring.OPERATOR))

    def send(self, method: str, target: str, body: bytes | None, media: str) -> Answer:
        """See `Transport`."""
        path, _, query = target.partition("?")
        content = body or b""
        environ = {
            **_ENVIRON,
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),  # PEP 3333, "Unicode Issues"
            "QUERY_STRING": query,
            "HTTP_HOST": "localhost",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": BytesIO(content),
            "wsgi.errors": sys.stderr,
        }
        if body is not None:
            environ["CONTENT_TYPE"] = media
        started: list[str] = []

        def start_response(status: str, _headers: object, _exc_info: object = None) -> Any:
            started.append(status)

        chunks: Iterable[bytes] = self._app(environ, start_response)
        try:
            answer = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        return Answer(int(started[-1].split(" ", 1)[0]), answer)

    def close(self) -> None:
        """See `Transport`."""
        self._services.close()


class _Bugs(logging.Handler):
    """Shows what failed unexpectedly; a refusal is told by the command itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record* to what is stderr now, if a bug was met."""
        if record.exc_info:
            click.echo(self.format(record), err=True)


def _log_to_stderr() -> None:
    ours = logging.getLogger("api")
    if not any(isinstance(handler, _Bugs) for handler in ours.handlers):
        ours.addHandler(_Bugs())
