"""Whether two copies of the derived tables hold the same rows."""

from collections.abc import Sequence

import sqlalchemy as sa

from adapters.readmodels import copies


def differing(connection: sa.Connection, tables: Sequence[sa.Table], suffix: str) -> tuple[str, ...]:
    """Return the names of the live *tables* that hold something else than the copy named by *suffix*.

    A table that is gone, or has other columns than it was made with, holds something else.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    inspector = sa.inspect(connection)
    there = {
        table.name: {column["name"] for column in inspector.get_columns(table.name)}
        for table in tables
        if inspector.has_table(table.name)
    }
    return tuple(
        live.name
        for live, copy in zip(tables, copies.of(tables, suffix), strict=True)
        if there.get(live.name) != set(live.columns.keys()) or not _same(connection, live, copy)
    )


def _same(connection: sa.Connection, live: sa.Table, copy: sa.Table) -> bool:
    """Compare in the database: as many rows, and each of the copy, whose keys are its own, in both."""
    counts = [sa.select(sa.func.count()).select_from(table).scalar_subquery() for table in (live, copy)]
    ours, theirs = connection.execute(sa.select(*counts)).one()
    return bool(ours == theirs and not connection.scalar(_only_in(copy, live)))


def _only_in(copy: sa.Table, live: sa.Table) -> sa.Select[tuple[bool]]:
    """Ask whether *copy* has a row that *live* has not."""
    key = copy.primary_key.columns.keys()
    rest = set(copy.columns.keys()) - set(key)
    same = [live.c[name] == copy.c[name] for name in key]
    same += [live.c[name].is_not_distinct_from(copy.c[name]) for name in rest]
    found = sa.exists().select_from(live).where(*same).correlate(copy)
    return sa.select(sa.exists().select_from(copy).where(~found))
