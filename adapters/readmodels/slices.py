"""A page in parts that are written one after the other, each sorted by key, each in its own transaction."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from adapters.readmodels.filling import Content, Rows

ROWS_MAX = 8000
"""How many rows are written at once: on SQLite, a writer waits for one such part, some 40 ms."""


def slices(content: Content, tables: Sequence[sa.Table]) -> Iterator[Content]:
    """Yield parts of *content*, which is for *tables*; the last one withdraws, and has what is read again.

    Where the key is the place of a row, neighbours are written together.
    """
    by_name = {table.name: table for table in tables}
    part: list[Rows] = []
    room = ROWS_MAX
    for name, columns, rows in content.rows:
        rows.sort(key=_key(by_name[name], columns))
        start = 0
        while start < len(rows):
            part.append((name, columns, rows[start : start + room]))
            start, room = start + room, room - len(part[-1][2])
            if not room:
                yield Content(part, [], [])
                part, room = [], ROWS_MAX
    yield Content(part, content.withdrawn, content.again)


@lru_cache(maxsize=256)
def _key(table: sa.Table, columns: tuple[str, ...]) -> Callable[[tuple[Any, ...]], Any]:
    return itemgetter(*(columns.index(column.name) for column in table.primary_key))
