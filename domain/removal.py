"""A removal: a slot of a target stops running anything. It is an event, not an absence."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain import names, report
from domain.actor import Actor
from domain.report import Report
from domain.run import Run
from domain.stream import target_stream
from domain.target import Target, slot


@dataclass(frozen=True, kw_only=True)
class Removed(Run):
    """From `occurred_at` on the slot runs nothing."""

    topic: ClassVar[str] = "removed.v1"

    reason: str | None = None

    @property
    def runs(self) -> int | None:
        """Nothing runs."""
        return None


def record(
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    target: Target,
    slot_name: str,
    reason: str | None = None,
    sequence: int = 0,
    corrects: int | None = None,
) -> Removed:
    """Decide what the removal adds: always itself, for the deployment it ends may be reported later."""
    return Removed(
        stream=target_stream(target),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        target=target,
        slot=slot(slot_name),
        sequence=report.checked_sequence(sequence),
        corrects=corrects,
        reason=None if reason is None else names.line(reason, "reason"),
    )
