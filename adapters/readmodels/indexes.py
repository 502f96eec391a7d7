"""Indexes of a copy that are made when its rows are there: sorted once, instead of a place found for each.

On 100,000 declarations that spares a third of the work of writing them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa

from adapters.readmodels.filling import Rows

ROWS_MAX = 100_000
"""With so many rows a table gets its indexes, and keeps them up from there on: making one of them keeps a
writer on SQLite waiting some 80 ms, not much longer than a page of events does."""


class LaterIndexes:
    """What some tables of a copy still lack."""

    def __init__(self, lacking: Mapping[str, Sequence[sa.Index]]) -> None:
        """Begin with tables without rows, and the indexes they lack, by name of the live table."""
        self._lacking = dict(lacking)
        self._rows: Counter[str] = Counter()

    def due(self, written: Iterable[Rows]) -> Iterator[sa.Index]:
        """Return the indexes to make now that this is *written*."""
        for name, _, rows in written:
            self._rows[name] += len(rows)
            if self._rows[name] >= ROWS_MAX:
                yield from self._lacking.pop(name, ())

    def rest(self) -> Iterator[sa.Index]:
        """Return all that are left to make."""
        while self._lacking:
            yield from self._lacking.popitem()[1]
