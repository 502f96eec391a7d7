"""The real server in a process of its own: reached over the wire, and stopped without losing a request."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.access.proxies import Proxies
from api.cli import serve
from api.settings import Settings
from tests import credentials
from tests.cli.running import Shell
from tests.credentials import TOKEN

CONSOLE = Path(sys.executable).with_name("shiplog")
READY = "listening on http://"


@contextmanager
def served(home: Path, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Lend the address of `shiplog serve`, and its process; it is gone afterwards. `TOKEN` is let in."""
    credentials.issue_in(Settings(home=home, database_url=settings.get("SHIPLOG_DATABASE_URL", "")))
    environment = {"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(home)}
    environment |= settings
    process = subprocess.Popen(  # noqa: S603 - our own console script
        [CONSOLE, "serve", "--bind", "127.0.0.1:0"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process, process.stderr:
        try:
            said = process.stderr.readline()  # it says so when it is, or ends
            assert said.startswith(READY), said
            yield said.strip().removeprefix("listening on "), process
        finally:
            process.terminate()
            process.wait(timeout=40)


def test_a_pipeline_and_a_person_talk_to_it(shiplog: Shell, tmp_path: Path) -> None:
    with served(tmp_path / "home") as (server, process):
        shiplog.environment = {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": TOKEN}
        recorded = shiplog.done(
            *("record", "build", "payments-api", "--build", "ci/1", "--commit", "9f2c" * 10),
            *("--repository", "https://git.example/pay", "--outcome", "failed", "-o", "json"),
        )
        assert recorded.json["position"] == 3
        who = shiplog.done("who", "payments-api/ci/1", "-o", "json").json["events"][0]
        assert who["actor"] == {"kind": "token", "issuer": "shiplog:account", "subject": "tests"}
        assert shiplog.done("verify", "-o", "json").json["events"] == 3
        declared = {"type": "declared", "service": "a", "environment": "prod", "label": "v1"}
        line = orjson.dumps({**declared, "occurred_at": "2026-03-01T12:00:00Z"})
        shiplog.done("import", "jsonl", "-", stdin=line)
        assert [row[:2] for row in shiplog.done("at", "prod").lines] == [["a", "prod"]]
        assert shiplog.done("doctor", "-o", "json").json["findings"][-1]["check"] == "token"
        shiplog.environment = {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": "another"}
        assert shiplog("at", "prod").code == 4
        assert "fail" in shiplog("doctor").out
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def test_a_request_that_is_being_sent_at_sigterm_is_still_answered(shiplog: Shell, tmp_path: Path) -> None:
    body = orjson.dumps(
        {
            **{"service": "payments-api", "build": "ci/1", "occurred_at": "2026-03-01T12:00:00Z"},
            **{"outcome": "failed", "source": {"repository": "r", "commit": "9f2c" * 10}},
        }
    )
    head = (
        "POST /v1/builds HTTP/1.1\r\nHost: ledger\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n"
    )
    with served(tmp_path / "home") as (server, process):
        host, _, port = server.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 100"), "the request is being handled"
            connection.sendall(body[:10])
            process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.5)
            connection.sendall(body[10:])
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 201 "), answer
        assert b"Server: shiplog\r\n" in answer
        assert process.wait(timeout=40) == 0
    assert shiplog.done("verify", "-o", "json").json["events"] == 3


HALVES = {
    "nothing": b"",
    "half a head": b"GET /livez HTTP/1.1\r\nHost: led",
    "half a body": (
        b"POST /v1/builds HTTP/1.1\r\nHost: ledger\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\nContent-Length: 100\r\n\r\n{"
    ),
    "a body that is not read": (
        b"POST /v1/builds HTTP/1.1\r\nHost: ledger\r\nContent-Length: 100\r\n\r\n{"  # without a token
    ),
}
ASKED = b"GET /livez HTTP/1.1\r\nHost: ledger\r\n\r\n"


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
@pytest.mark.usefixtures("shiplog")
def test_those_who_send_slowly_do_not_keep_others_out(tmp_path: Path, half: bytes) -> None:
    settings = {"SHIPLOG_REQUEST_SECONDS": "1", "SHIPLOG_THREADS": "2"}
    with served(tmp_path / "home", **settings) as (server, process), ExitStack() as stack:
        slow = [stack.enter_context(connected(server)) for _ in range(12)]
        for connection in slow:
            connection.sendall(half)
        with connected(server) as normal:
            normal.sendall(ASKED)
            normal.settimeout(8)  # a second for all of them together
            assert normal.recv(100).startswith(b"HTTP/1.1 200 ")
        for connection in slow:
            said = connection.makefile("rb").read()
            expected = {HALVES["half a body"]: b" 400 ", HALVES["a body that is not read"]: b" 401 "}
            assert expected.get(half, b"") in said[:20], said
            assert bool(said) == (half in expected)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


@pytest.mark.usefixtures("shiplog")
def test_a_large_body_that_waited_for_a_thread_is_still_read(tmp_path: Path) -> None:
    body = b"\n" * (4 << 20)
    head = HALVES["half a body"].replace(b"/v1/builds", b"/v1/reports:batch").replace(b"json", b"jsonl")
    head = head.replace(b"100\r\n\r\n{", b"%d\r\n\r\n" % len(body))
    settings = {"SHIPLOG_REQUEST_SECONDS": "1", "SHIPLOG_THREADS": "1"}
    with served(tmp_path / "home", **settings) as (server, _), ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(connected(server)).sendall(HALVES["half a body"])
        with connected(server) as late:
            late.sendall(head + body)
            said = late.recv(4096)
        assert b"cut short" not in said
        assert said.startswith(b"HTTP/1.1 422 "), said


@pytest.mark.usefixtures("shiplog")
def test_a_request_in_pieces_is_answered_and_the_connection_kept(tmp_path: Path) -> None:
    body = b'{"service": 1}'
    pieces = [HALVES["half a body"][:60], HALVES["half a body"][60:-8], b"%d\r\n\r\n" % len(body), body[:3]]
    with served(tmp_path / "home") as (server, _), connected(server) as connection:
        for piece in (*pieces, body[3:]):
            connection.sendall(piece)
        assert connection.recv(4096).startswith(b"HTTP/1.1 422 ")
        connection.sendall(ASKED + ASKED)
        said = b""
        while said.count(b"HTTP/1.1 200 ") < 2:
            part = connection.recv(4096)
            assert part, said
            said += part


@pytest.mark.usefixtures("shiplog")
def test_connections_without_a_request_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    with served(tmp_path / "home") as (server, process), connected(server), connected(server) as kept:
        kept.sendall(ASKED)
        assert kept.recv(100).startswith(b"HTTP/1.1 200 ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=8) == 0


def connected(server: str) -> socket.socket:
    host, _, port = server.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=30)


@pytest.mark.usefixtures("shiplog")
def test_a_ledger_that_nobody_may_ask_says_how_to_let_somebody_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path / "home")
    serve._check_ledger(settings)
    assert "shiplog token issue" in capsys.readouterr().err
    credentials.issue_in(settings)
    serve._check_ledger(settings)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("shiplog")
def test_nobody_is_let_in_who_has_no_credential(tmp_path: Path) -> None:
    with served(tmp_path / "home", SHIPLOG_TOKEN="what was once enough") as (server, _):  # noqa: S106 - it is not
        for path, headers, code in (
            ("/livez", {}, 200),
            ("/readyz", {}, 200),
            ("/openapi.json", {}, 200),
            ("/problems/unauthenticated", {}, 200),
            ("/v1/ledger", {}, 401),
            ("/v1/ledger", {"Authorization": "Bearer what was once enough"}, 401),
            ("/v1/ledger", credentials.BEARER, 200),
        ):
            host, _, port = server.removeprefix("http://").rpartition(":")
            connection = HTTPConnection(host, int(port), timeout=30)
            connection.request("GET", path, headers=headers)
            assert connection.getresponse().status == code, (path, headers)
            connection.close()


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        ((), {}, 3),
        (("--bind", "8642"), {}, 2),
        (("--bind", "127.0.0.1:99999"), {}, 2),
        ((), {"SHIPLOG_SERVER": "https://ledger.example"}, 2),
    ],
)
def test_it_does_not_start(
    nowhere: Shell, arguments: tuple[str, ...], environment: dict[str, str], code: int
) -> None:
    nowhere.environment = environment
    assert nowhere("serve", *arguments).code == code


def test_the_environment_does_not_reach_past_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    # It has no types, and reads the environment when it is imported.
    from gunicorn.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    behind = Settings(home=Path(), proxies=Proxies.parse("10.0.0.0/8, fd00::/8"))
    config = Config()
    for name, value in serve.options(Settings(home=Path())).items():
        config.set(name, value)
    assert config.forwarded_allow_ips == []
    config.set("forwarded_allow_ips", serve.options(behind)["forwarded_allow_ips"])
    assert config.forwarded_allow_ips == ["10.0.0.0/8", "fd00::/8"]
    assert config.control_socket_disable
    assert config.address == [("127.0.0.1", 8642)]
    assert config.worker_class.body_seconds == 30


@pytest.mark.parametrize("seconds", ["0", "301", "1.5", "-1", "ten"])
def test_the_wait_for_a_request_has_bounds(nowhere: Shell, seconds: str) -> None:
    ran = nowhere("serve", SHIPLOG_REQUEST_SECONDS=seconds)
    assert ran.code == 2
    assert "expected 1 to 300" in ran.err


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (Settings(home=Path()), 1),
        (Settings(home=Path(), workers=3), 3),
        (Settings(home=Path(), database_url="postgresql+psycopg://x/y"), os.cpu_count()),
    ],
)
def test_how_many_processes_serve(settings: Settings, count: int) -> None:
    assert serve.workers(settings) == count


