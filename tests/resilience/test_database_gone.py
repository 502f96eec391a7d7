"""The database goes away and comes back: refusals meanwhile, and the same service afterwards."""

import http.client
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from sqlalchemy import make_url

from adapters.database import sqlite
from api.settings import Settings
from tests.conftest import required
from tests.credentials import BEARER
from tests.http import world as worlds
from tests.http.world import World
from tests.resilience import audit
from tests.resilience.clusters import Cluster, cluster
from tests.resilience.conftest import opened
from tests.resilience.reporters import reporting
from tests.resilience.serving import served

WRITERS = 6
ENDS = ("fast", "immediate", None)
"""How PostgreSQL is stopped; the last time it is killed."""
SEED = 4
DECLARED = {
    "service": "api",
    "environment": "prod",
    "label": "v1",
    "occurred_at": "2026-03-01T11:00:00Z",
}


@pytest.fixture
def postgres() -> Iterator[Cluster]:
    """A cluster of this test's own."""
    with required(cluster()) as one:
        yield one


def asked(address: str, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Return status and problem of one request."""
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body, headers | BEARER)
        with connection.getresponse() as answer:
            return answer.status, orjson.loads(answer.read()).get("type", "")


@pytest.mark.timeout(600)
def test_postgres_is_stopped_and_started_under_load_and_the_server_goes_on(
    postgres: Cluster, tmp_path: Path
) -> None:
    settings = opened(tmp_path / "home", postgres.url.render_as_string(hide_password=False))
    report = orjson.dumps({**DECLARED, "id": "never"})
    refused = (503, "/problems/ledger-unavailable")
    with served(settings) as server, reporting(WRITERS, server.address, seed=SEED) as reporters:
        for end in ENDS:
            reporters.wait_for(60)
            postgres.stop(end) if end else postgres.kill()
            assert asked(server.address, "GET", "/livez") == (200, "")
            assert asked(server.address, "GET", "/readyz") == refused
            assert asked(server.address, "GET", "/v1/state") == refused
            assert asked(server.address, "POST", "/v1/declarations", report) == refused
            postgres.start()
        reporters.wait_for(60)
        reporters.finish()
        assert asked(server.address, "GET", "/readyz") == (200, "")
        server.stop()
        recorded = audit.check(settings, reporters.acknowledged, told=reporters.told, folder=tmp_path)
    assert reporters.heard["503"] > 0
    assert "never" not in {each.event.report.id for each in recorded if each.event.report}


def told(world: World, id: str) -> int:  # noqa: A002 - the field's own name
    """Report once; return the status."""
    return world.report("declarations", **{**DECLARED, "label": id, "id": id}).status_code


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The service over a SQLite file where something is recorded."""
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        assert told(world, "before") == 201
        yield world


def file_of(world: World) -> Path:
    """Return the SQLite file."""
    return Path(make_url(world.settings.url).database or "")


def ids(settings: Settings) -> list[str | None]:
    """Return the reporters' ids in the order of the ledger, once all else is checked."""
    with audit.audited(settings) as audited:
        audited.check_order()
        return [each.event.report.id for each in audited.recorded if each.event.report]


def test_a_file_that_is_moved_away_is_refused_and_taken_up_again(world: World) -> None:
    file = file_of(world)
    away = file.rename(file.with_suffix(".away"))
    assert told(world, "away") == 503
    assert world.ask("state").status_code == 503
    assert world.client.get("/readyz").status_code != 200
    assert not file.exists(), "an empty database made in its place would take its log away"
    away.rename(file)
    assert world.client.get("/readyz").status_code == 200
    assert [told(world, name) for name in ("before", "away", "after")] == [200, 201, 201]
    assert ids(world.settings) == ["before", "away", "after"]


def test_a_file_that_is_moved_away_during_an_append_is_no_acknowledgement(world: World) -> None:
    file = file_of(world)
    now, away = world.clock, file.with_suffix(".away")

    def taken_away() -> object:
        """Answer what the ledger asks under its lock, when the file is no longer where it was."""
        if file.exists() and world.services.ledger.reported(()) is None:
            file.rename(away)
        return now()

    world.services.ledger._store._now = taken_away  # type: ignore[attr-defined]  # the clock is asked inside an append
    assert told(world, "meanwhile") == 503
    away.rename(file)
    world.services.ledger._store._now = now  # type: ignore[attr-defined]  # as above
    assert told(world, "meanwhile") == 200, "it was committed, and is there once the file is"
    assert ids(world.settings) == ["before", "meanwhile"]


def test_another_file_in_its_place_is_not_written_to(world: World) -> None:
    file = file_of(world)
    with (
        closing(sqlite3.connect(file)) as source,
        closing(sqlite3.connect(file.with_suffix(".copy"))) as copy,
    ):
        source.backup(copy)
    first = file.rename(file.with_suffix(".first"))
    second = file.with_suffix(".copy").rename(file)
    content = second.read_bytes()
    assert told(world, "lost") == 503
    assert second.read_bytes() == content
    second.unlink()
    first.rename(file)
    assert told(world, "after") == 201
    assert ids(world.settings) == ["before", "after"]


def test_a_file_that_someone_locks_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_SECONDS", 0.2)
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        with closing(sqlite3.connect(file_of(world), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert told(world, "locked") == 503
            assert world.ask("state").status_code == 200, "readers do not wait for a writer"
            other.execute("ROLLBACK")
        assert told(world, "locked") == 201
        assert ids(world.settings) == ["locked"]
