"""The database: short reads, and appends one at a time in one order.

SQLite: WAL, `synchronous=FULL`, one writer, refused on network file systems.
PostgreSQL 15 or later: READ COMMITTED, a transaction-level advisory lock.
"""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from domain.errors import (
    BrokenLedger,
    ConflictingAppend,
    LedgerError,
    LedgerUnavailable,
    MalformedValue,
    NotConfirmed,
)

APPEND_LOCK = 0x7368_6970_6C6F_6701
"""Key of the advisory lock all appends take; any constant, the same in every process."""
BUSY_TIMEOUT_SECONDS = 15
STATEMENT_TIMEOUT_SECONDS = 30
SILENCE_SECONDS_MAX = 30
"""How long a writer may be silent in the middle of an append, and keep everyone else waiting."""
KEEPALIVE = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A server that vanished without a word is noticed within 30 s (libpq, "Parameter Key Words")."""
POOL_CONNECTIONS = 8
CACHE_KIB = 16_000
"""What SQLite keeps of the file for each connection, so 128 MB for a full pool. With its own 2,000 a batch of
a thousand reports writes pages that it reads back at once to write them again: twice the reading at
260,000 events; with 8,000, still 1.8 times at 40,000."""
LOG_PAGES = 8000
"""How long SQLite's log grows before it goes into the file: 32 MB. Keys are random, and a batch touches
pages all over the file; several batches share them."""
DRIVERS = frozenset(("sqlite", "sqlite+pysqlite", "postgresql+psycopg"))
_EXPECTED = (
    "the database's URL is expected to be sqlite:///FILE or"
    " postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE (it is not shown, for it may hold a password)"
)
_UNDEFINED = frozenset(("42P01", "42703"))
"""SQLSTATE of a table or a column that is not there (PostgreSQL, Appendix A)."""
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
"""What is acknowledged has to be on disk, whatever the server's default; stronger settings stay."""
_CANNOT_WRITE = frozenset(("25006", "25P03"))
"""SQLSTATE of a write to a standby that was not promoted, and after too long a silence (the same)."""
_ALTERED = ("no such table", "no such column", "Could not decode to UTF-8")
"""How sqlite3 says the same, and that a text is none; it has no code for either."""


_WARNED: "weakref.WeakKeyDictionary[Any, bool]" = weakref.WeakKeyDictionary()
"""Connections whose last statements ended with a warning."""


