"""Many rows or keys in one statement, handed to the driver as they are.

SQLAlchemy prepares each value of each row for a type that may need it. Ours are integers, text and
bytes, which both drivers take as they are; left out, a batch of a thousand rows costs half as much.
psycopg sends a message for each row: an array for each column costs it, and the server, half as much again.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

KEYS_AT_ONCE = 512
"""With two or three values to a key, well below what SQLite takes as parameters of one statement."""
_KEYS = "(KEYS)"


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add *rows* to *table*; all have the same columns."""
    names = tuple(rows[0])
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        columns = (_column(row[name] for row in rows) for name in names)
        connection.exec_driver_sql(_unnested(table, names, connection.dialect), tuple(columns))
        return
    text, order = _insertion(table, names, connection.dialect)
    connection.exec_driver_sql(text, list(map(order, rows)))


def one_of(*columns: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that *columns* are one of the keys that `rows` is given."""
    left: Any = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
    condition: sa.ColumnElement[bool] = left.op("IN", is_comparison=True)(sa.literal_column(_KEYS))
    return condition


def rows(connection: sa.Connection, query: sa.Select[Any], keys: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
    """Return the rows of *query*, which has one condition `one_of` and no other parameter, for *keys*."""
    wanted = list(keys)
    text = _text(query, connection.dialect)
    if connection.dialect.name == "postgresql":
        arrays = tuple(map(list, zip(*wanted, strict=True)))
        return connection.exec_driver_sql(text.replace(f"IN {_KEYS}", _among(len(arrays))), arrays)
    found: list[Any] = []
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        part = wanted[start : start + KEYS_AT_ONCE]
        part += part[-1:] * (_next_power(len(part)) - len(part))  # few texts, so that they stay prepared
        marks = _marks(len(part), len(part[0]))
        found += connection.exec_driver_sql(text.replace(_KEYS, marks), tuple(chain.from_iterable(part)))
    return found


@lru_cache(maxsize=256)
def _insertion(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> tuple[str, Any]:
    """Return the statement, and what makes its parameters of a row."""
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=list(names))
    positions = getattr(compiled, "positiontup", None)
    return str(compiled), dict if positions is None else itemgetter(*positions)


@lru_cache(maxsize=256)
def _unnested(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> str:
    """Return the statement that takes each column as an array: one text, and one message, for any number."""
    quote = dialect.identifier_preparer.quote
    arrays = (f"%b::{table.c[name].type.compile(dialect)}[]" for name in names)
    columns = ", ".join(map(quote, names))
    return f"INSERT INTO {quote(table.name)} ({columns}) SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - our own names


def _column(values: Iterable[Any]) -> list[Any] | None:
    """Return *values* as an array; none at all, whose type the driver could not tell, as no array."""
    array = list(values)
    return array if any(value is not None for value in array) else None


@lru_cache(maxsize=256)
def _text(query: sa.Select[Any], dialect: sa.Dialect) -> str:
    return str(query.compile(dialect=dialect))


def _among(width: int) -> str:
    """Return the condition on keys of *width* values each, as PostgreSQL takes them: an array for each."""
    return "= ANY(%b)" if width == 1 else f"IN (SELECT * FROM unnest({', '.join(['%b'] * width)}))"  # noqa: S608 - no names


@lru_cache(maxsize=256)
def _marks(count: int, width: int) -> str:
    """Return placeholders for *count* keys of *width* values each, as SQLite takes them fastest."""
    one = "?" if width == 1 else f"({', '.join('?' * width)})"
    return f"({'VALUES ' if width > 1 else ''}{', '.join([one] * count)})"


def _next_power(count: int) -> int:
    return 1 << (count - 1).bit_length()
