"""How a copy gets into a SQLite file beside appends: durable with the next of them, and never instead."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database import sqlite
from adapters.database.database import Database
from adapters.readmodels import turns
from adapters.readmodels.turns import Turns
from domain.errors import BrokenLedger
from tests.contracts.opened import Opened

ROWS = 500


@pytest.fixture
def database(opened: Opened, tmp_path: Path) -> Database:
    kept = opened(f"sqlite:///{tmp_path}/ledger.db")
    with kept.appending() as connection:
        connection.exec_driver_sql("CREATE TABLE copied (content TEXT)")
    return kept


def put(connection: sa.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO copied VALUES (?)", [("x" * 1000,)] * ROWS)


def put_and_fail(connection: sa.Connection) -> None:
    put(connection)
    connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")


def settings(connection: sa.Connection) -> tuple[int, int]:
    found = [
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("synchronous", "wal_autocheckpoint")
    ]
    return found[0], found[1]


def test_only_while_it_fills_is_a_commit_not_waited_for(database: Database) -> None:
    with database.filling() as connection:
        assert settings(connection) == (1, 0)
        put(connection)
    for lend in (database.appending, database.reading):
        with lend() as connection:
            assert settings(connection) == (2, sqlite.LOG_PAGES)
            assert connection.exec_driver_sql("SELECT count(*) FROM copied").scalar_one() == ROWS


def test_what_fails_is_undone_and_its_connection_not_used_again(database: Database) -> None:
    with pytest.raises(BrokenLedger, match="nowhere"), database.filling() as connection:
        put_and_fail(connection)
    for _ in range(3):
        with database.appending() as connection:
            assert settings(connection) == (2, sqlite.LOG_PAGES)
            assert connection.exec_driver_sql("SELECT count(*) FROM copied").scalar_one() == 0


def test_the_log_goes_into_the_file_now_and_then(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the append after which the log is long would do it."""
    monkeypatch.setattr(turns, "PAUSE_SHARE", 0.0)
    file = tmp_path / "ledger.db"
    before, sizes = file.stat().st_size, []
    taking = Turns(database)
    for _ in range(turns.CHECKPOINT_TURNS):
        with taking.one() as connection:
            put(connection)
        sizes.append(file.stat().st_size)
    assert set(sizes[:-1]) == {before}
    assert sizes[-1] >= turns.CHECKPOINT_TURNS * ROWS * 1000
