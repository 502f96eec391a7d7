"""SQLite: how a connection is made, and the file it must be a connection to.

WAL, `synchronous=FULL`, one writer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from domain.errors import LedgerUnavailable

BUSY_TIMEOUT_SECONDS = 15
CACHE_KIB = 16_000
"""What SQLite keeps of the file for each connection, so 128 MB for a full pool. With its own 2,000 a batch of
a thousand reports writes pages that it reads back at once to write them again: twice the reading at
260,000 events; with 8,000, still 1.8 times at 40,000."""
LOG_PAGES = 8000
"""How long SQLite's log grows before it goes into the file: 32 MB. Keys are random, and a batch touches
pages all over the file; several batches share them."""
APPENDING = "BEGIN IMMEDIATE"


def options(pool_connections: int, *, in_memory: bool) -> dict[str, Any]:
    """Return what the engine is made with."""
    arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS}
    if in_memory:
        return {"connect_args": arguments, "poolclass": sa.pool.StaticPool}
    return {
        "connect_args": arguments,
        "pool_size": pool_connections,
        "max_overflow": pool_connections,
        "pool_timeout": BUSY_TIMEOUT_SECONDS,
        # What one connection writes empties the caches of the others: use the one that was used last.
        "pool_use_lifo": True,
    }


@contextmanager
def durable_later(connection: sa.Connection) -> Iterator[None]:
    """Have *connection* commit without a wait for the disk, and leave the log as long as it gets.

    The next commit of a connection that waits puts on disk what is before it in the log. One that fails
    meanwhile is not used again.
    """
    try:
        _set(connection, synchronous="NORMAL", wal_autocheckpoint=0)
        yield
        _set(connection, synchronous="FULL", wal_autocheckpoint=LOG_PAGES)
    except BaseException:
        connection.invalidate()
        raise


def _set(connection: sa.Connection, **pragmas: str | int) -> None:
    for name, value in pragmas.items():
        connection.exec_driver_sql(f"PRAGMA {name}={value}")


class File:
    """The file that was opened first, which has to stay the one by that name."""

    def __init__(self, path: str | None) -> None:
        """Watch *path*; None for a database in memory."""
        self._path = None if path is None else Path(path)
        self._opened: tuple[int, int] | None = None

    def check(self, *_event: object) -> None:
        """Refuse to go on when the file that was opened is not the one by that name any more.

        SQLite would go on writing to a file that was moved away, and to the one that comes into
        its place; a new connection would make an empty one and remove the log that belongs to the
        old. Either loses what was acknowledged.
        """
        if self._opened is not None and self._there() != self._opened:
            raise LedgerUnavailable(
                "the file of the database is gone, or another is in its place: put it back,"
                " or restart the server to open what is there"
            )

    def prepare(self, connection: Any, _record: object) -> None:
        """Set a new connection up."""
        connection.isolation_level = None  # we begin transactions ourselves
        pragmas = [
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        ]
        if self._path is not None:
            pragmas += [
                "journal_mode=WAL",
                f"cache_size={-CACHE_KIB}",
                f"wal_autocheckpoint={LOG_PAGES}",
            ]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        if self._opened is None:
            self._opened = self._there()

    def _there(self) -> tuple[int, int] | None:
        """Return what tells the database's file from any other; None when there is none."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
