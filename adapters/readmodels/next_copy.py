"""The copy a rebuild fills: it takes in page after page, and stands at a position as the live one does."""

from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import copies, standing, upkeep
from adapters.readmodels.checked import Checked, Events
from adapters.readmodels.copies import NEXT
from adapters.readmodels.filling import Content, Page, pages
from adapters.readmodels.indexes import LaterIndexes
from adapters.readmodels.projection import Projection
from adapters.readmodels.slices import slices
from adapters.readmodels.turns import Turns
from domain.errors import LedgerUnavailable
from domain.event import Recorded
from domain.instant import from_micros

_TAKEN_OVER = "another rebuild has begun meanwhile, the lock of this one was lost: see what that one does"


class NextCopy:
    """One copy of the tables of one projection, from its making to its place as the live one."""

    def __init__(
        self,
        database: Database,
        projection: Projection,
        events: Events,
        *,
        page_events: int,
        progress: Callable[[int], None],
    ) -> None:
        """Fill it from *events*, up to *page_events* at once; tell *progress* each position."""
        self._database = database
        self._projection = projection
        self._events = events
        self._page_events = page_events
        self._progress = progress
        self._checked = Checked(events)
        self._name = projection.name + NEXT
        self._turns = Turns(database)

    @property
    def position(self) -> int:
        """The position of the last event that it has taken in."""
        return self._checked.position

    def make(self) -> LaterIndexes:
        """Make its tables, empty; return what they lack."""
        tables, late = self._projection.tables, self._projection.read_by_key
        with self._database.appending() as connection:
            lacking = copies.make(connection, tables, NEXT, without_indexes=late)
            standing.begin(connection, self._name)
        return LaterIndexes(lacking)

    def pages(self) -> Iterator[Page]:
        """Read in this process what it is filled with."""
        fold = self._projection.folding(lambda: upkeep.next_copy(self._database, self._projection))
        return pages(Checked(self._events), fold, self._page_events)

    def put(self, page: Page) -> None:
        """Take in *page*, whoever has read and checked it."""
        before = page.first - 1
        *earlier, last = slices(page.content, self._projection.tables)
        for part in earlier:
            self._put(part, before, before)
        self._put(last, before, page.last)
        self._checked.go_on(page.last, from_micros(page.recorded_at))
        self._progress(page.last)

    def index(self, indexes: Iterator[sa.Index]) -> None:
        """Make *indexes*, each in its turn."""
        for index in indexes:
            with self._turns.one() as connection:
                if self._database.is_postgres:
                    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                index.create(connection)

    def follow(self) -> None:
        """Take in what was recorded since, up to a page that is not full."""
        full = True
        while full:
            page = self._checked.page(self._page_events)
            if page:
                with self._turns.one() as connection:
                    self._take(connection, page)
                self._progress(self.position)
            full = len(page) == self._page_events

    def reach_head(self, connection: sa.Connection) -> None:
        """Take in what was recorded meanwhile, under the append lock."""
        if self._database.in_memory:
            return  # one connection, and no other process
        while page := self._checked.page(self._page_events):
            self._take(connection, page)

    def put_in_use(self, connection: sa.Connection) -> None:
        """Change places with the live one, under the append lock."""
        if standing.find(connection, self._name) != self.position:
            raise LedgerUnavailable(_TAKEN_OVER)
        copies.swap(connection, self._projection.tables)
        standing.end(connection, self._name)
        standing.end(connection, self._projection.name)
        standing.begin(connection, self._projection.name, self.position)

    def _put(self, part: Content, before: int, after: int) -> None:
        again = self._events.many_at(part.again) if part.again else ()
        with self._turns.one() as connection:
            self._advance(connection, before, after)
            with copies.meant(connection, self._projection.tables, NEXT):
                self._projection.put(connection, part, again)

    def _take(self, connection: sa.Connection, page: Sequence[Recorded]) -> None:
        self._advance(connection, page[0].position - 1, page[-1].position)
        with copies.meant(connection, self._projection.tables, NEXT):
            self._projection.take(connection, page)

    def _advance(self, connection: sa.Connection, before: int, after: int) -> None:
        if not standing.advance(connection, self._name, before, after):
            raise LedgerUnavailable(_TAKEN_OVER)
