"""A server answers and records while the read models are rebuilt beside it, and while that is killed."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from urllib.request import Request, urlopen

import orjson
import pytest
import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels.projection import PLACEMENTS
from tests.cli.test_serve import CONSOLE, served
from tests.credentials import BEARER
from tests.http import world as worlds

EVENTS = 4000
"""Several pages, so that there is a middle to be killed in."""
KILLS = 5


class Home:
    """A ledger with a history, on this machine or in PostgreSQL."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.settings = {"SHIPLOG_DATABASE_URL": url} if url else {}
        with worlds.opened(worlds.make(folder, database_url=url)) as world:
            for start in range(0, EVENTS, 1000):
                lines = [self.line(number) for number in range(start, start + 1000)]
                assert world.batch(b"\n".join(lines), mode="each").get_json()["new"] == 1000

    @staticmethod
    def line(number: int) -> bytes:
        """Return declaration *number*, of forty services in turn."""
        declared = {"type": "declared", "service": f"s-{number % 40}", "environment": "prod"}
        moment = f"2026-02-{1 + number // 1440 % 20:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"
        return orjson.dumps({**declared, "label": f"v{number}", "occurred_at": moment})

    def rebuild(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start a rebuild."""
        environment = {"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(self.folder), **self.settings}
        command = [str(CONSOLE), "rebuild", "-o", "json", *options]
        return subprocess.Popen(  # noqa: S603 - our own console script
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def rebuilt(self, *options: str) -> tuple[int, bytes, bytes]:
        """Run a rebuild to its end."""
        process = self.rebuild(*options)
        out, err = process.communicate(timeout=100)
        return process.returncode, out, err

    def content(self) -> dict[str, list[str]]:
        """Return every derived row."""
        database = Database(self.url or f"sqlite:///{self.folder}/ledger.db")
        try:
            with database.snapshot() as connection:
                return {
                    table.name: sorted(map(repr, connection.execute(sa.select(table))))
                    for table in PLACEMENTS.tables
                }
        finally:
            database.close()


class Clients:
    """One that records and one that asks, until they are stopped; neither is ever refused."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.recorded: list[int] = []
        self.asked = 0
        self.wrong: list[str] = []
        self._stopped = threading.Event()
        self._answered = threading.Condition()
        self._threads = [
            threading.Thread(target=self._until_stopped, args=(do,)) for do in (self._record, self._ask)
        ]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def answered(self, more: int) -> None:
        """Return when as many *more* questions have been answered."""
        goal = self.asked + more
        with self._answered:
            assert self._answered.wait_for(lambda: self.asked >= goal or self.wrong, timeout=60)

    def _until_stopped(self, do: object) -> None:
        assert callable(do)
        while not self._stopped.is_set():
            try:
                do()
            except Exception as wrong:
                self.wrong.append(repr(wrong))
                return

    def _send(self, path: str, body: bytes | None = None) -> dict[str, object]:
        headers = {**BEARER, "Content-Type": "application/json"}
        with urlopen(Request(self.server + path, body, headers), timeout=60) as answer:  # noqa: S310 - our own server, on loopback
            document: dict[str, object] = orjson.loads(answer.read())
        return document

    def _record(self) -> None:
        number = len(self.recorded)
        said = {"service": f"fresh-{number}", "environment": "prod", "label": "v1"}
        body = orjson.dumps({**said, "occurred_at": "2026-02-27T12:00:00Z"})
        position = self._send("/v1/declarations", body)["position"]
        assert isinstance(position, int)
        self.recorded.append(position)

    def _ask(self) -> None:
        told = len(self.recorded)
        running = self._send("/v1/environments/prod/state?as_of=2026-02-28T00:00:00Z")["running"]
        assert isinstance(running, list)
        assert 40 + told <= len(running) <= 40 + len(self.recorded) + 1, len(running)
        with self._answered:
            self.asked += 1
            self._answered.notify_all()


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return Home(tmp_path / "home", url)


def test_nobody_notices_a_rebuild(home: Home) -> None:
    with served(home.folder, **home.settings) as (server, _), Clients(server) as clients:
        code, out, err = home.rebuilt()
        assert (code, err) == (0, b"")
        told = orjson.loads(out)
        assert told["equal"] is True
        assert told["events"] > EVENTS
        refused = clients.wrong
    assert refused == []
    assert clients.recorded == sorted(clients.recorded)
    assert clients.asked > 0
    kept = home.content()
    assert orjson.loads(home.rebuilt()[1])["equal"] is True
    assert home.content() == kept


def test_killed_at_any_moment_it_leaves_the_live_tables_whole(home: Home) -> None:
    """Each is given a little longer before kill -9 than the one before; the next starts over."""
    ended = []
    with served(home.folder, **home.settings) as (server, _), Clients(server) as clients:
        for turn in range(KILLS):
            with home.rebuild() as process:
                clients.answered(8 * (turn + 1))
                process.send_signal(signal.SIGKILL)
                process.communicate()
                ended.append(process.returncode)
        code, out, err = home.rebuilt("--check")
        assert (code, orjson.loads(out)["equal"]) == (0, True), err
        refused = clients.wrong
    assert refused == []
    assert -signal.SIGKILL in ended
