"""A PostgreSQL connection that hears of every commit, whoever made it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from adapters.database.database import Database
from domain.errors import LedgerUnavailable

CHANNEL = "shiplog_event"
"""On which every append is announced with its commit."""
POLL_SECONDS = 0.5
"""How often whoever follows the ledger looks at it unasked: a word may be lost, and SQLite has none."""


@contextmanager
def listening(database: Database) -> Iterator[sa.Connection]:
    """Lend a connection that listens; look at the ledger first, for what was committed before it did.

    It is no part of the pool meanwhile, and closed afterwards: nobody waits for it to come free. Raises
    `LedgerUnavailable` when there is none, or it is lost.
    """
    with database.reading() as connection:
        connection.detach()
        try:
            _raw(connection).execute(f"LISTEN {CHANNEL}")
            yield connection
        except database.engine.dialect.loaded_dbapi.Error as lost:
            raise LedgerUnavailable("the connection that listens was lost") from lost


def heard(connection: sa.Connection) -> bool:
    """Wait for word of a commit, until the next poll at the longest; whether there was one."""
    return bool(list(_raw(connection).notifies(timeout=POLL_SECONDS, stop_after=1)))


def _raw(connection: sa.Connection) -> Any:
    """Return psycopg's own connection; one that is in no pool has it in this place alone."""
    return connection.connection.dbapi_connection
