"""Rebuilding the derived tables beside those that are in use, from events whose chain is checked.

 1. Only one rebuild at a time; what an interrupted one left behind is dropped.
 2. A next copy of the tables is filled, in short transactions that leave writers room. On PostgreSQL,
    where they keep nobody waiting, a second thread reads and checks the next events meanwhile.
 3. At the head of the ledger it is compared with the live one, in one snapshot of the database.
 4. Under the append lock it takes in what came meanwhile, and the names change places.
 5. The last copy is dropped.
Readers and writers go on throughout. A crash at any point leaves the live tables whole.
"""

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import alone, comparison, copies, standing
from adapters.readmodels.copies import LAST, NEXT
from adapters.readmodels.projection import Projection
from adapters.readmodels.projector import Projector
from domain.errors import LedgerUnavailable
from domain.event import Recorded
from domain.proof.chain import Links

PAGE_EVENTS = 1000
"""How many events are read and written at once: on SQLite, a writer waits for one such page, some 40 ms."""
SWAP_WAIT_MILLISECONDS = 200
"""How long everyone may be kept waiting for a reader that still uses the tables (PostgreSQL). Less than
`deadlock_timeout`, so that it is this side that gives way."""
SWAP_ATTEMPTS = 600
SWAP_PAUSE_SECONDS = 1.0
SAME_PLACE_ATTEMPTS = 1000
_GARBAGE = (50_000, 20, 100)
_TURN_SECONDS = 0.0005
"""Whoever waited for the database wants the interpreter back, several times in a page."""
_TAKEN_OVER = "another rebuild has begun meanwhile, the lock of this one was lost: see what that one does"
_LOCK_NOT_AVAILABLE = "55P03"

