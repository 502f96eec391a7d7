"""Looking through the ledger for the events that somebody wants, and may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from api.access.about import place_of
from api.access.sees import sees
from api.fields import Input
from api.v1.values import Environment, Service
from domain.access.authority import Authority
from domain.event import SealedEvent
from domain.ports import LedgerReader

LOOK_EVENTS_MAX = 5000
"""How many are looked at for one answer, however few of them may be seen: a tenth of a second."""
PAGE_EVENTS = 1000

Position = Annotated[int, Field(ge=0, le=2**53 - 1)]
Topic = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,60}\.v[1-9][0-9]{0,2}$", examples=["removed.v1"])]


class Wanted(Input):
    """Which events: of a `topic`, of a `service` (its builds and targets), of an `environment`.

    Not said, any. It adds nothing to what may be seen.
    """

    topic: Topic | None = None
    service: Service | None = None
    environment: Environment | None = None


class Sight:
    """Whether somebody sees an event and wants it; streams are judged once."""

    def __init__(self, authority: Authority, wanted: Wanted) -> None:
        self._authority = authority
        self._wanted = wanted
        self._judged: dict[str, bool] = {}

    def __call__(self, event: SealedEvent) -> bool:
        """Return it for *event*."""
        if self._wanted.topic not in (None, event.topic):
            return False
        judged = self._judged.get(event.stream)
        if judged is None:
            judged = self._judged[event.stream] = self._judge(event.stream)
        return judged

    def _judge(self, stream: str) -> bool:
        service, environment = place_of(stream)
        if self._wanted.service not in (None, service) or self._wanted.environment not in (None, environment):
            return False
        return sees(self._authority, stream)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look through the ledger found."""

    events: Sequence[SealedEvent]
    through: int
    """The last position that was looked at."""
    more: bool
    """Whether events that follow it may be there already."""


def look(ledger: LedgerReader, sight: Sight, *, after: int, limit: int) -> Looked:
    """Return up to *limit* events in *sight* that follow *after*; a bounded number of them is looked at."""
    found: list[SealedEvent] = []
    through, left, size = after, LOOK_EVENTS_MAX, limit
    while left > 0:
        size = min(size, left)
        rows = ledger.sealed(after=through, limit=size)
        for row in rows:
            through = row.position
            if sight(row):
                found.append(row)
                if len(found) == limit:
                    return Looked(found, through, more=True)
        if len(rows) < size:
            return Looked(found, through, more=False)
        left -= size
        size = PAGE_EVENTS
    return Looked(found, through, more=True)
