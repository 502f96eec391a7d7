"""What is left of a connection on PostgreSQL when something failed on it: nothing the next one notices."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy import exc

from adapters.database import postgres
from adapters.database.asked import Asked
from adapters.database.database import Database
from adapters.readmodels import bulk
from domain.errors import LedgerUnavailable, NotConfirmed
from tests.contracts.opened import Opened

ONE: Asked = Asked(sa.select(sa.literal(1)))
WHOAMI = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """Lend a database with a table, to which there is one connection."""
    made = Database(postgres_url, pool_connections=1)
    with made.appending() as connection:
        connection.exec_driver_sql("CREATE TABLE thing (number bigint, name text)")
    yield made
    made.close()


@pytest.fixture
def other(postgres_url: str, opened: Opened) -> Database:
    """Somebody else on the same database."""
    return opened(postgres_url)


def in_use(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.scalar(WHOAMI))


def cut(other: Database, process: int) -> None:
    """End the other end of a connection."""
    with other.reading() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:process, 10000)"), {"process": process})


def copy(database: Database, before: Callable[[sa.Connection], object] = lambda _: None) -> None:
    """Insert in bulk, in a transaction that begins with *before*."""
    with database.beside() as connection:
        before(connection)
        bulk.insert(connection, "thing", ("number", "name"), [(1, "one")])


def test_an_append_that_did_not_get_the_lock_leaves_no_transaction_behind(
    database: Database, other: Database
) -> None:
    process = in_use(database)
    with database.reading() as connection:
        connection.exec_driver_sql("SET lock_timeout = '50ms'")
    with other.appending(), pytest.raises(LedgerUnavailable), database.appending():
        pytest.fail("the lock is held by somebody else")
    with database.appending(notify="shiplog_event") as connection:
        connection.exec_driver_sql("INSERT INTO thing VALUES (1, 'one')")
    assert in_use(database) == process, "the connection is still good"
    with other.reading() as connection:
        assert connection.exec_driver_sql("SELECT number FROM thing").all() == [(1,)]


def test_a_transaction_that_fails_midway_is_rolled_back_and_lets_the_lock_go(
    database: Database, other: Database
) -> None:
    process = in_use(database)

    def write_nonsense() -> None:
        with database.appending() as connection:
            connection.exec_driver_sql("INSERT INTO thing VALUES (1, 'one')")
            connection.exec_driver_sql("nonsense")

    with pytest.raises(exc.ProgrammingError):
        write_nonsense()
    with other.appending() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM thing").scalar() == 0
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.info.transaction_status == TransactionStatus.IDLE
    assert in_use(database) == process


def test_each_transaction_has_the_level_it_was_asked_for(database: Database) -> None:
    level = sa.text("SHOW transaction_isolation")
    for lend, expected in (
        (database.snapshot, "repeatable read"),
        (database.appending, "read committed"),
        (database.beside, "read committed"),
        (database.reading, "read committed"),
    ):
        with lend() as connection:
            assert connection.scalar(level) == expected


def test_a_bulk_insert_whose_connection_is_lost_is_refused(database: Database, other: Database) -> None:
    with pytest.raises(LedgerUnavailable):
        copy(database, lambda connection: cut(other, int(connection.scalar(WHOAMI))))
    copy(database)


def test_a_bulk_insert_that_fails_is_refused_as_any_statement_is(database: Database, other: Database) -> None:
    with other.appending() as elsewhere:
        elsewhere.exec_driver_sql("LOCK TABLE thing")
        with pytest.raises(LedgerUnavailable, match="lock timeout"):
            copy(database, lambda connection: connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'"))
    copy(database)


def test_a_warning_from_before_an_append_is_not_taken_for_its_own(database: Database) -> None:
    with database.reading() as connection:
        connection.exec_driver_sql("DO $$ BEGIN RAISE WARNING 'the disk is nearly full'; END $$")
    with database.appending() as connection:
        connection.exec_driver_sql("INSERT INTO thing VALUES (1, 'one')")


class Warned:
    """As psycopg's connection hands on what the server says beside its answers."""

    def add_notice_handler(self, handler: Callable[[object], None]) -> None:
        self.hear = handler


@pytest.mark.parametrize(
    ("severity", "function", "confirmed"),
    [
        ("WARNING", "SyncRepWaitForLSN", False),
        ("WARNING", "somethingNew", False),
        ("WARNING", None, False),
        ("WARNING", "asyncQueueFillWarning", True),
        ("NOTICE", "SyncRepWaitForLSN", True),
    ],
)
def test_which_warnings_say_that_a_commit_is_not_confirmed(
    severity: str, function: str | None, confirmed: bool
) -> None:
    """A queue of notifications that fills because somebody does not listen says nothing about a commit."""
    driver = Warned()
    postgres._note_warnings(driver)
    driver.hear(SimpleNamespace(severity_nonlocalized=severity, source_function=function))
    if confirmed:
        postgres.check_confirmed(driver)
    else:
        with pytest.raises(NotConfirmed):
            postgres.check_confirmed(driver)


@pytest.mark.parametrize(
    "ask",
    [lambda connection: ONE.rows(connection, {}), lambda connection: connection.execute(sa.text("SELECT 1"))],
    ids=["the driver", "SQLAlchemy"],
)
def test_a_connection_that_is_lost_in_the_middle_of_questions_is_replaced(
    database: Database, other: Database, ask: Callable[[sa.Connection], object]
) -> None:
    with database.together():
        with database.reading() as connection:
            connection.execute(sa.text("SELECT 1"))
        cut(other, in_use(database))
        with pytest.raises(LedgerUnavailable), database.reading() as connection:
            ask(connection)
        with database.reading() as connection:
            ask(connection)


def test_the_lock_is_the_one_that_appends_take(database: Database, other: Database) -> None:
    held = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    with database.appending(), other.reading() as connection:
        assert connection.scalar(held) == 1
        tried = sa.text("SELECT pg_try_advisory_xact_lock(:key)")
        assert connection.scalar(tried, {"key": postgres.APPEND_LOCK}) is False
