"""What is no request of HTTP, and what of it is told: its kind, and nothing that was in it."""

import shutil
import socket
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.cli import early
from api.replies import SECURITY
from tests.cli.test_serve import served
from tests.credentials import TOKEN

SECRET = TOKEN.encode()
HOST = b"Host: ledger\r\n"
CHUNKED = (
    b"POST /v1/token HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n"
)
NO_REQUESTS = {
    "a field without a colon": (b"GET /livez HTTP/1.1\r\n" + HOST + b"Authorization Bearer " + SECRET, 400),
    "no line": (SECRET, 400),
    "a method of its own": (b"shl_" + SECRET + b" /livez HTTP/1.1\r\n" + HOST, 400),
    "another protocol": (b"GET /login/local?code=" + SECRET + b" SPDY/3\r\n" + HOST, 400),
    "too long a line": (b"GET /" + SECRET * 80 + b" HTTP/1.1\r\n" + HOST, 413),
    "too many fields": (
        b"GET /livez HTTP/1.1\r\n" + b"".join(b"a%d: %s\r\n" % (n, SECRET) for n in range(65)),
        413,
    ),
    "too long a field": (b"GET /livez HTTP/1.1\r\nAuthorization: Bearer " + SECRET * 130, 413),
    "two lengths": (CHUNKED + b"Content-Length: 3\r\n", 400),
    "two hosts": (b"GET /livez HTTP/1.1\r\n" + HOST + HOST, 400),
    "a folded field": (b"GET /livez HTTP/1.1\r\n" + HOST + b"Authorization: Bearer\r\n " + SECRET, 400),
}


@pytest.fixture(scope="module")
def answers(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a server answers to each, and under `log` what it says on stderr."""
    home = tmp_path_factory.mktemp("early") / "home"
    shutil.copytree(empty_home, home)
    told = {}
    with served(home) as (server, process):
        host, _, port = server.removeprefix("http://").rpartition(":")
        for name, (sent, _) in NO_REQUESTS.items():
            told[name] = exchanged(host, int(port), sent + b"\r\n\r\n")
        told["bad chunk"] = exchanged(host, int(port), CHUNKED + b"\r\nzz\r\n" + SECRET + b"\r\n0\r\n\r\n")
        process.terminate()
        assert process.stderr is not None
        told["log"] = process.stderr.read().encode()
    return told


def exchanged(host: str, port: int, sent: bytes) -> bytes:
    """Send it, and return all that comes back until the connection is closed."""
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_it_is_refused_as_a_problem_and_the_connection_is_closed(
    answers: dict[str, bytes], name: str
) -> None:
    head, _, body = answers[name].partition(b"\r\n\r\n")
    problem: dict[str, Any] = orjson.loads(body)
    status = NO_REQUESTS[name][1]
    assert problem["status"] == status
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    lines = head.decode().split("\r\n")
    for field in SECURITY.items():
        assert ": ".join(field) in lines
    assert "Connection: close" in lines


def test_chunks_that_are_not_what_they_say_are_the_clients_fault(answers: dict[str, bytes]) -> None:
    head, _, body = answers["bad chunk"].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert orjson.loads(body)["type"] == "/problems/malformed-request"


def test_nothing_of_it_is_repeated_to_anybody(answers: dict[str, bytes]) -> None:
    assert answers["log"].count(b"was no request") == len(NO_REQUESTS)
    for told in answers.values():
        assert SECRET not in told
        assert b"Traceback" not in told


def test_what_is_our_fault_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    refusal = early.refusal_of(RuntimeError("the password is hunter2"), "192.0.2.7")
    told = early.answer(refusal)
    assert told.startswith(b"HTTP/1.1 500 ")
    assert b"hunter2" not in told
    assert "hunter2" in caplog.text
    assert str(refusal).removeprefix("logged as ") in caplog.text
