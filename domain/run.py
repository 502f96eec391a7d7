"""What alters what runs: the one shape that deployments, removals and declarations share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from domain import report
from domain.digest import Digest
from domain.event import Event
from domain.target import Target


@dataclass(frozen=True, kw_only=True)
class Run(Event, ABC):
    """From `occurred_at` on, *slot* of *target* runs something else, or nothing.

    Subclasses have the topics. An attempt that started or failed is a Run
    that alters nothing.
    """

    target: Target
    slot: str
    sequence: int = 0
    """Orders reports about the same slot and instant; the greater one holds."""
    corrects: int | None = None
    """Position of the event this one replaces, when it was recorded by a correction."""

    @property
    @abstractmethod
    def runs(self) -> int | None:
        """The release number that runs from now on; None for nothing."""

    @property
    def alters(self) -> bool:
        """Whether this event changes what runs."""
        return True

    @property
    def rank(self) -> int:
        """Orders two events about the same slot and instant, whatever order they arrived in."""
        assert self.report is not None, "what runs is always reported"
        return report.rank(self.sequence, self.report.fingerprint)

    def natural_key(self) -> Digest | None:
        """Return the report's key; None for a replacement, whose correction has the key."""
        return None if self.corrects is not None else super().natural_key()


@dataclass(frozen=True, slots=True)
class Newest:
    """The latest report about one slot, by the reporter's clock."""

    occurred_at: datetime
    rank: int
    release: int | None


def newer(known: Newest | None, event: Run) -> Newest:
    """Return the later of what is *known* and *event*."""
    fresh = Newest(event.occurred_at, event.rank, event.runs)
    if known is None or (known.occurred_at, known.rank) < (fresh.occurred_at, fresh.rank):
        return fresh
    return known