class _Held(threading.local):
    """What `Database.together` keeps for one thread."""

    asked = False
    connection: sa.Connection | None = None

    def give_back(self) -> None:
        """Return the connection to the pool, if one was taken."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with _translated():
                connection.close()


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
        self._opened: tuple[int, int] | None = None
        if self.is_postgres:
            sa.event.listen(self.engine, "connect", _prepare_postgres)
        else:
            sa.event.listen(self.engine, "do_connect", self._check_file)
            sa.event.listen(self.engine, "connect", self._prepare_sqlite)
            sa.event.listen(self.engine, "begin", self._begin_sqlite)
        self._write_engine = self.engine.execution_options(shiplog_write=True)
        # A single statement needs no transaction around it: on PostgreSQL that saves two round trips, on
        # SQLite, where switching levels would cost more than it saves, the BEGIN.
        alone: dict[str, Any] = (
            {"isolation_level": "AUTOCOMMIT"} if self.is_postgres else {"shiplog_alone": True}
        )
        self._read_engine = self.engine.execution_options(**alone)
        self._held = _Held()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Lend a connection for single statements, each its own transaction.

        Raises `LedgerUnavailable` when the database does not answer.
        """
        held = self._held
        if not held.asked:
            with _translated(), self._reader, self._read_engine.connect() as connection:
                yield connection
            return
        with _translated():
            if held.connection is None:
                held.connection = self._read_engine.connect()
            yield held.connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let every `reading` of this thread inside use one connection: taking one costs as much as asking.

        Each statement is still its own transaction. Whoever appends inside gives the connection
        back first, so that nobody waits for a second one while holding a first. In memory there
        is only one, which others need.
        """
        held = self._held
        if self.in_memory or held.asked:
            yield
            return
        held.asked = True
        try:
            yield
        finally:
            held.asked = False
            held.give_back()

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Lend a connection whose statements all see one state of the database."""
        options = {"isolation_level": "REPEATABLE READ"} if self.is_postgres else {}
        self._held.give_back()
        with _translated(), self._reader, self.engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def appending(self) -> Iterator[sa.Connection]:
        """Lend the one connection that may append; commits on leaving, or rolls back.

        The append lock is held throughout, so whatever is read here is still
        true when it is written. Raises `ConflictingAppend` when a unique place
        is taken, `LedgerUnavailable` when the database does not answer, or when
        its file was taken away meanwhile and the commit went with it, and
        `NotConfirmed` when somebody cancelled the wait for the standby.
        """
        self._held.give_back()
        with _translated(), self._writer, self._write_engine.begin() as connection:
            driver = connection.connection.driver_connection
            if self.is_postgres:
                # A statement of its own: the next one must see what the last holder committed.
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPEND_LOCK})")
            yield connection
        if self.is_postgres:
            _check_confirmed(driver)
        self._check_file()

    @contextmanager
    def beside(self) -> Iterator[sa.Connection]:
        """Lend a connection that writes, in bulk, what no append touches; commits on leaving, or rolls back.

        On PostgreSQL appends go on meanwhile, and what is written is durable with the next of them.
        SQLite has one writer whatever it writes: keep it short.
        """
        if self.is_postgres:
            self._held.give_back()
            with _translated(), self.engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield connection
        else:
            with self.appending() as connection:
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
            settings = {
                "statement_timeout": STATEMENT_TIMEOUT_SECONDS * 1000,
                "lock_timeout": STATEMENT_TIMEOUT_SECONDS * 1000,
                "idle_in_transaction_session_timeout": SILENCE_SECONDS_MAX * 1000,
                # A look-up by key is never dear: with the default of 4 the planner reads a whole table of
                # releases to spare 20,000 of them, and compiles the statement for longer than it runs.
                "random_page_cost": 1.1,
                "jit": "off",
            }
            return {
                "pool_size": pool_connections,
                "max_overflow": pool_connections,
                "pool_timeout": BUSY_TIMEOUT_SECONDS,
                "connect_args": {
                    "connect_timeout": BUSY_TIMEOUT_SECONDS,
                    "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
                    **KEEPALIVE,
                },
            }
        arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS}
        if self.in_memory:
            return {"connect_args": arguments, "poolclass": sa.pool.StaticPool}
        return {
            "connect_args": arguments,
            "pool_size": pool_connections,
            "max_overflow": pool_connections,
            "pool_timeout": BUSY_TIMEOUT_SECONDS,
            # What one connection writes empties the caches of the others: use the one that was used last.
            "pool_use_lifo": True,
        }

    def _prepare_sqlite(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        pragmas = [
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        ]
        if not self.in_memory:
            pragmas += [
                "journal_mode=WAL",
                f"cache_size={-CACHE_KIB}",
                f"wal_autocheckpoint={LOG_PAGES}",
            ]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        if self._opened is None:
            self._opened = self._file()

    def _begin_sqlite(self, connection: sa.Connection) -> None:
        self._check_file()
        options = connection.get_execution_options()
        if "shiplog_write" in options:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif "shiplog_alone" not in options:
            connection.exec_driver_sql("BEGIN")

    def _check_file(self, *_event: object) -> None:
        """Refuse to go on when the file that was opened is not the one by that name any more.

        SQLite would go on writing to a file that was moved away, and to the one that comes into
        its place; a new connection would make an empty one and remove the log that belongs to the
        old. Either loses what was acknowledged.
        """
        if self._opened is not None and self._file() != self._opened:
            raise LedgerUnavailable(
                "the file of the database is gone, or another is in its place: put it back,"
                " or restart the server to open what is there"
            )

    def _file(self) -> tuple[int, int] | None:
        """Return what tells the database's file from any other; None when there is none."""
        if self.is_postgres or self.in_memory or self.url.database is None:
            return None
        try:
            found = Path(self.url.database).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _check_confirmed(driver: Any) -> None:
    """Refuse a commit that ended with a warning: PostgreSQL calls that a success, and here it is none."""
    if _WARNED.pop(driver, None):
        raise NotConfirmed("the wait for the standby was cancelled: what was recorded may yet be lost")


def _note_warnings(driver: Any) -> None:
    """Remember that *driver* was warned, as it is when the wait for the standby is cancelled (01000)."""
    known = weakref.ref(driver)

    def note(said: Any) -> None:
        warned = known()
        if warned is not None and said.severity_nonlocalized == "WARNING":
            _WARNED[warned] = True

    driver.add_notice_handler(note)


def _prepare_postgres(connection: Any, _record: object) -> None:
    _note_warnings(connection)
    connection.autocommit = True  # spares a BEGIN and a COMMIT
    connection.execute(_DURABLE)
    connection.autocommit = False


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise MalformedValue(_EXPECTED) from None  # it repeats what was given
    if parsed.drivername not in DRIVERS:
        raise MalformedValue(_EXPECTED)
    return parsed


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
    said, code = _first_line(failure), getattr(failure.orig, "sqlstate", None)
    if said.startswith(_ALTERED) or code in _UNDEFINED:
        return BrokenLedger(f"the database was altered: {said}")
    if isinstance(failure, (exc.OperationalError, exc.InterfaceError)) or code in _CANNOT_WRITE:
        return LedgerUnavailable(f"the database did not answer: {said}")
    if type(failure) is exc.DatabaseError:
        # The bare class is what sqlite3 raises for a file that is damaged or no database.
        return LedgerUnavailable(f"the database cannot be read: {said}")
    return None


def _first_line(failure: exc.SQLAlchemyError) -> str:
    """Return what the driver said, without the statement and its parameters."""
    original = getattr(failure, "orig", None)
    return str(original or failure).strip().splitlines()[0][:200]
