"""The disk is full: whoever reports is refused, whoever asks is answered, and space is all it takes to go on.

For SQLite only. To fill the disk under a PostgreSQL takes a small file system of its own, and so a right to
mount; a server that panics for want of space is a server that is killed, which is tested.
"""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from adapters.ledger.sql_recorder import SqlRecorder
from tests.http import world as worlds
from tests.http.world import World
from tests.resilience import audit
from tests.resilience.conftest import opened
from tests.resilience.reporters import reporting
from tests.resilience.serving import Served, served

WRITERS = 6
SEED = 5
ROOM_BYTES = 20_000
"""For a report or two."""
FULL_ROUNDS = 4
REPORTS_MAX = 200
DECLARED = {"service": "api", "environment": "prod", "label": "v1"}


def limit(server: Served, size_bytes_max: int) -> None:
    """Let no file of the server grow beyond *size_bytes_max*."""
    _, hard = resource.prlimit(server.worker, resource.RLIMIT_FSIZE)
    resource.prlimit(server.worker, resource.RLIMIT_FSIZE, (size_bytes_max, hard))


@pytest.mark.timeout(600)
def test_a_server_out_of_space_refuses_and_goes_on_when_there_is_some(tmp_path: Path) -> None:
    settings = opened(tmp_path / "home")
    file = Path(make_url(settings.url).database or "")
    log = file.with_name(f"{file.name}-wal")
    with served(settings) as server, reporting(WRITERS, server.address, seed=SEED) as reporters:
        for _ in range(FULL_ROUNDS):
            reporters.wait_for(40)
            limit(server, max(log.stat().st_size, file.stat().st_size) + ROOM_BYTES)
            reporters.wait_for_refusals(WRITERS)
            limit(server, resource.RLIM_INFINITY)
        reporters.wait_for(40)
        reporters.finish()
        server.stop()
        audit.check(settings, reporters.acknowledged, told=reporters.told, folder=tmp_path)
    assert set(reporters.heard) <= {"200", "201", "503"}, "refused, and no connection was lost for it"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        yield world


def test_a_full_database_takes_nothing_in_and_answers_as_before(world: World, tmp_path: Path) -> None:
    pages_max = [0]
    recorder = world.services.ledger._given_recorder  # type: ignore[attr-defined]  # the disk is behind it
    assert isinstance(recorder, SqlRecorder)

    def bound(connection: sa.Connection) -> None:
        """Let the file have so many pages; less than it has is as many as it has."""
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages_max[0] or 2**30}")

    sa.event.listen(recorder.database.engine, "begin", bound)
    acknowledged = {}
    pages_max[0] = 1
    for number in range(REPORTS_MAX):
        answer = world.report("declarations", **DECLARED, id=f"run-{number}")
        if answer.status_code == 503:
            break
        acknowledged[f"run-{number}"] = answer.get_json()["position"]
    assert answer.status_code == 503
    assert "full" in answer.get_json()["detail"]
    assert world.answer("state")["ledger"]["position"] == 1 + len(acknowledged)
    pages_max[0] = 0
    again = world.report("declarations", **DECLARED, id=f"run-{number}")
    assert again.status_code == 201
    acknowledged[f"run-{number}"] = again.get_json()["position"]
    assert sorted(acknowledged.values()) == list(range(2, len(acknowledged) + 2))
    audit.check(world.settings, acknowledged, told=set(acknowledged), folder=tmp_path)
