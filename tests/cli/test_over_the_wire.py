"""Talking to whatever answers at SHIPLOG_SERVER: nothing it says leads the client astray."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from api.cli import over_the_wire
from api.cli.over_the_wire import OverTheWire
from tests.cli.running import Shell

TOKEN = "hunter2"  # noqa: S105 - lets in nowhere


@contextmanager
def answering(
    status: int, body: bytes = b"", **headers: str
) -> Iterator[tuple[str, list[BaseHTTPRequestHandler]]]:
    """Lend the address of a server that always answers the same, and the requests it saw."""
    seen: list[BaseHTTPRequestHandler] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (200, b"<html>", 1, "not JSON"),
        (200, b"[]", 1, "not a JSON object"),
        (
            401,
            b'{"type":"/problems/unauthenticated","title":"t","status":401,"detail":"no"}',
            4,
            "no (unauthenticated)",
        ),
        (403, b"{}", 4, "status 403"),
        (404, b"<html>not here</html>", 3, "status 404"),
        (
            500,
            b'{"type":"/problems/broken-ledger","title":"t","status":500,"detail":"bad"}',
            12,
            "broken-ledger",
        ),
        (502, b"", 69, "status 502"),
        (503, b'{"type":"/problems/ledger-unavailable","title":"t","status":503}', 69, "ledger-unavailable"),
        (503, b'{"type":"/problems/not-a-ledger","title":"t","status":503}', 3, "not-a-ledger"),
        (429, b"", 69, "status 429"),
    ],
)
def test_what_comes_back_decides_the_exit_code(
    nowhere: Shell, status: int, body: bytes, code: int, said: str
) -> None:
    with answering(status, body) as (server, _):
        ran = nowhere("at", "prod", SHIPLOG_SERVER=server)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_redirection_is_not_followed(nowhere: Shell) -> None:
    with answering(200, b"{}") as (elsewhere, seen), answering(307, Location=elsewhere) as (server, _):
        ran = nowhere("at", "prod", SHIPLOG_SERVER=server, SHIPLOG_TOKEN=TOKEN)
    assert ran.code == 69
    assert f"points to {elsewhere}" in ran.err
    assert seen == []


def test_an_answer_without_end_is_cut_off(nowhere: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_the_wire, "ANSWER_BYTES_MAX", 10)
    with answering(200, b"x" * 11) as (server, _):
        ran = nowhere("at", "prod", SHIPLOG_SERVER=server)
    assert ran.code == 1
    assert "larger than 10 bytes" in ran.err


def test_the_token_goes_in_the_header_and_the_path_below_the_base(nowhere: Shell) -> None:
    with answering(404) as (server, seen):
        nowhere("at", "prod", SHIPLOG_SERVER=f"{server}/base/", SHIPLOG_TOKEN=TOKEN)
    assert seen[0].path == "/base/v1/environments/prod/state"
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_nobody_answers(nowhere: Shell) -> None:
    ran = nowhere("at", "prod", SHIPLOG_SERVER="http://127.0.0.1:9")
    assert ran.code == 69
    assert "does not answer" in ran.err


@pytest.mark.parametrize(
    "server",
    ["ftp://ledger.example", "https://", "https://me:pw@ledger.example", "https://x/?a=b", "http://x:99999"],
)
def test_an_address_that_cannot_be_meant(nowhere: Shell, server: str) -> None:
    assert nowhere("at", "prod", SHIPLOG_SERVER=server).code == 2


@pytest.mark.parametrize(
    ("server", "warned"),
    [
        ("http://ledger.example", True),
        ("https://ledger.example", False),
        ("http://127.0.0.1:8642", False),
        ("http://localhost:8642", False),
    ],
)
def test_a_token_in_clear_is_warned_about(
    server: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    OverTheWire(server, TOKEN).close()
    assert ("unencrypted" in capsys.readouterr().err) is warned
