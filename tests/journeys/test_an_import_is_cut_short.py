"""Four years of history are taken in, and something dies on the way: every line is there once in the end."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import pytest

from api.cli import client, clock
from api.settings import Settings
from tests import credentials
from tests.builders import NOON, Clock
from tests.cli.running import Shell
from tests.cli.test_serve import CONSOLE, READY, served
from tests.credentials import TOKEN
from tests.http import world as worlds

LINES = 5000
BATCH = 1000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return worlds.make(tmp_path / "home").home


@pytest.fixture
def history(tmp_path: Path) -> Path:
    file = tmp_path / "history.jsonl"
    source = {"repository": "https://git.example/pay", "commit": "9f2c" * 10}
    told = {"type": "build", "service": "pay", "outcome": "failed", "source": source}
    line = told | {"occurred_at": "2026-02-01T12:00:00Z"}
    file.write_bytes(b"".join(orjson.dumps(line | {"build": f"ci/{n}"}) + b"\n" for n in range(LINES)))
    return file


@pytest.fixture
def shiplog(monkeypatch: pytest.MonkeyPatch, home: Path) -> Shell:
    ticking = Clock(NOON)
    monkeypatch.setattr(clock, "now", ticking)
    return Shell(ticking, monkeypatch, {"SHIPLOG_HOME": str(home)})


def test_the_importer_is_killed_and_run_again(shiplog: Shell, home: Path, history: Path) -> None:
    state = history.with_suffix(".state")
    command = ["import", "jsonl", str(history), "--resume", str(state), "--results", "-"]
    with served(home) as (server, _):
        shiplog.environment |= {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": TOKEN}
        environment = {"PATH": os.environ["PATH"], **shiplog.environment}
        importer = subprocess.Popen([CONSOLE, *command], env=environment, stdout=subprocess.PIPE)  # noqa: S603 - our own
        with importer:
            assert importer.stdout is not None
            told = [importer.stdout.readline() for _ in range(2 * BATCH)]  # it waits for us to read on
            importer.kill()
        assert importer.returncode == -signal.SIGKILL
        done = orjson.loads(state.read_bytes())["lines"]
        assert BATCH <= done < LINES
        again = shiplog.done(*command).out.splitlines()
        assert len(told) == 2 * BATCH
        assert [orjson.loads(line)["line"] for line in again] == list(range(done + 1, LINES + 1))
        outcomes = [orjson.loads(line)["outcome"] for line in again]
        assert outcomes == ["existing"] * outcomes.count("existing") + ["new"] * outcomes.count("new")
        assert outcomes.count("existing") in (0, BATCH)
        assert shiplog.done("verify", "-o", "json").json["events"] == 2 + LINES


def test_the_server_is_killed_and_comes_back(
    shiplog: Shell, home: Path, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    with ExitStack() as stack:
        server, process = stack.enter_context(_in_a_group(home, "127.0.0.1:0"))
        shiplog.environment |= {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": TOKEN}
        real = client.Client.post
        answered: list[bytes] = []

        def post(self: client.Client, target: str, body: bytes, media: str) -> bytes:
            if len(answered) == 2 and not waited:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            answered.append(real(self, target, body, media))
            return answered[-1]

        def pause(seconds: float) -> None:
            if not waited:
                stack.enter_context(_in_a_group(home, server.removeprefix("http://")))
            waited.append(seconds)

        monkeypatch.setattr(client.Client, "post", post)
        monkeypatch.setattr(clock, "pause", pause)
        ran = shiplog.done("import", "jsonl", str(history), "-o", "json")
        assert ran.json == {"new": LINES, "existing": 0, "refused": 0}
        assert "does not answer" in ran.err
        assert len(waited) == 1
        assert shiplog.done("verify", "-o", "json").json["events"] == 2 + LINES


@contextmanager
def _in_a_group(home: Path, bind: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Lend a server whose processes can be killed together."""
    credentials.issue_in(Settings(home=home))
    environment = {"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(home)}
    process = subprocess.Popen(  # noqa: S603 - our own console script
        [CONSOLE, "serve", "--bind", bind],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    with process, process.stderr:
        try:
            said = process.stderr.readline()
            assert said.startswith(READY), said
            yield said.strip().removeprefix("listening on "), process
        finally:
            process.terminate()
            process.wait(timeout=40)
