"""One rebuild at a time. The lock goes with the process that holds it, however that ends."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from adapters.database.database import Database
from domain.errors import LedgerUnavailable

REBUILD_LOCK = 0x7368_6970_6C6F_6702
"""Key of the advisory lock that a rebuild holds on PostgreSQL; appends take another."""
_TAKEN = "another rebuild is under way: wait for its end"


@contextmanager
def rebuilding(database: Database) -> Iterator[None]:
    """Hold the lock; raises `LedgerUnavailable` at once when another process holds it.

    A database in memory has no other process, and no lock.
    """
    if database.in_memory:
        yield
    elif database.is_postgres:
        with _advised(database):
            yield
    else:
        with _beside_the_file(f"{database.url.database}-rebuild"):
            yield


@contextmanager
def _advised(database: Database) -> Iterator[None]:
    with database.reading() as connection:
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({REBUILD_LOCK})").scalar():
            raise LedgerUnavailable(_TAKEN)
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({REBUILD_LOCK})")


@contextmanager
def _beside_the_file(path: str) -> Iterator[None]:
    """Lock an empty file as SQLite locks its own, which every system it runs on releases at a crash."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as taken:
            if taken.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise LedgerUnavailable(f"cannot lock {path}: {taken}") from taken
            raise LedgerUnavailable(_TAKEN) from taken
        yield
