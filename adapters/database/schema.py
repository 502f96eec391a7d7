"""The schema as a whole: make it, bring it up to date, say whether this program can use it.

Alembic is imported only to change something: a normal start reads one row.
"""

from pathlib import Path

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.database.metadata import SCHEMA_REVISION
from domain.errors import LedgerUnavailable, NotALedger

MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION = sa.table("alembic_version", sa.column("version_num", sa.Text))
_REVISION = sa.select(_VERSION.c.version_num)


def create(database: Database) -> None:
    """Make the tables of a ledger, all or none; nothing happens when they are there.

    Raises `NotALedger` when something else is there.
    """
    with database.appending() as connection:
        found = _revision(connection)
        if found is None and sa.inspect(connection).get_table_names():
            raise NotALedger("the database holds tables, and they are not a ledger's")
        if found != SCHEMA_REVISION:
            _migrate(connection)


def upgrade(database: Database) -> None:
    """Bring the tables to the revision of this program, in one transaction.

    Raises `NotALedger` when there are none, or when nobody here knows their revision.
    """
    _check_file(database)
    with database.appending() as connection:
        found = _revision(connection)
        if found is None:
            raise NotALedger("there is no ledger in the database")
        if found != SCHEMA_REVISION:
            _migrate(connection)


def check(database: Database) -> None:
    """Return when this program can read and write what is there.

    Raises `NotALedger` when there is nothing, and `LedgerUnavailable` when the
    tables are of an older or a newer program. Never makes a file.
    """
    _check_file(database)
    with database.reading() as connection:
        found = _revision(connection)
    if found is None:
        raise NotALedger("there is no ledger in the database")
    if found < SCHEMA_REVISION:
        raise LedgerUnavailable(
            f"the database has schema {found}, this program needs {SCHEMA_REVISION}: upgrade it"
        )
    if found > SCHEMA_REVISION:
        raise LedgerUnavailable(
            f"the database has schema {found}, this program knows {SCHEMA_REVISION}: run a newer program"
        )


def _check_file(database: Database) -> None:
    """Refuse a missing file before SQLite makes an empty one."""
    if database.is_postgres or database.in_memory:
        return
    assert database.url.database is not None, "a file has a name"
    if not Path(database.url.database).exists():
        raise NotALedger(f"there is no ledger at {database.url.database}")


def _revision(connection: sa.Connection) -> str | None:
    """Return the revision of the tables; None when there are none of ours."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(_REVISION)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - 0.2 s that a normal start does not need
    from alembic.config import Config  # noqa: PLC0415 - the same
    from alembic.util import CommandError  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as unknown:
        raise NotALedger(f"the database cannot be brought up to date: {unknown}") from unknown
