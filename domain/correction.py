"""A correction: what was reported was not so. The first report stays; answers known later change."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain import names, report
from domain.actor import Actor
from domain.digest import Digest
from domain.event import Event
from domain.report import Report


@dataclass(frozen=True, kw_only=True)
class Corrected(Event):
    """The event at position `of` is withdrawn; what replaces it, if anything, is the next event."""

    topic: ClassVar[str] = "corrected.v1"

    of: int
    reason: str
    was: str
    """Topic of the withdrawn event."""
    was_at: datetime
    """`occurred_at` of the withdrawn event."""
    replaced: bool

    def natural_key(self) -> Digest:
        """Return the key of the withdrawn event: it can be corrected once."""
        return key_of(self.of)


def key_of(position: int) -> Digest:
    """Return the key under which the event at *position* is corrected once."""
    return report.key("correction", str(position))


def record(
    withdrawn: Event,
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    of: int,
    reason: str,
    replaced: bool,
) -> Corrected:
    """Decide what withdrawing the event at position *of* adds to that event's stream."""
    return Corrected(
        stream=withdrawn.stream,
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        of=of,
        reason=names.line(reason, "reason"),
        was=withdrawn.topic,
        was_at=withdrawn.occurred_at,
        replaced=replaced,
    )
