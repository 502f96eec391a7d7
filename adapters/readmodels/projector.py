"""The projector: keeps the tables up to the ledger, in its transactions, or catches up in batches."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import fold, known
from adapters.readmodels.batch import Batch
from adapters.readmodels.tables import DERIVED, PROJECTION
from domain.event import Recorded

NAME = "placements.v1"
PAGE_EVENTS = 5000
"""How many events are applied in one transaction while catching up; measured at 1 to 100,000."""

ReadPage = Callable[[int, int], Sequence[Recorded]]
"""Takes a position and a limit; returns that many events following that position, in order."""

_POSITION = sa.select(PROJECTION.c.position).where(PROJECTION.c.name == NAME)
_ADVANCE = (
    sa.update(PROJECTION)
    .where(PROJECTION.c.name == NAME, PROJECTION.c.position == sa.bindparam("before"))
    .values(position=sa.bindparam("after"))
)


class Projector:
    """Applies events to the tables in order, each once.

    Every process decides alike, under the append lock: a projection that stands
    just before the fresh events takes them in, one that is behind stays behind
    until somebody catches up. An older program that does not know the projection
    leaves it behind, and harms nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
        """Take in *recorded*, inside the append's own transaction."""
        if not recorded:
            return
        place = {"before": recorded[0].position - 1, "after": recorded[-1].position}
        if connection.execute(_ADVANCE, place).rowcount == 0:
            return
        for start in range(0, len(recorded), PAGE_EVENTS):
            _write(connection, recorded[start : start + PAGE_EVENTS])

    def position(self) -> int:
        """Return the position of the last event taken in."""
        with self._database.reading() as connection:
            return _position(connection)

    def catch_up(self, read_page: ReadPage, page_size: int = PAGE_EVENTS) -> int:
        """Bring the tables to the ledger's head; return how many events that took.

        The last page is read again under the append lock, so that no writer can
        keep the head out of reach. Safe while others append or catch up.
        """
        taken = 0
        while True:
            page = read_page(self.position(), page_size)
            last = len(page) < page_size
            with self._database.appending() as connection:
                at = _position(connection)
                # In memory there is one connection, and no other process to outrun.
                if last and not self._database.in_memory:
                    page = read_page(at, page_size)
                    last = len(page) < page_size
                if page and page[0].position == at + 1:
                    self.apply(connection, page)
                    taken += len(page)
            if last and (not page or not self._database.in_memory):
                return taken

    def rebuild(self, read_page: ReadPage, page_size: int = PAGE_EVENTS) -> int:
        """Empty the tables and fill them again; until then, readers are refused what is not there yet."""
        with self._database.appending() as connection:
            for table in DERIVED:
                connection.execute(sa.delete(table))
            connection.execute(sa.update(PROJECTION).where(PROJECTION.c.name == NAME).values(position=0))
        return self.catch_up(read_page, page_size)


def _position(connection: sa.Connection) -> int:
    found: int | None = connection.scalar(_POSITION)
    assert found is not None, "the schema has a row for every projection"
    return found


def _write(connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
    batch = Batch(known.load(connection, [each.event for each in recorded]))
    for each in recorded:
        fold.take(batch, each)
    batch.write(connection)
