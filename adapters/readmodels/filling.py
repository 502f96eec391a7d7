"""What fills a copy: pages of rows, in values that another process can hand over.

Pages grow with what is there: rows go to their places in tables sorted by key, and the more of them come
at once, the more of them share a place. On SQLite, whose log takes in whole pages of its file, that spares
half of what is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapters.readmodels.checked import Checked
from domain.event import Recorded
from domain.instant import micros

Rows = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]
"""The name of a table, the names of its columns, and the rows."""


class Content(NamedTuple):
    """What events say, as rows; text, bytes, integers and None, in lists and tuples."""

    rows: list[Rows]
    withdrawn: list[tuple[int, list[dict[str, int]]]]
    """By the place of the statement among `batch.WITHDRAWALS`, what it is executed with."""
    again: list[int]
    """Positions of the events that whoever writes wants to see itself."""


class Page(NamedTuple):
    """What the events at `first` to `last` say."""

    first: int
    last: int
    recorded_at: int
    """When the last one was recorded, in microseconds since 1970."""
    rows: list[Rows]
    withdrawn: list[tuple[int, list[dict[str, int]]]]
    again: list[int]

    @property
    def content(self) -> Content:
        """All but the place."""
        return Content(self.rows, self.withdrawn, self.again)


GROWTH = 10
"""A page has up to a tenth of the events before it: no more is left to write when all is read."""
EVENTS_MAX = 8000
"""What a page has at most, some 15 MB of rows in each process. With twice as many SQLite writes a sixth less,
and whoever reads takes a little longer."""
READS = 4
"""In how many parts the smallest page is read: what is made of 250 events is still near the processor when
the next step takes it up."""


def _never(_: Sequence[Recorded]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Fold:
    """Says what events put into the tables; takes in every event once, from the first on."""

    take: Callable[[Sequence[Recorded]], Content]
    reads_back: Callable[[Sequence[Recorded]], bool] = _never
    """Whether the tables are asked for what was folded before, to fold these events."""


def pages(checked: Checked, fold: Fold, events: int) -> Iterator[Page]:
    """Yield page after page of that many *events*, later of more, up to one that is not full.

    Whoever asks for the next one has committed the last. One before what is to be read back from the tables,
    and one of which something is wanted again, has fewer.
    """
    gathered = _Gathered(events)
    while recorded := checked.page(asked := min(-(-events // READS), gathered.room)):
        if gathered.events and fold.reads_back(recorded):
            yield gathered.page()
            gathered = _Gathered(max(events, gathered.last // GROWTH))
        gathered.add(recorded, fold.take(recorded))
        if len(recorded) < asked:
            break
        if gathered.again or gathered.room <= 0:
            yield gathered.page()
            gathered = _Gathered(max(events, gathered.last // GROWTH))
    if gathered.events:
        yield gathered.page()


class _Gathered:
    """Some reads, on their way to be a page."""

    def __init__(self, events: int) -> None:
        """Have room for that many *events*."""
        self.room = min(events, EVENTS_MAX)
        self.events = self.first = self.last = self._recorded_at = 0
        self._rows: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = {}
        self._withdrawn: list[tuple[int, list[dict[str, int]]]] = []
        self.again: list[int] = []

    def add(self, recorded: Sequence[Recorded], content: Content) -> None:
        """Add what the next events say."""
        self.first = self.first or recorded[0].position
        self.last, self._recorded_at = recorded[-1].position, micros(recorded[-1].recorded_at)
        self.events += len(recorded)
        self.room -= len(recorded)
        for name, columns, rows in content.rows:
            self._rows.setdefault((name, columns), []).extend(rows)
        self._withdrawn += content.withdrawn
        self.again += content.again

    def page(self) -> Page:
        """Return all of it."""
        rows = [(*place, found) for place, found in self._rows.items()]
        return Page(self.first, self.last, self._recorded_at, rows, self._withdrawn, self.again)
