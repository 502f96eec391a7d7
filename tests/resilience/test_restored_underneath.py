"""The database is put back to an earlier state under a server: what is added follows what is there."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.sql_recorder import SqlRecorder
from domain.commands.record import Command
from domain.errors import LedgerError
from domain.queries.verify_ledger import verify_ledger
from tests.builders import a_declaration, a_removal, keyring, ledger, tell


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def copied(source: Path, goal: Path) -> None:
    """Make the content of one file that of another, in place, as `sqlite3 .restore` does."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(goal)) as new:
        old.backup(new)


def told_in_the_end(kept: EventLedger, command: Command) -> int:
    """Tell it as a client does that is refused once, because the ledger is not what it was."""
    try:
        (receipt,) = tell(kept, command)
    except LedgerError:
        (receipt,) = tell(kept, command)
    return receipt.position


@pytest.mark.parametrize("reader", [False, True], ids=["who wrote it", "who only read it"])
def test_what_follows_a_restored_backup_is_linked_to_what_is_there(path: Path, reader: bool) -> None:
    with (
        closing(Database(f"sqlite:///{path}")) as database,
        closing(Database(f"sqlite:///{path}")) as another,
    ):
        schema.create(database)
        wrote, kept = ledger(SqlRecorder(database)), ledger(SqlRecorder(another if reader else database))
        tell(wrote, a_declaration("v1"), a_declaration("v2", sequence=1))
        tell(kept, a_declaration("v2", sequence=1))
        copied(path, path.with_suffix(".backup"))
        tell(wrote, a_declaration("v3", sequence=2))
        tell(kept, a_declaration("v4", sequence=3))  # so that it knows the third
        copied(path.with_suffix(".backup"), path)
        assert told_in_the_end(kept, a_removal(sequence=4)) == 3
        verified = verify_ledger(lambda after, limit: kept.sealed(after=after, limit=limit), keyring())
        assert verified.events == 3
