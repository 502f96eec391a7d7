"""Copies of the derived tables: the live one, the next one being filled, the last one on its way out.

All copies have one definition. What reads and writes them is written for the live tables; on a
connection that is `meant` for a copy, their names mean the copy's tables.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import conv

NEXT, LAST = "_next", "_last"
"""What the names of a copy's tables end with; those of the live one with nothing."""
_TAGS = ("", "_b")
"""What tells apart the indexes of a copy and its successor: SQLite can rename tables, but no indexes."""


def make(
    connection: sa.Connection,
    tables: Sequence[sa.Table],
    suffix: str = "",
    *,
    without_indexes: Collection[sa.Table] = (),
) -> Mapping[str, Sequence[sa.Index]]:
    """Make a copy, empty; its index names are those that the live tables do not use.

    Those *without_indexes* have their constraints alone; the rest is returned, by name of the live table.
    """
    taken = _index_names(connection, tables)
    left = {}
    for live, *copied in zip(tables, *(_copied(tables, suffix, tag) for tag in _TAGS), strict=True):
        table = next(each for each in copied if not taken & _names(each))
        if live in without_indexes:
            left[live.name] = sorted(table.indexes, key=lambda index: str(index.name))
            table.indexes.clear()
        table.create(connection, checkfirst=False)
    return left


def drop(connection: sa.Connection, tables: Sequence[sa.Table], suffix: str = "") -> None:
    """Drop what there is of a copy."""
    for table in _copied(tables, suffix, ""):
        table.drop(connection, checkfirst=True)


def swap(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Make the next copy the live one, and what there is of the live one the last."""
    live = there(connection, tables)
    for table in tables:
        if table in live:
            _rename(connection, table.name, table.name + LAST)
        _rename(connection, table.name + NEXT, table.name)


def there(connection: sa.Connection, tables: Sequence[sa.Table]) -> list[sa.Table]:
    """Return those of the live *tables* that nobody dropped."""
    found = set(sa.inspect(connection).get_table_names())
    return [table for table in tables if table.name in found]


@contextmanager
def meant(connection: sa.Connection, tables: Sequence[sa.Table], suffix: str) -> Iterator[sa.Connection]:
    """Lend *connection*; meanwhile the names of the live tables mean those of a copy on it."""
    name = re.compile(rf"\b({'|'.join(table.name for table in tables)})\b", re.ASCII)

    def rename(*statement_in_place: Any) -> tuple[str, Any]:
        _, _, statement, parameters, _, _ = statement_in_place
        return name.sub(rf"\g<1>{suffix}", statement), parameters

    sa.event.listen(connection, "before_cursor_execute", rename, retval=True)
    try:
        yield connection.execution_options(shiplog_copy=suffix)
    finally:
        connection.execution_options(shiplog_copy="")
        sa.event.remove(connection, "before_cursor_execute", rename)


def suffix(connection: sa.Connection) -> str:
    """Return what the names of tables end with on *connection*, for whoever goes past SQLAlchemy."""
    found: str = connection.get_execution_options().get("shiplog_copy", "")
    return found


def of(tables: Sequence[sa.Table], suffix: str) -> list[sa.Table]:
    """Return the tables of a copy, to read them by."""
    return _copied(tables, suffix, "")


def _rename(connection: sa.Connection, source: str, goal: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"ALTER TABLE {quoted(source)} RENAME TO {quoted(goal)}")


def _copied(tables: Sequence[sa.Table], suffix: str, tag: str) -> list[sa.Table]:
    metadata = sa.MetaData()
    copied = []
    for table in tables:
        copy = table.to_metadata(metadata, name=table.name + suffix)
        parts: list[Any] = [*copy.constraints, *copy.indexes]
        for named in parts:
            assert named.name is not None, "the naming convention names everything"
            named.name = conv(str(named.name).replace(table.name, table.name + tag, 1))
        copied.append(copy)
    return copied


def _index_names(connection: sa.Connection, tables: Sequence[sa.Table]) -> set[str]:
    inspector = sa.inspect(connection)
    found = set()
    for table in there(connection, tables):
        found |= {str(index["name"]) for index in inspector.get_indexes(table.name)}
        found.add(str(inspector.get_pk_constraint(table.name)["name"]))
    return found


def _names(copy: sa.Table) -> set[str]:
    return {str(index.name) for index in copy.indexes} | {str(copy.primary_key.name)}
