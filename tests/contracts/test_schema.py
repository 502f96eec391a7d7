"""The schema: made at once or not at all, what the code says it is, and append-only."""

import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from adapters.database import schema
from adapters.database.database import Database
from adapters.database.metadata import METADATA
from adapters.ledger.tables import EVENT
from adapters.readmodels.projector import Projector
from adapters.readmodels.tables import PLACEMENT
from adapters.sessions import tables as sessions
from adapters.webhooks import tables as webhooks
from domain.errors import BrokenLedger, LedgerUnavailable, MalformedValue, NotALedger
from tests.contracts.opened import Opened

_VERSION = sa.table("alembic_version", sa.column("version_num", sa.Text))
_ROW = {
    "position": 1,
    "stream": "ledger",
    "version": 1,
    "topic": "ledger-opened.v1",
    "recorded_at": 1,
    "digest": b"d",
    "state": b"s",
}


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def empty(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Database:
    match request.param:
        case "sqlite":
            return opened(f"sqlite:///{tmp_path}/ledger.db")
        case "memory":
            return opened("sqlite://")
        case _:
            return opened(request.getfixturevalue("postgres_url"))


@pytest.fixture
def made(empty: Database) -> Database:
    schema.create(empty)
    return empty


def run(database: Database, statement: str) -> None:
    with database.appending() as connection:
        connection.exec_driver_sql(statement)


def test_what_the_migrations_make_is_what_the_code_says(made: Database) -> None:
    with made.reading() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
    assert {sessions.PASSING.name, webhooks.STANDING.name} < METADATA.tables.keys(), "none was left out"


def test_a_new_schema_can_be_used_and_making_it_again_changes_nothing(made: Database) -> None:
    schema.create(made)
    schema.upgrade(made)
    schema.check(made)


def test_a_missing_file_is_no_ledger_and_stays_missing(opened: Opened, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.db"
    for refused in (schema.check, schema.upgrade):
        with pytest.raises(NotALedger, match="no ledger at"):
            refused(opened(f"sqlite:///{nowhere}"))
    assert not nowhere.exists()


def test_an_empty_database_is_no_ledger(empty: Database) -> None:
    run(empty, "CREATE TABLE something (number INTEGER)")
    run(empty, "DROP TABLE something")
    for refused in (schema.check, schema.upgrade):
        with pytest.raises(NotALedger):
            refused(empty)


def test_tables_of_someone_else_are_left_alone(empty: Database) -> None:
    run(empty, "CREATE TABLE something (number INTEGER)")
    with pytest.raises(NotALedger, match="not a ledger's"):
        schema.create(empty)
    with empty.reading() as connection:
        assert sa.inspect(connection).get_table_names() == ["something"]


@pytest.mark.parametrize(("revision", "said"), [("0000", "upgrade it"), ("9999", "newer program")])
def test_another_revision_is_named(made: Database, revision: str, said: str) -> None:
    with made.appending() as connection:
        connection.execute(sa.update(_VERSION).values(version_num=revision))
    with pytest.raises(LedgerUnavailable, match=said):
        schema.check(made)


def test_a_revision_nobody_knows_is_not_upgraded(made: Database) -> None:
    run(made, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NotALedger, match="9999"):
        schema.upgrade(made)


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    def fail(_: sa.Connection, __: object, statement: str, *___: object) -> None:
        if "CREATE TABLE projection" in statement:
            raise sa.exc.OperationalError(statement, {}, Exception("the disk is full"))

    sa.event.listen(empty.engine, "before_cursor_execute", fail)
    with pytest.raises(LedgerUnavailable):
        schema.create(empty)
    with empty.reading() as connection:
        assert sa.inspect(connection).get_table_names() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET state = state",
        "DELETE FROM event",
        "UPDATE event SET recorded_at = 2 WHERE position = 1",
    ],
)
def test_an_event_cannot_be_changed_or_removed(made: Database, statement: str) -> None:
    with made.appending() as connection:
        connection.execute(sa.insert(EVENT), _ROW)
    _refused(made, statement)


@pytest.mark.parametrize(
    "collision",
    [{"position": 1}, {"recorded_at": 1}, {"stream": "ledger", "version": 1}],
    ids=["position", "instant", "version"],
)
def test_an_event_cannot_be_replaced_on_sqlite(opened: Opened, collision: dict[str, object]) -> None:
    made = opened("sqlite://")
    schema.create(made)
    other = {**_ROW, "position": 2, "recorded_at": 2, "version": 2, "state": b"other", **collision}
    with made.appending() as connection:
        connection.execute(sa.insert(EVENT), _ROW)
    with made.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError, match="append-only"):
        connection.execute(sa.insert(EVENT).prefix_with("OR REPLACE"), other)
    with made.reading() as connection:
        assert connection.scalars(sa.select(EVENT.c.state)).all() == [b"s"]


def test_events_cannot_be_truncated_on_postgres(opened: Opened, postgres_url: str) -> None:
    made = opened(postgres_url)
    schema.create(made)
    _refused(made, "TRUNCATE event")
    _refused(made, "SET session_replication_role = replica; TRUNCATE event")


def test_a_placement_cannot_begin_later_than_the_skew_allows(made: Database) -> None:
    Projector(made).prepare()
    row = {"slot_id": 1, "valid_from": 300_000_001, "rank": 0, "position": 1, "recorded_at": 0}
    with made.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError, match="not_ahead"):
        connection.execute(sa.insert(PLACEMENT), row)


def test_postgres_reads_placements_from_the_index_alone(opened: Opened, postgres_url: str) -> None:
    made = opened(postgres_url)
    schema.create(made)
    Projector(made).prepare()
    with made.reading() as connection:
        constraint = sa.inspect(connection).get_pk_constraint(PLACEMENT.name)
    assert constraint["dialect_options"] == {"postgresql_include": ["superseded", "release"]}


@pytest.mark.parametrize("what", ["TABLE event", "COLUMN topic"])
def test_a_table_or_a_column_that_is_gone_is_an_altered_database(made: Database, what: str) -> None:
    kind, name = what.split()
    if made.is_postgres:
        run(
            made, f"DROP TABLE {name} CASCADE" if kind == "TABLE" else f"ALTER TABLE event DROP COLUMN {name}"
        )
    else:
        run(made, f"DROP TABLE {name}" if kind == "TABLE" else f"ALTER TABLE event RENAME COLUMN {name} TO x")
    with pytest.raises(BrokenLedger, match=name), made.reading() as connection:
        connection.execute(sa.select(EVENT.c.topic))


def test_a_mistake_of_ours_is_no_refusal(opened: Opened, postgres_url: str) -> None:
    made = opened(postgres_url)
    with pytest.raises(sa.exc.DBAPIError), made.reading() as connection:
        connection.exec_driver_sql("SELECT 1 FROM")


@pytest.mark.parametrize("url", ["s3cret:foo", "mysql://u:s3cret@h/d", "postgresql+psycopg://u:s3cret@h:x/d"])
def test_a_url_of_no_database_of_ours_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(MalformedValue) as refused:
        Database(url)
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


def _refused(database: Database, statement: str) -> None:
    with database.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        connection.exec_driver_sql(statement)
