"""The real server in a process of its own: reached over the wire, and stopped without losing a request."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from api.cli import serve
from api.settings import Settings
from tests.cli.running import Shell

TOKEN = "a token for tests"  # noqa: S105 - lets in to a server of these tests only
CONSOLE = Path(sys.executable).with_name("shiplog")
READY = "listening on http://"


@contextmanager
def served(home: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Lend the address of `shiplog serve`, and its process; it is gone afterwards."""
    environment = {"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(home), "SHIPLOG_TOKEN": TOKEN}
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
        assert recorded.json["position"] == 2
        who = shiplog.done("who", "payments-api/ci/1", "-o", "json").json["events"][0]
        assert who["actor"]["kind"] == "token"
        assert shiplog.done("verify", "-o", "json").json["events"] == 2
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
    assert shiplog.done("verify", "-o", "json").json["events"] == 2


def test_without_a_token_it_stays_on_this_machine(shiplog: Shell) -> None:
    ran = shiplog("serve", "--bind", "0.0.0.0:0")
    assert ran.code == 2
    assert "SHIPLOG_TOKEN is not set" in ran.err


@pytest.mark.parametrize("bind", ["localhost:1", "127.0.0.1:0", "127.9.9.9:1", "[::1]:1"])
def test_loopback_without_a_token_is_a_warning(bind: str, capsys: pytest.CaptureFixture[str]) -> None:
    serve.check_reach(Settings(home=Path(), bind=bind))
    assert "anyone on this machine" in capsys.readouterr().err


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
    config = Config()
    for name, value in serve.options(Settings(home=Path())).items():
        config.set(name, value)
    assert config.forwarded_allow_ips == ["127.0.0.1", "::1"]
    assert config.control_socket_disable
    assert config.address == [("127.0.0.1", 8642)]


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
