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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import alone, comparison, copies, filling, standing, upkeep
from adapters.readmodels.checked import Checked, Events
from adapters.readmodels.copies import NEXT
from adapters.readmodels.filling import Page
from adapters.readmodels.indexes import LaterIndexes
from adapters.readmodels.projection import Projection
from adapters.readmodels.projector import Projector
from adapters.readmodels.turns import Turns
from domain.errors import LedgerError, LedgerUnavailable
from domain.event import Recorded
from domain.instant import from_micros

PAGE_EVENTS = 1000
"""How many events are read and written at once: on SQLite, a writer waits for one such page, some 40 ms."""
SWAP_WAIT_MILLISECONDS = 200
"""How long everyone may be kept waiting for a reader that still uses the tables (PostgreSQL). Less than
`deadlock_timeout`, so that it is this side that gives way."""
SWAP_ATTEMPTS = 600
SWAP_PAUSE_SECONDS = 1.0
SAME_PLACE_ATTEMPTS = 1000
_TAKEN_OVER = "another rebuild has begun meanwhile, the lock of this one was lost: see what that one does"

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
        self._ahead = ahead or self._here
        self._progress = progress
        self._checked = Checked(events)
        self._next = projection.name + NEXT
        self._turns = Turns(database)
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
        return Rebuilt(self._checked.position, differing)

    def _begin(self) -> LaterIndexes:
        self._drop_leftovers()
        Projector(self._database, projection=self._projection).prepare()
        tables, late = self._projection.tables, self._projection.read_by_key
        with self._database.appending() as connection:
            lacking = copies.make(connection, tables, NEXT, without_indexes=late)
            standing.begin(connection, self._next)
        return LaterIndexes(lacking)

    def _fill(self) -> LaterIndexes:
        """Fill a next copy with what the ledger holds; return what it lacks."""
        with self._ahead(PAGE_EVENTS) as pages:
            indexes = self._begin()
            for page in pages:
                again = self._events.many_at(page.again) if page.again else ()
                with self._turns.one() as connection:
                    self._advance(connection, page.first, page.last)
                    with copies.meant(connection, self._projection.tables, NEXT):
                        self._projection.put(connection, page.content, again)
                self._make(indexes.due(page.rows))
                self._checked.go_on(page.last, from_micros(page.recorded_at))
                self._progress(page.last)
        return indexes

    def _finish(self, lacking: LaterIndexes) -> None:
        self._make(lacking.rest())
        if self._database.is_postgres:
            self._gather_statistics()

    @contextmanager
    def _here(self, events: int) -> Iterator[Iterator[Page]]:
        """Read in this process what the next copy is filled with."""
        fold = self._projection.folding(lambda: upkeep.next_copy(self._database, self._projection))
        yield filling.pages(self._checked, fold, events)

    def _make(self, indexes: Iterator[sa.Index]) -> None:
        for index in indexes:
            with self._turns.one() as connection:
                if self._database.is_postgres:
                    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                index.create(connection)

    def _follow(self) -> None:
        """Take in what was recorded since, up to a page that is not full."""
        full = True
        while full:
            page = self._checked.page(PAGE_EVENTS)
            if page:
                with self._turns.one() as connection:
                    self._take(connection, page)
                self._progress(self._checked.position)
            full = len(page) == PAGE_EVENTS

    def _take(self, connection: sa.Connection, page: Sequence[Recorded]) -> None:
        self._advance(connection, page[0].position, page[-1].position)
        with copies.meant(connection, self._projection.tables, NEXT):
            self._projection.take(connection, page)

    def _advance(self, connection: sa.Connection, first: int, last: int) -> None:
        if not standing.advance(connection, self._next, first - 1, last):
            raise LedgerUnavailable(_TAKEN_OVER)

    def _reach_head(self, connection: sa.Connection) -> None:
        """Take in what was recorded meanwhile, under the append lock."""
        if self._database.in_memory:
            return  # one connection, and no other process
        while page := self._checked.page(PAGE_EVENTS):
            self._take(connection, page)

    def _compare(self) -> tuple[str, ...] | None:
        """Return the tables that differ, in a snapshot in which both copies stand at one position."""
        for _ in range(SAME_PLACE_ATTEMPTS):
            self._follow()
            self._bring_up_live_ones()
            with self._database.appending() as connection:
                self._reach_head(connection)
                live = standing.find(connection, self._projection.name)
                if live is not None and live > self._checked.position:
                    return None  # of another ledger, or of what this one has lost
            with self._database.snapshot() as connection:
                live = standing.find(connection, self._projection.name)
                if live == self._checked.position:
                    return comparison.differing(connection, self._projection.tables, NEXT)
                if live is None or live < self._checked.position:
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
                live.keep_up(self._checked.position)

    def _swap(self) -> None:
        for _ in range(SWAP_ATTEMPTS):
            self._follow()
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
            self._reach_head(connection)
            if standing.find(connection, self._next) != self._checked.position:
                raise LedgerUnavailable(_TAKEN_OVER)
            copies.swap(connection, tables)
            standing.end(connection, self._next)
            standing.end(connection, self._projection.name)
            standing.begin(connection, self._projection.name, self._checked.position)

    def _drop_leftovers(self) -> None:
        upkeep.drop_leftovers(self._database, self._projection)

    def _gather_statistics(self) -> None:
        upkeep.gather_statistics(self._database, copies.of(self._projection.tables, NEXT))
