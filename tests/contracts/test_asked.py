"""A question handed to the driver: the same rows as SQLAlchemy gives, and the same refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.database.asked import Asked
from adapters.database.database import Database
from adapters.database.metadata import BIGINT
from domain.errors import BrokenLedger, LedgerUnavailable

THING = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("number", BIGINT, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("state", sa.LargeBinary),
)
FROM = sa.bindparam("from", type_=BIGINT)
QUESTIONS: dict[str, tuple[sa.Select[Any], dict[str, Any]]] = {
    "all": (sa.select(THING).order_by(THING.c.number), {}),
    "one parameter": (sa.select(THING).where(THING.c.number == FROM), {"from": 2}),
    "one twice": (sa.select(THING.c.name).where(THING.c.number >= FROM, FROM > 1), {"from": 2}),
    "a constant": (sa.select(THING.c.number, sa.literal("100 %")).where(THING.c.name == "späť"), {}),
    "a limit": (sa.select(THING.c.state).order_by(THING.c.number.desc()).limit(1), {}),
    "none": (sa.select(THING).where(THING.c.number < FROM), {"from": 1}),
}


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Lend a database with three things."""
    match request.param:
        case "sqlite":
            url = f"sqlite:///{tmp_path / 'ledger.db'}"
        case "memory":
            url = "sqlite:///:memory:"
        case _:
            url = request.getfixturevalue("postgres_url")
    made = Database(url, pool_connections=1)
    with made.appending() as connection:
        THING.create(connection)
        things = [(1, None, b""), (2, "späť", bytes(range(256))), (2**62, "100 %", None)]
        connection.execute(THING.insert(), [dict(zip(THING.c.keys(), each, strict=True)) for each in things])
    yield made
    made.close()


@pytest.mark.parametrize(("statement", "given"), QUESTIONS.values(), ids=QUESTIONS)
def test_the_rows_are_those_of_sqlalchemy(
    database: Database, statement: sa.Select[Any], given: dict[str, Any]
) -> None:
    question = Asked(statement)
    with database.reading() as connection:
        plain = [tuple(row) for row in connection.execute(statement, given)]
        for _ in range(8):  # psycopg prepares what it has seen five times
            assert [tuple(row) for row in question.rows(connection, given)] == plain


def test_what_was_recorded_meanwhile_is_seen(database: Database) -> None:
    question = Asked(sa.select(sa.func.max(THING.c.number)))
    with database.together():
        with database.reading() as connection:
            assert question.rows(connection, {})[0][0] == 2**62
        with database.appending() as connection:
            connection.execute(THING.insert(), {"number": 2**62 + 1, "name": "later"})
        with database.reading() as connection:
            assert question.rows(connection, {})[0][0] == 2**62 + 1


def test_a_table_that_is_not_there_is_a_broken_ledger(database: Database) -> None:
    question = Asked(sa.select(sa.literal_column("1")).select_from(sa.table("elsewhere")))
    with pytest.raises(BrokenLedger), database.reading() as connection:
        question.rows(connection, {})
    with database.reading() as connection:
        assert len(Asked(sa.select(THING)).rows(connection, {})) == 3


def test_what_took_too_long_is_not_asked_again(postgres_url: str) -> None:
    """Or it would keep a thread, and a process of the database, for twice as long as anything may take."""
    database = Database(postgres_url, pool_connections=1)
    asked: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    slow = Asked(sa.select(sa.literal(1)).where(sa.func.pg_sleep(60).is_not(None)))
    with database.reading() as connection:
        connection.exec_driver_sql("SET statement_timeout = '50ms'")
    with pytest.raises(LedgerUnavailable, match="statement timeout"), database.reading() as connection:
        slow.rows(connection, {})
    assert not [each for each in asked if "pg_sleep" in each], "SQLAlchemy was not asked"
    with database.reading() as connection:
        connection.exec_driver_sql("RESET statement_timeout")
        assert Asked(sa.select(sa.literal(1))).rows(connection, {}) == [(1,)]
    database.close()


def test_a_connection_that_was_lost_is_replaced(postgres_url: str) -> None:
    database = Database(postgres_url, pool_connections=1)
    question, whoami = Asked(sa.select(sa.literal(1))), sa.text("SELECT pg_backend_pid()")
    with database.reading() as connection:
        process = connection.scalar(whoami)
        connection.rollback()
    other = Database(postgres_url)
    with other.reading() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:process, 10000)"), {"process": process})
    with pytest.raises(LedgerUnavailable), database.reading() as connection:
        question.rows(connection, {})
    with database.reading() as connection:
        assert question.rows(connection, {}) == [(1,)]
    database.close()
    other.close()


def test_a_file_that_was_taken_away_is_noticed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    question = Asked(sa.select(sa.literal(1)))
    with database.reading() as connection:
        assert question.rows(connection, {}) == [(1,)]
    (tmp_path / "ledger.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(LedgerUnavailable, match="is gone"), database.reading() as connection:
        question.rows(connection, {})
    database.close()
