"""Around the copies of a rebuild: what is cleared away, what the planner is told, who is waited for."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import copies, standing
from adapters.readmodels.copies import LAST, NEXT
from adapters.readmodels.projection import Projection

_GARBAGE = (200_000, 20, 100)
"""More than what lives at once of a page that is being read."""
_LOCK_NOT_AVAILABLE = "55P03"


class InUse(Exception):
    """Readers are using the tables just now."""


@contextmanager
def next_copy(database: Database, projection: Projection) -> Iterator[sa.Connection]:
    """Lend a connection that reads what was committed to the next copy."""
    with database.reading() as connection, copies.meant(connection, projection.tables, NEXT):
        yield connection


@contextmanager
def garbage_looked_for_rarely() -> Iterator[None]:
    """Look for garbage rarely: nearly all that a page of events allocates is freed without a look."""
    before = gc.get_threshold()
    gc.set_threshold(*_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def drop_leftovers(database: Database, projection: Projection) -> None:
    """Drop the copies that are not in use, table by table: writers wait for one at most."""
    for suffix in (NEXT, LAST):
        for table in projection.tables:
            with database.beside() as connection:
                if not database.is_postgres:
                    # The same rows stand elsewhere: writing zeros over them only costs time.
                    connection.exec_driver_sql("PRAGMA secure_delete = OFF")
                copies.drop(connection, (table,), suffix)
    with database.beside() as connection:
        standing.end(connection, projection.name + NEXT)


def gather_statistics(database: Database, tables: Sequence[sa.Table]) -> None:
    """Let PostgreSQL's planner know what is in *tables*, and index-only scans that all of it is visible."""
    names = ", ".join(table.name for table in tables)
    with database.reading() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        try:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {names}")
        finally:
            connection.exec_driver_sql("RESET statement_timeout")


def take_over(connection: sa.Connection, tables: Sequence[sa.Table], *, wait_milliseconds: int) -> None:
    """Wait a moment until nobody uses *tables*, on PostgreSQL; raises `InUse` when somebody still does."""
    names = ", ".join(table.name for table in tables)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_milliseconds}")
    try:
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    except sa.exc.OperationalError as failure:
        if getattr(failure.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise InUse from failure