def test_what_psycopg_gave_up_behind_a_refusal_is_not_on_stderr(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # noqa: PLC0415 - no types

    monkeypatch.setattr(BaseApplication, "run", lambda _: None)
    psycopg = logging.getLogger("psycopg")
    before = psycopg.level
    try:
        serve._run(Settings(home=tmp_path))
        assert not psycopg.isEnabledFor(logging.WARNING)
        assert psycopg.isEnabledFor(logging.ERROR)
    finally:
        psycopg.setLevel(before)


def test_its_limits_are_those_of_the_settings(shiplog: Shell, tmp_path: Path) -> None:
    with served(tmp_path / "home", SHIPLOG_RATE_ADDRESS="1", SHIPLOG_RATE_CREDENTIAL="50") as (server, _):
        host, _, port = server.removeprefix("http://").rpartition(":")
        connection = HTTPConnection(host, int(port), timeout=30)

        def codes(path: str, headers: dict[str, str]) -> list[int]:
            found = []
            for _ in range(30):
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                found.append(answer.status)
            return found

        assert set(codes("/v1/ledger", credentials.BEARER)) == {200}
        assert set(codes("/livez", {})) == {200, 429}
        assert set(codes("/v1/ledger", credentials.BEARER)) == {200}
        connection.close()
        shiplog.environment = {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": TOKEN}
        assert shiplog.done("token", "list").lines[0][0] == "ForTheseTest"
        used = shiplog.done("token", "list", "-o", "json").json["tokens"][0]
        assert used["last_used_from"] == "127.0.0.0/24"


@pytest.mark.parametrize("name", ["SHIPLOG_RATE_CREDENTIAL", "SHIPLOG_RATE_ADDRESS"])
@pytest.mark.parametrize("rate", ["0", "-1", "1.5", "many", "1000001"])
def test_limits_have_bounds(nowhere: Shell, name: str, rate: str) -> None:
    given: dict[str, Any] = {name: rate}
    ran = nowhere("serve", **given)
    assert ran.code == 2
    assert "expected 1 to 1000000" in ran.err
