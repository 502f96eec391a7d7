"""The database: short reads, and appends one at a time in one order.

SQLite: WAL, `synchronous=FULL`, one writer, refused on network file systems.
PostgreSQL 15 or later: READ COMMITTED, a transaction-level advisory lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import sqlalchemy as sa
from sqlalchemy import exc

from adapters.database import postgres, sqlite
from adapters.database.refusals import translated
from domain.errors import MalformedValue

POOL_CONNECTIONS = 8
DRIVERS = frozenset(("sqlite", "sqlite+pysqlite", "postgresql+psycopg"))
_EXPECTED = (
    "the database's URL is expected to be sqlite:///FILE or"
    " postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE (it is not shown, for it may hold a password)"
)
_BEGIN = "shiplog_begin"
"""The option that says what a transaction begins with."""
_ALONE = ""
"""A single statement needs no transaction around it."""


class _Held(threading.local):
    """What `Database.together` keeps for one thread."""

    asked = False
    connection: sa.Connection | None = None

    def give_back(self) -> None:
        """Return the connection to the pool, if one was taken."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with translated():
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
        self._file = sqlite.File(None if self.is_postgres or self.in_memory else self.url.database)
        if self.is_postgres:
            sa.event.listen(self.engine, "connect", postgres.prepare)
        else:
            sa.event.listen(self.engine, "do_connect", self._file.check)
            sa.event.listen(self.engine, "connect", self._file.prepare)
        sa.event.listen(self.engine, "begin", self._begin)
        self._engines: dict[str, sa.Engine] = {}
        self._held = _Held()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Lend a connection for single statements, each its own transaction.

        Raises `LedgerUnavailable` when the database does not answer.
        """
        held = self._held
        if not held.asked:
            with translated(), self._reader, self._connected() as connection:
                yield connection
            return
        with translated():
            if held.connection is None:
                held.connection = self._connected()
            try:
                yield held.connection
            except exc.DBAPIError:  # it may be lost: whoever goes on gets another
                held.give_back()
                raise

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
        engine = self._beginning(postgres.SNAPSHOT) if self.is_postgres else self.engine
        self._held.give_back()
        with translated(), self._reader, engine.begin() as connection:
            yield connection

    @contextmanager
    def appending(self, *, notify: str | None = None) -> Iterator[sa.Connection]:
        """Lend the one connection that may append; commits on leaving, or rolls back.

        The append lock is held throughout, so whatever is read here is still
        true when it is written. On PostgreSQL, whoever listens on the channel
        *notify* hears of the commit. Raises `ConflictingAppend` when a unique
        place is taken, `LedgerUnavailable` when the database does not answer,
        or when its file was taken away meanwhile and the commit went with it,
        and `NotConfirmed` when somebody cancelled the wait for the standby.
        """
        self._held.give_back()
        begin = postgres.appending(notify) if self.is_postgres else sqlite.APPENDING
        with translated(), self._writer, self._beginning(begin).begin() as connection:
            driver = connection.connection.driver_connection
            if self.is_postgres:
                postgres.forget_warnings(driver)
            yield connection
        if self.is_postgres:
            postgres.check_confirmed(driver)
        self._file.check()

    @contextmanager
    def beside(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """Lend a connection that writes, in bulk, what no append touches; commits on leaving, or rolls back.

        On PostgreSQL appends go on meanwhile, and what is written is durable with the next of them, unless
        it has to be at once. SQLite has one writer whatever it writes, and it is durable: keep it short.
        """
        if self.is_postgres:
            self._held.give_back()
            begin = "BEGIN" if durable else postgres.BESIDE
            with translated(), self._beginning(begin).begin() as connection:
                yield connection
        else:
            with self.appending() as connection:
                yield connection

    @contextmanager
    def filling(self) -> Iterator[sa.Connection]:
        """Lend what `beside` does, to fill tables that nobody reads yet.

        On SQLite too, what is written is durable with the next append; its log is left to `checkpoint`.
        """
        if self.is_postgres or self.in_memory:
            with self.beside() as connection:
                yield connection
            return
        self._held.give_back()
        with translated(), self._writer, self._connected() as connection, sqlite.durable_later(connection):
            connection.exec_driver_sql(sqlite.APPENDING)
            yield connection
            connection.commit()

    def checkpoint(self) -> None:
        """Put SQLite's log into its file, as far as nobody reads what stands there; nobody waits for it."""
        if not self.is_postgres and not self.in_memory:
            with self.reading() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()

    def close(self) -> None:
        """Close every connection."""
        with self._reader:
            self.engine.dispose()

    def _engine(self, pool_connections: int) -> sa.Engine:
        if self.is_postgres:
            options = postgres.options(pool_connections)
        else:
            options = sqlite.options(pool_connections, in_memory=self.in_memory)
        try:
            # What fails is logged; what it was about may not be: a report, a name, a digest of a secret.
            return sa.create_engine(self.url, hide_parameters=True, **options)
        except ModuleNotFoundError as missing:
            raise MalformedValue(
                f"the database's URL needs {missing.name}, which is not installed"
            ) from missing
        except (exc.ArgumentError, TypeError, ValueError):
            raise MalformedValue(_EXPECTED) from None  # it repeats what was given

    def _connected(self) -> sa.Connection:
        """Return a connection for single statements. `Asked` begins nothing: the file is checked here."""
        self._file.check()
        return self._beginning(_ALONE).connect()

    def _beginning(self, begin: str) -> sa.Engine:
        """Return the engine, with transactions that begin with *begin*."""
        found = self._engines.get(begin)
        if found is None:
            found = self._engines[begin] = self.engine.execution_options(**{_BEGIN: begin})
        return found

    def _begin(self, connection: sa.Connection) -> None:
        self._file.check()
        begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
        if begin != _ALONE:
            connection.exec_driver_sql(begin)


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise MalformedValue(_EXPECTED) from None  # it repeats what was given
    if parsed.drivername not in DRIVERS:
        raise MalformedValue(_EXPECTED)
    return parsed
