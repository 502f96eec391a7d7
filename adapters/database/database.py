"""The database: short reads, and appends one at a time in one order.

SQLite: WAL, `synchronous=FULL`, one writer, refused on network file systems.
PostgreSQL 15 or later: READ COMMITTED, a transaction-level advisory lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from domain.errors import BrokenLedger, ConflictingAppend, LedgerError, LedgerUnavailable, MalformedValue

APPEND_LOCK = 0x7368_6970_6C6F_6701
"""Key of the advisory lock all appends take; any constant, the same in every process."""
BUSY_TIMEOUT_SECONDS = 15
STATEMENT_TIMEOUT_SECONDS = 30
POOL_CONNECTIONS = 8
DRIVERS = frozenset(("sqlite", "sqlite+pysqlite", "postgresql+psycopg"))
_EXPECTED = (
    "the database's URL is expected to be sqlite:///FILE or"
    " postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE (it is not shown, for it may hold a password)"
)
_UNDEFINED = frozenset(("42P01", "42703"))
"""SQLSTATE of a table or a column that is not there (PostgreSQL, Appendix A)."""
_ALTERED = ("no such table", "no such column", "Could not decode to UTF-8")
"""How sqlite3 says the same, and that a text is none; it has no code for either."""


class Database:
    """One engine. Closing it waits for whoever is using its only connection, if it is in memory."""

    def __init__(self, url: str, *, pool_connections: int = POOL_CONNECTIONS) -> None:
        """Prepare to connect to *url*, a SQLAlchemy URL; nothing is opened yet.

        Raises `MalformedValue`, which does not repeat *url*: it may hold a password.
        """
        self.url = _parsed(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self.in_memory = not self.is_postgres and self.url.database in (None, "", ":memory:")
        self.engine = self._engine(pool_connections)
        # SQLite has one writer: queue for it here, fairly, not in its sleep-and-retry handler.
        self._writer = nullcontext() if self.is_postgres else threading.RLock()
        # sqlite3 crashes when its one in-memory connection is closed under another thread.
        self._reader = self._writer if self.in_memory else nullcontext()
        if not self.is_postgres:
            sa.event.listen(self.engine, "connect", self._prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self._write_engine = self.engine.execution_options(shiplog_write=True)
        # A single statement needs no transaction around it: on PostgreSQL that saves two round trips. On
        # SQLite switching levels costs more than the BEGIN it saves.
        self._read_engine = (
            self.engine.execution_options(isolation_level="AUTOCOMMIT") if self.is_postgres else self.engine
        )

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Lend a connection for single statements, each its own transaction.

        Raises `LedgerUnavailable` when the database does not answer.
        """
        with _translated(), self._reader, self._read_engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Lend a connection whose statements all see one state of the database."""
        options = {"isolation_level": "REPEATABLE READ"} if self.is_postgres else {}
        with _translated(), self._reader, self.engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def appending(self) -> Iterator[sa.Connection]:
        """Lend the one connection that may append; commits on leaving, or rolls back.

        The append lock is held throughout, so whatever is read here is still
        true when it is written. Raises `ConflictingAppend` when a unique place
        is taken and `LedgerUnavailable` when the database does not answer.
        """
        with _translated(), self._writer, self._write_engine.begin() as connection:
            if self.is_postgres:
                # A statement of its own: the next one must see what the last holder committed.
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPEND_LOCK})")
            yield connection

    def close(self) -> None:
        """Close every connection."""
        with self._reader:
            self.engine.dispose()

    def _engine(self, pool_connections: int) -> sa.Engine:
        try:
            return sa.create_engine(self.url, **self._engine_options(pool_connections))
        except ModuleNotFoundError as missing:
            raise MalformedValue(
                f"the database's URL needs {missing.name}, which is not installed"
            ) from missing
        except (exc.ArgumentError, TypeError, ValueError):
            raise MalformedValue(_EXPECTED) from None  # it repeats what was given

    def _engine_options(self, pool_connections: int) -> dict[str, Any]:
        if self.is_postgres:
            milliseconds = STATEMENT_TIMEOUT_SECONDS * 1000
            return {
                "pool_size": pool_connections,
                "max_overflow": pool_connections,
                "pool_timeout": BUSY_TIMEOUT_SECONDS,
                "connect_args": {
                    "connect_timeout": BUSY_TIMEOUT_SECONDS,
                    "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
                },
            }
        options: dict[str, Any] = {
            "connect_args": {"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS}
        }
        if self.in_memory:
            options["poolclass"] = sa.pool.StaticPool
        return options

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        pragmas = [
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        ]
        if not self.in_memory:
            pragmas.append("journal_mode=WAL")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise MalformedValue(_EXPECTED) from None  # it repeats what was given
    if parsed.drivername not in DRIVERS:
        raise MalformedValue(_EXPECTED)
    return parsed


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("shiplog_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.IntegrityError as conflict:
        raise ConflictingAppend("the ledger was busy with the same target; try again") from conflict
    except exc.DBAPIError as failure:
        refusal = _refusal(failure)
        if refusal is None:
            raise
        raise refusal from failure
    except exc.TimeoutError as failure:
        raise LedgerUnavailable(f"the database did not answer: {_first_line(failure)}") from failure


def _refusal(failure: exc.DBAPIError) -> LedgerError | None:
    """Return what *failure* is to a caller; None when it is a mistake of ours, and no refusal."""
    said = _first_line(failure)
    if said.startswith(_ALTERED) or getattr(failure.orig, "sqlstate", None) in _UNDEFINED:
        return BrokenLedger(f"the database was altered: {said}")
    if isinstance(failure, (exc.OperationalError, exc.InterfaceError)):
        return LedgerUnavailable(f"the database did not answer: {said}")
    if type(failure) is exc.DatabaseError:
        # The bare class is what sqlite3 raises for a file that is damaged or no database.
        return LedgerUnavailable(f"the database cannot be read: {said}")
    return None


def _first_line(failure: exc.SQLAlchemyError) -> str:
    """Return what the driver said, without the statement and its parameters."""
    original = getattr(failure, "orig", None)
    return str(original or failure).strip().splitlines()[0][:200]
