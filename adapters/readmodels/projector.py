"""The projector: keeps the tables up to the ledger, in its transactions, or catches up in batches."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import copies, standing
from adapters.readmodels.projection import PAGE_EVENTS, PLACEMENTS, Projection
from domain.errors import BrokenLedger
from domain.event import Recorded

LAG_EVENTS_MAX = 1000
"""How many events an append takes in besides its own, when a program of another version recorded them."""

ReadPage = Callable[[int, int], Sequence[Recorded]]
"""Takes a position and a limit; returns that many events following that position, in order."""


def _nothing(_after: int, _limit: int) -> Sequence[Recorded]:
    return ()


class Projector:
    """Applies events to the tables in order, each once.

    Every process decides alike, under the append lock: a projection that stands
    just before the fresh events takes them in, one that is a little behind takes
    in what it missed as well, and one that is far behind stays so until somebody
    catches up. A program that does not know the projection leaves it behind, and
    harms nothing.
    """

    def __init__(
        self, database: Database, *, projection: Projection = PLACEMENTS, read_page: ReadPage = _nothing
    ) -> None:
        """Keep *projection* in *database*; *read_page* reads what it missed from the ledger."""
        self._database = database
        self._projection = projection
        self._read_page = read_page

    def prepare(self) -> None:
        """Make the tables, empty, unless their row says that they are there: no migration does."""
        with self._database.reading() as connection:
            if standing.find(connection, self._projection.name) is not None:
                return
        with self._database.appending() as connection:
            if standing.find(connection, self._projection.name) is None:
                copies.drop(connection, self._projection.tables)
                copies.make(connection, self._projection.tables)
                standing.begin(connection, self._projection.name)

    def apply(self, connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
        """Take in *recorded*, inside the append's own transaction."""
        if not recorded:
            return
        before, after = recorded[0].position - 1, recorded[-1].position
        if standing.advance(connection, self._projection.name, before, after):
            self._take(connection, recorded)
        elif (missed := self._missed(connection, before)) and standing.advance(
            connection, self._projection.name, missed[0].position - 1, after
        ):
            self._take(connection, [*missed, *recorded])

    def position(self) -> int:
        """Return the position of the last event taken in."""
        with self._database.reading() as connection:
            found = standing.find(connection, self._projection.name)
        assert found is not None, "whoever opens a ledger prepares its projection"
        return found

    def catch_up(self, page_size: int = PAGE_EVENTS) -> int:
        """Bring the tables to the ledger's head; return how many events that took.

        The last page is read again under the append lock, so that no writer can
        keep the head out of reach. Safe while others append or catch up.
        """
        taken = 0
        while True:
            page = self._read_page(self.position(), page_size)
            last = len(page) < page_size
            with self._database.appending() as connection:
                at = standing.find(connection, self._projection.name)
                assert at is not None, "it was there a moment ago"
                # In memory there is one connection, and no other process to outrun.
                if last and not self._database.in_memory:
                    page = self._read_page(at, page_size)
                    last = len(page) < page_size
                if page and page[0].position <= at:
                    continue  # somebody else took them in meanwhile
                if page:
                    self._check_gapless(at, page)
                    self.apply(connection, page)
                    taken += len(page)
            if last and (not page or not self._database.in_memory):
                return taken

    def keep_up(self, head: int, events_max: int = PAGE_EVENTS) -> int:
        """Catch up with *head* if at most *events_max* events are missing; return where the tables stand."""
        at = self.position()
        if not at < head <= at + events_max:
            return at
        self.catch_up(LAG_EVENTS_MAX)
        return self.position()  # wherever we or others who did the same have brought it

    def _missed(self, connection: sa.Connection, before: int) -> Sequence[Recorded]:
        """Return the few events between where the tables stand and *before*, inclusive; none if too many."""
        at = standing.find(connection, self._projection.name)
        if at is None or not at < before <= at + LAG_EVENTS_MAX or self._database.in_memory:
            return ()
        page = self._read_page(at, before - at)
        self._check_gapless(at, page)
        return page

    @staticmethod
    def _check_gapless(at: int, page: Sequence[Recorded]) -> None:
        """Refuse events that do not follow position *at* one by one: the record was altered."""
        for expected, recorded in enumerate(page, at + 1):
            if recorded.position != expected:
                raise BrokenLedger(f"after position {expected - 1} comes position {recorded.position}")

    def _take(self, connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
        for start in range(0, len(recorded), PAGE_EVENTS):
            self._projection.take(connection, recorded[start : start + PAGE_EVENTS])
