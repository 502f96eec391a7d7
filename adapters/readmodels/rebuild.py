"""Rebuilding the derived tables beside those that are in use, from events whose chain is checked.

 1. Only one rebuild at a time; what an interrupted one left behind is dropped.
 2. A next copy of the tables is filled, in short transactions that leave writers room, from events that
    another process reads, checks and folds meanwhile. What is recorded after its last page follows.
 3. At the head of the ledger it is compared with the live one, in one snapshot of the database.
 4. Under the append lock it takes in what came meanwhile, and the names change places.
 5. The last copy is dropped.
Readers and writers go on throughout. A crash at any point leaves the live tables whole.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

from adapters.database.database import Database
from adapters.readmodels import alone, comparison, copies, standing, upkeep
from adapters.readmodels.checked import Events
from adapters.readmodels.copies import NEXT
from adapters.readmodels.filling import Page
from adapters.readmodels.indexes import LaterIndexes
from adapters.readmodels.next_copy import NextCopy
from adapters.readmodels.projection import Projection
from adapters.readmodels.projector import Projector
from domain.errors import LedgerError, LedgerUnavailable

PAGE_EVENTS = 1000
"""How many events are read at once; see `filling` and `slices` for how many are written."""
SWAP_WAIT_MILLISECONDS = 200
"""How long everyone may be kept waiting for a reader that still uses the tables (PostgreSQL). Less than
`deadlock_timeout`, so that it is this side that gives way."""
SWAP_ATTEMPTS = 600
SWAP_PAUSE_SECONDS = 1.0
SAME_PLACE_ATTEMPTS = 1000

Ahead = Callable[[int], AbstractContextManager[Iterator[Page]]]
"""Takes the page size; lends the pages of the whole ledger, as `filling.pages` makes them."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    events: int
    differing: tuple[str, ...] | None
    """Live tables that held something else; None when there was nothing to compare with."""


class Rebuild:
    """One rebuild of one projection."""

    def __init__(
        self,
        database: Database,
        projection: Projection,
        events: Events,
        *,
        ahead: Ahead | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Rebuild *projection* in *database* from *events*; tell *progress* each position.

        They are read by *ahead*, if it is given, as far as it goes, and by *events* from there on.
        """
        self._database = database
        self._projection = projection
        self._events = events
        self._next = NextCopy(database, projection, events, page_events=PAGE_EVENTS, progress=progress)
        self._ahead: Ahead = ahead or (lambda _: nullcontext(self._next.pages()))
        self._nobody = threading.Event()

    def run(self, *, check: bool = False) -> Rebuilt:
        """Do it. With *check*, compare and drop the copy instead of putting it in use.

        Raises `BrokenLedger` when an event is not what was signed or not in its
        place, and `LedgerUnavailable` when another rebuild is under way or the
        tables stay in use; the live tables are then as they were.
        """
        with alone.rebuilding(self._database), upkeep.garbage_looked_for_rarely():
            try:
                lacking = self._fill()
                if self._database.is_postgres:  # neither keeps the other waiting
                    with ThreadPoolExecutor(max_workers=1) as beside:
                        finished = beside.submit(self._finish, lacking)
                        differing = self._compare()
                        finished.result()
                else:
                    self._finish(lacking)
                    differing = self._compare()
                if not check:
                    self._swap()
            finally:
                with suppress(LedgerUnavailable):
                    self._drop_leftovers()
        return Rebuilt(self._next.position, differing)

    def _begin(self) -> LaterIndexes:
        self._drop_leftovers()
        Projector(self._database, projection=self._projection).prepare()
        return self._next.make()

    def _fill(self) -> LaterIndexes:
        """Fill a next copy with what the ledger holds; return what it lacks."""
        with self._ahead(PAGE_EVENTS) as pages:
            indexes = self._begin()
            for page in pages:
                self._next.put(page)
                self._next.index(indexes.due(page.rows))
        return indexes

    def _finish(self, lacking: LaterIndexes) -> None:
        self._next.index(lacking.rest())
        if self._database.is_postgres:
            self._gather_statistics()

    def _compare(self) -> tuple[str, ...] | None:
        """Return the tables that differ, in a snapshot in which both copies stand at one position."""
        for _ in range(SAME_PLACE_ATTEMPTS):
            self._next.follow()
            self._bring_up_live_ones()
            with self._database.appending() as connection:
                self._next.reach_head(connection)
                live = standing.find(connection, self._projection.name)
                if live is not None and live > self._next.position:
                    return None  # of another ledger, or of what this one has lost
            with self._database.snapshot() as connection:
                live = standing.find(connection, self._projection.name)
                if live == self._next.position:
                    return comparison.differing(connection, self._projection.tables, NEXT)
                if live is None or live < self._next.position:
                    return None
        raise LedgerUnavailable("the ledger is too busy to compare its read models: try again later")

    def _bring_up_live_ones(self) -> None:
        """Let live tables that are a little behind take in what they missed, as a question would.

        Those that never took in anything, or are too far behind to answer, hold nothing to compare with.
        """
        live = Projector(
            self._database,
            projection=self._projection,
            read_page=lambda after, limit: [each for each, _ in self._events.opened(after, limit)],
        )
        with suppress(LedgerError):  # whatever is wrong with them, they are about to be replaced
            if live.position():
                live.keep_up(self._next.position)

    def _swap(self) -> None:
        for _ in range(SWAP_ATTEMPTS):
            self._next.follow()
            with suppress(upkeep.InUse):
                self._try_to_swap()
                return
            self._nobody.wait(SWAP_PAUSE_SECONDS)
        raise LedgerUnavailable("readers keep the tables in use, a dump for instance: try again later")

    def _try_to_swap(self) -> None:
        tables = self._projection.tables
        with self._database.appending() as connection:
            if self._database.is_postgres:
                both = [*copies.there(connection, tables), *copies.of(tables, NEXT)]
                upkeep.take_over(connection, both, wait_milliseconds=SWAP_WAIT_MILLISECONDS)
            self._next.reach_head(connection)
            self._next.put_in_use(connection)

    def _drop_leftovers(self) -> None:
        upkeep.drop_leftovers(self._database, self._projection)

    def _gather_statistics(self) -> None:
        upkeep.gather_statistics(self._database, copies.of(self._projection.tables, NEXT))
