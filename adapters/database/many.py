"""Many rows or keys in one statement, handed to the driver as they are.

SQLAlchemy prepares each value of each row for a type that may need it. Ours are integers, text and
bytes, which both drivers take as they are; left out, a batch of a thousand rows costs half as much.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

KEYS_AT_ONCE = 512
"""With two or three values to a key, well below what either database takes as parameters of one statement."""
_KEYS = "(KEYS)"


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add *rows* to *table*; all have the same columns."""
    text, order = _insertion(table, tuple(rows[0]), connection.dialect)
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
    found: list[Any] = []
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        part = wanted[start : start + KEYS_AT_ONCE]
        part += part[-1:] * (_next_power(len(part)) - len(part))  # few texts, so that they stay prepared
        marks = _marks(len(part), len(part[0]), connection.dialect.name)
        found += connection.exec_driver_sql(text.replace(_KEYS, marks), tuple(chain.from_iterable(part)))
    return found


@lru_cache(maxsize=256)
def _insertion(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> tuple[str, Any]:
    """Return the statement, and what makes its parameters of a row."""
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=list(names))
    positions = getattr(compiled, "positiontup", None)
    return str(compiled), dict if positions is None else itemgetter(*positions)


@lru_cache(maxsize=256)
def _text(query: sa.Select[Any], dialect: sa.Dialect) -> str:
    return str(query.compile(dialect=dialect))


@lru_cache(maxsize=256)
def _marks(count: int, width: int, dialect: str) -> str:
    """Return placeholders for *count* keys of *width* values each, as each database takes them fastest."""
    mark = "?" if dialect == "sqlite" else "%s"
    one = mark if width == 1 else f"({', '.join([mark] * width)})"
    row_values = "VALUES " if dialect == "sqlite" and width > 1 else ""
    return f"({row_values}{', '.join([one] * count)})"


def _next_power(count: int) -> int:
    return 1 << (count - 1).bit_length()
