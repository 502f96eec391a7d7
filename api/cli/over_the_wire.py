"""The HTTP API of a server, by the standard library alone.

TLS is verified against the system's roots, redirections are refused (a token
must not follow them), and time and size are bounded. Proxies are taken from the
environment, as curl does, except for a server on this machine.
"""

import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import click

from api.cli import exits
from api.cli.client import Answer, NoAnswer
from api.cli.exits import Failure

TIMEOUT_SECONDS = 60
"""For connecting and for each wait for bytes; a batch of 8 MB is recorded well within it."""
ANSWER_BYTES_MAX = 64 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OverTheWire:
    """Implements `api.cli.client.Transport` on a server."""

    def __init__(self, server: str, token: str) -> None:
        """Talk to *server*, the URL that `/v1` is under; nothing is sent yet."""
        place = urlsplit(server)
        try:
            host = place.hostname
            _ = place.port
        except ValueError as wrong:
            raise Failure(exits.USAGE, f"SHIPLOG_SERVER is {server!r}: {wrong}") from wrong
        if not host or place.query or place.fragment or place.username or place.password:
            raise Failure(
                exits.USAGE,
                "SHIPLOG_SERVER is expected to be http(s)://HOST[:PORT][/PATH], without user or query",
            )
        if token and place.scheme == "http" and host not in LOOPBACK:
            click.echo(f"warning: SHIPLOG_TOKEN goes to {host} unencrypted; use https", err=True)
        self._base = server.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        proxies = urllib.request.ProxyHandler({} if host in LOOPBACK else None)
        self._opener = urllib.request.build_opener(proxies, _NoRedirection())

    def send(self, method: str, target: str, body: bytes | None, media: str) -> Answer:
        """See `Transport`."""
        headers = {**self._headers, "Accept": "application/json", "User-Agent": "shiplog"}
        if body is not None:
            headers["Content-Type"] = media
        request = urllib.request.Request(  # noqa: S310 - settings let http and https through, nothing else
            self._base + target, data=body, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Answer(answer.status, _bounded(answer))
        except HTTPError as refused:
            with refused:
                return Answer(refused.code, _bounded(refused))
        except (URLError, HTTPException, OSError) as failure:
            reason = failure.reason if isinstance(failure, URLError) else failure
            raise NoAnswer(f"{self._base} does not answer: {reason}") from failure

    def close(self) -> None:
        """See `Transport`."""
        self._opener.close()


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Refuses to go elsewhere."""

    def redirect_request(  # noqa: PLR0917 - the library's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],  # noqa: ARG002 - the library's signature
        code: int,
        msg: str,  # noqa: ARG002 - the library's signature
        headers: HTTPMessage,  # noqa: ARG002 - the library's signature
        newurl: str,
    ) -> None:
        """Raise; where it points to is shown, so that the setting can be corrected."""
        raise Failure(
            exits.UNAVAILABLE,
            f"{req.host} answers {code} and points to {newurl}; is the ledger there? Then set SHIPLOG_SERVER",
        )


def _bounded(answer: IO[bytes]) -> bytes:
    content = answer.read(ANSWER_BYTES_MAX + 1)
    if len(content) > ANSWER_BYTES_MAX:
        raise Failure(exits.UNEXPECTED, f"the answer is larger than {ANSWER_BYTES_MAX} bytes; ask for less")
    return content