ReadOpened = Callable[[int, int], Sequence[tuple[Recorded, bytes | None]]]
"""Takes a position and a limit; returns that many events following that position, each with the digest
it names as its predecessor. Raises `BrokenLedger` for a row that is not what was signed."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    events: int
    differing: tuple[str, ...] | None
    """Live tables that held something else; None when there was nothing to compare with."""


class _InUse(Exception):
    """Readers are using the tables just now."""


class Rebuild:
    """One rebuild of one projection."""

    def __init__(
        self,
        database: Database,
        projection: Projection,
        read: ReadOpened,
        *,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Rebuild *projection* in *database* from what *read* returns; tell *progress* each position."""
        self._database = database
        self._projection = projection
        self._read = read
        self._progress = progress
        self._links = Links()
        self._next = projection.name + NEXT
        self._put = projection.filling()
        # On SQLite the time between two transactions is when others can write: it must not shrink.
        self._two_at_once = database.is_postgres
        self._nobody = threading.Event()

    def run(self, *, check: bool = False) -> Rebuilt:
        """Do it. With *check*, compare and drop the copy instead of putting it in use.

        Raises `BrokenLedger` when an event is not what was signed or not in its
        place, and `LedgerUnavailable` when another rebuild is under way or the
        tables stay in use; the live tables are then as they were.
        """
        with alone.rebuilding(self._database), _two_threads_at_work():
            self._drop_leftovers()
            Projector(self._database, projection=self._projection).prepare()
            try:
                self._begin()
                self._fill()
                if self._database.is_postgres:
                    self._gather_statistics()
                differing = self._compare()
                if not check:
                    self._swap()
            finally:
                with suppress(LedgerUnavailable):
                    self._drop_leftovers()
        return Rebuilt(self._links.position, differing)

    def _begin(self) -> None:
        with self._database.appending() as connection:
            copies.make(connection, self._projection.tables, NEXT)
            standing.begin(connection, self._next)

    def _fill(self) -> None:
        """Take in page after page, up to a page that is not full."""
        with ThreadPoolExecutor(max_workers=1) as ahead:
            page = self._page()
            while page:
                full = len(page) == PAGE_EVENTS
                following = ahead.submit(self._page) if full and self._two_at_once else None
                with self._database.beside() as connection:
                    self._take(connection, page)
                self._progress(page[-1].position)
                if not full:
                    break
                page = self._page() if following is None else following.result()

    def _page(self) -> Sequence[Recorded]:
        """Return the next events, checked."""
        page = self._read(self._links.position, PAGE_EVENTS)
        for recorded, previous in page:
            event = recorded.event
            self._links.place(recorded.position, recorded.recorded_at)
            self._links.link(
                event.stream,
                event.version,
                previous=None if previous is None else f"sha256:{previous.hex()}",
                digest=recorded.digest.text,
            )
        return [recorded for recorded, _ in page]

    def _take(self, connection: sa.Connection, page: Sequence[Recorded]) -> None:
        if not standing.advance(connection, self._next, page[0].position - 1, page[-1].position):
            raise LedgerUnavailable(_TAKEN_OVER)
        with copies.meant(connection, self._projection.tables, NEXT):
            self._put(connection, page)

    def _reach_head(self, connection: sa.Connection) -> None:
        """Take in what was recorded meanwhile, under the append lock."""
        if self._database.in_memory:
            return  # one connection, and no other process
        while page := self._page():
            self._take(connection, page)

    def _compare(self) -> tuple[str, ...] | None:
        """Return the tables that differ, in a snapshot in which both copies stand at one position."""
        for _ in range(SAME_PLACE_ATTEMPTS):
            self._fill()
            with self._database.appending() as connection:
                self._reach_head(connection)
                live = standing.find(connection, self._projection.name)
                if live is not None and live > self._links.position:
                    return None  # of another ledger, or of what this one has lost
            with self._database.snapshot() as connection:
                live = standing.find(connection, self._projection.name)
                if live == self._links.position:
                    return comparison.differing(connection, self._projection.tables, NEXT)
                if live is None or live < self._links.position:
                    return None
        raise LedgerUnavailable("the ledger is too busy to compare its read models: try again later")

    def _swap(self) -> None:
        for _ in range(SWAP_ATTEMPTS):
            self._fill()
            with suppress(_InUse):
                self._try_to_swap()
                return
            self._nobody.wait(SWAP_PAUSE_SECONDS)
        raise LedgerUnavailable("readers keep the tables in use, a dump for instance: try again later")

    def _try_to_swap(self) -> None:
        tables = self._projection.tables
        with self._database.appending() as connection:
            if self._database.is_postgres:
                _take_over(connection, [*copies.there(connection, tables), *copies.of(tables, NEXT)])
            self._reach_head(connection)
            if standing.find(connection, self._next) != self._links.position:
                raise LedgerUnavailable(_TAKEN_OVER)
            copies.swap(connection, tables)
            standing.end(connection, self._next)
            standing.end(connection, self._projection.name)
            standing.begin(connection, self._projection.name, self._links.position)

    def _drop_leftovers(self) -> None:
        """Drop the copies that are not in use, table by table: writers wait for one at most."""
        for suffix in (NEXT, LAST):
            for table in self._projection.tables:
                with self._database.beside() as connection:
                    if not self._database.is_postgres:
                        # The same rows stand elsewhere: writing zeros over them only costs time.
                        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
                    copies.drop(connection, (table,), suffix)
        with self._database.beside() as connection:
            standing.end(connection, self._next)

    def _gather_statistics(self) -> None:
        """Let the planner know what is in the next copy, and index-only scans that all of it is visible."""
        names = ", ".join(table.name for table in copies.of(self._projection.tables, NEXT))
        with self._database.reading() as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            try:
                connection.exec_driver_sql(f"VACUUM (ANALYZE) {names}")
            finally:
                connection.exec_driver_sql("RESET statement_timeout")


@contextmanager
def _two_threads_at_work() -> Iterator[None]:
    """Let neither of two busy threads wait long for the other, and look for garbage rarely.

    Nearly all that a page of events allocates is freed without a look.
    """
    before, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(*_GARBAGE)
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        sys.setswitchinterval(turn)


def _take_over(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Wait a moment until nobody uses *tables*; raises `_InUse` when somebody still does."""
    names = ", ".join(table.name for table in tables)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {SWAP_WAIT_MILLISECONDS}")
    try:
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    except sa.exc.OperationalError as failure:
        if getattr(failure.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise _InUse from failure
