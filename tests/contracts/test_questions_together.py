"""What one thread asks together shares a connection, and whoever appends meanwhile does not wait for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database.database import Database

ONE = sa.select(sa.literal(1))


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Lend a database with one connection, and one more that is there for a moment."""
    match request.param:
        case "sqlite":
            url = f"sqlite:///{tmp_path / 'ledger.db'}"
        case "memory":
            url = "sqlite:///:memory:"
        case _:
            url = request.getfixturevalue("postgres_url")
    made = Database(url, pool_connections=1)
    yield made
    made.close()


def asked(database: Database) -> sa.Connection:
    with database.reading() as connection:
        assert connection.scalar(ONE) == 1
        return connection


def test_together_is_one_connection_unless_there_is_only_one(database: Database) -> None:
    with database.together():
        first = asked(database)
        with database.together():
            assert (asked(database) is first) != database.in_memory
        assert first.closed == database.in_memory
        assert (asked(database) is first) != database.in_memory
    assert first.closed
    assert asked(database) is not first


def test_whoever_appends_gives_back_what_was_lent(database: Database) -> None:
    with database.together():
        lent = asked(database)
        with database.appending() as writing:
            assert lent.closed
            assert writing.scalar(ONE) == 1
        assert asked(database) is not lent


def test_a_failure_gives_the_connection_back(database: Database) -> None:
    lent = []

    def fail() -> None:
        with database.together():
            lent.append(asked(database))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert lent[0].closed
    with database.appending() as writing:
        assert writing.scalar(ONE) == 1
