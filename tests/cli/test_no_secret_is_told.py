"""What a real server and the command line say, on stdout, on stderr and in answers: no secret is in it."""

import subprocess
from http.client import HTTPConnection
from pathlib import Path

import orjson

from api.settings import Settings
from tests.cli.running import Shell
from tests.cli.test_serve import CONSOLE, served
from tests.credentials import TOKEN, token_text

PAYMENT = "hunter2-correct-horse-battery"
IN_CLEAR = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
"""A plain value that looks like a credential, and is refused for that."""
CONFIG = {"service": "payments-api", "environment": "prod", "occurred_at": "2026-03-01T12:00:00Z"}
COMMANDS = (
    ("at", "prod"),
    ("doctor",),
    ("token", "list"),
    ("record", "config", "payments-api@prod", "--secret", f"PAYMENT_TOKEN={PAYMENT}"),
    ("record", "config", "payments-api@prod", "--set", f"GITHUB_TOKEN={IN_CLEAR}"),
)


def test_by_a_server_and_by_its_clients(shiplog: Shell, tmp_path: Path) -> None:
    with served(tmp_path / "home") as (server, process):
        host, _, port = server.removeprefix("http://").rpartition(":")
        wrong = token_text("ForTheseTest", "B")
        told = []
        for token, method, path, body in (
            (TOKEN, "GET", "/v1/ledger", b""),
            (wrong, "GET", "/v1/ledger", b""),
            (TOKEN, "GET", f"/v1/ledger?token={TOKEN}", b""),
            (TOKEN, "POST", "/v1/configs", orjson.dumps({**CONFIG, "entries": {"A": {"secret": PAYMENT}}})),
            (TOKEN, "POST", "/v1/configs", orjson.dumps({**CONFIG, "entries": {"A": {"value": IN_CLEAR}}})),
            (TOKEN, "POST", "/v1/configs", b'{"a":"%s' % PAYMENT.encode()),
            (TOKEN, "POST", "/v1/token", f"subject_token={wrong}".encode()),
            (TOKEN, "GET", f"/{TOKEN}", b""),
            (TOKEN, "GET", "/" + "x" * 5000, b""),
        ):
            connection = HTTPConnection(host, int(port), timeout=30)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request(method, path, body or None, headers)
            told.append(connection.getresponse().read().decode())
            connection.close()
        runs = [
            shiplog(*arguments, SHIPLOG_SERVER=server, SHIPLOG_TOKEN=token)
            for token in (TOKEN, wrong)
            for arguments in COMMANDS
        ]
        runs += [shiplog("at", "prod", SHIPLOG_SERVER=f"http://u:{TOKEN}@{host}:{port}")]
        runs += [shiplog("at", "prod", SHIPLOG_SERVER="http://127.0.0.1:1", SHIPLOG_TOKEN=TOKEN)]
        runs += [shiplog("at", "prod", SHIPLOG_SERVER=server, SHIPLOG_TOKEN=f"{TOKEN}\n")]
        process.terminate()
        assert process.stderr is not None
        told.append(process.stderr.read())
    assert "credential refused" in told[-1]
    everything = [*told, *(text for ran in runs for text in (ran.out, ran.err))]
    # A path that is not served is told to whoever asked for it.
    seen = [text for text in everything if "nothing is served at" not in text]
    assert len(seen) == len(everything) - 1
    for secret in (TOKEN, wrong, PAYMENT, IN_CLEAR):
        assert [text for text in seen if secret in text] == [], secret


def test_a_setting_that_may_hold_a_secret_is_not_repeated(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin", "SHIPLOG_HOME": str(tmp_path / "home")}
    for name, value in (
        ("SHIPLOG_DATABASE_URL", f"mysql://u:{PAYMENT}@h/d"),
        ("SHIPLOG_DATABASE_URL", f"postgresql+psycopg://u:{PAYMENT}@127.0.0.1:1/d"),
        ("SHIPLOG_SERVER", f"https://u:{PAYMENT}@ledger.example"),
        ("SHIPLOG_TOKEN", PAYMENT),
    ):
        ran = subprocess.run(  # noqa: S603 - our own console script
            [CONSOLE, "doctor"], env={**environment, name: value}, check=False, capture_output=True, text=True
        )
        assert PAYMENT not in ran.stdout + ran.stderr, name
    assert PAYMENT not in repr(Settings(home=tmp_path, token=PAYMENT))
