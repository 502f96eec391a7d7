"""What fills a copy: pages of rows, in values that another process can hand over."""

from collections.abc import Callable, Iterator, Sequence
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


Fold = Callable[[Sequence[Recorded]], Content]
"""Says what events put into the tables; takes in every event once, from the first on."""


def pages(checked: Checked, fold: Fold, events: int) -> Iterator[Page]:
    """Yield page after page of that many *events*, up to one that is not full.

    Whoever asks for the next one has committed the last.
    """
    while recorded := checked.page(events):
        content = fold(recorded)
        yield Page(recorded[0].position, recorded[-1].position, micros(recorded[-1].recorded_at), *content)
        if len(recorded) < events:
            return
