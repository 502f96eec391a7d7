"""A deployment: one attempt to run a release in a slot; started, succeeded or failed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain import names, report
from domain.actor import Actor
from domain.correction import Corrected
from domain.digest import Digest
from domain.errors import (
    ContradictoryReport,
    DeploymentClosed,
    DeploymentMismatch,
    NotARollback,
)
from domain.event import Event, Subject
from domain.release import Release
from domain.report import Report
from domain.revised import RevisedMap
from domain.run import Newest, Run, newer
from domain.stream import target_stream
from domain.target import Target, slot


class DeploymentOutcome(StrEnum):
    """How far an attempt got."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Deployment(Run):
    """What the three reports about an attempt have in common."""

    deployment: str
    """Name of the attempt, unique in its target."""
    release: Release
    rollback: bool = False
    """Whether the reporter meant to go back to an earlier release."""
    reason: str | None = None

    @property
    def runs(self) -> int | None:
        """The release that was attempted."""
        return self.release.number

    def subjects(self) -> tuple[Subject, ...]:
        """Return the release."""
        return (Subject(f"{self.target}#{self.release.number}", "sha256", self.release.digest.hex),)

    def natural_key(self) -> Digest | None:
        """Return the key of this end, or this start, of the attempt."""
        if self.corrects is not None:
            return None
        return key_of(self.target, self.deployment, ended=not isinstance(self, DeploymentStarted))


@dataclass(frozen=True, kw_only=True)
class DeploymentStarted(Deployment):
    """An attempt began; what ran before still runs."""

    topic: ClassVar[str] = "deployment-started.v1"

    @property
    def alters(self) -> bool:
        """A start alters nothing."""
        return False


@dataclass(frozen=True, kw_only=True)
class DeploymentSucceeded(Deployment):
    """From `occurred_at` on the release runs in the slot."""

    topic: ClassVar[str] = "deployment-succeeded.v1"


@dataclass(frozen=True, kw_only=True)
class DeploymentFailed(Deployment):
    """The attempt came to nothing; what ran before still runs."""

    topic: ClassVar[str] = "deployment-failed.v1"

    @property
    def alters(self) -> bool:
        """A failure alters nothing."""
        return False


KINDS: Mapping[DeploymentOutcome, type[Deployment]] = {
    DeploymentOutcome.STARTED: DeploymentStarted,
    DeploymentOutcome.SUCCEEDED: DeploymentSucceeded,
    DeploymentOutcome.FAILED: DeploymentFailed,
}


@dataclass(frozen=True, slots=True)
class Begun:
    """What the start of an attempt binds its end to."""

    occurred_at: datetime
    slot: str
    release: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """What a target's stream says of its deployments."""

    open: RevisedMap[str, Begun] = field(default_factory=RevisedMap)
    """Attempts that started and have not ended, unless a correction withdrew the start."""
    newest: Mapping[str, Newest] = field(default_factory=dict)
    """The latest run reported for each slot; without a release when a correction made that unclear."""


def fold(attempts: Attempts, event: Event) -> Attempts:
    """Advance *attempts* by one event of the target's stream."""
    opened, newest = attempts.open, attempts.newest
    match event:
        case DeploymentStarted():
            opened = opened.with_value(
                event.deployment, Begun(event.occurred_at, event.slot, event.release.number)
            )
        case DeploymentSucceeded() | DeploymentFailed() if event.deployment in opened:
            opened = opened.without(event.deployment)
        case Corrected():
            # What was withdrawn is not known here, only when it was: whatever it may be is taken as unclear.
            for name in [name for name, begun in opened.items() if begun.occurred_at == event.was_at]:
                opened = opened.without(name)
            newest = {
                slot_name: replace(known, release=None) if known.occurred_at == event.was_at else known
                for slot_name, known in newest.items()
            }
    if isinstance(event, Run) and event.alters:
        newest = {**newest, event.slot: newer(newest.get(event.slot), event)}
    return Attempts(opened, newest)


def key_of(target: Target, deployment: str, *, ended: bool) -> Digest:
    """Return the key under which the start, or the end, of an attempt is told about once."""
    return report.key("deployment", str(target), deployment, "ended" if ended else "started")


def name_of(told: Report) -> str:
    """Return the name of an attempt that its reporter did not name."""
    return f"d-{told.fingerprint.hex[:20]}"


def record(
    attempts: Attempts,
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    target: Target,
    slot_name: str,
    release: Release,
    outcome: DeploymentOutcome,
    deployment: str | None = None,
    rollback: bool = False,
    reason: str | None = None,
    sequence: int = 0,
    corrects: int | None = None,
) -> Deployment:
    """Decide what this report about an attempt adds to the target's stream.

    Raises `DeploymentMismatch` when the end names another release or slot than
    the start, `DeploymentClosed` for a second start, and `NotARollback` when a
    rollback does not go back.
    """
    if outcome is DeploymentOutcome.STARTED and deployment is None:
        raise ContradictoryReport("a started deployment needs a name, so that its end can be told")
    name = name_of(told) if deployment is None else names.name(deployment, "deployment")
    _check_start(attempts, name, release, slot(slot_name), outcome)
    if rollback:
        _check_rollback(attempts.newest.get(slot_name), release, target, occurred_at)
    return KINDS[outcome](
        stream=target_stream(target),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        target=target,
        slot=slot_name,
        sequence=report.checked_sequence(sequence),
        corrects=corrects,
        deployment=name,
        release=release,
        rollback=rollback,
        reason=None if reason is None else names.line(reason, "reason"),
    )


def _check_start(
    attempts: Attempts, name: str, release: Release, slot_name: str, outcome: DeploymentOutcome
) -> None:
    begun = attempts.open.get(name)
    if begun is None:
        return
    if outcome is DeploymentOutcome.STARTED:
        raise DeploymentClosed(f"deployment {name} has already started")
    if (begun.release, begun.slot) != (release.number, slot_name):
        raise DeploymentMismatch(
            f"deployment {name} started release {begun.release} in slot {begun.slot},"
            f" its end names release {release.number} in slot {slot_name}"
        )


def _check_rollback(newest: Newest | None, release: Release, target: Target, occurred_at: datetime) -> None:
    if newest is None or newest.release is None or newest.occurred_at > occurred_at:
        return
    if release.number >= newest.release:
        raise NotARollback(f"{target} runs release {newest.release}; release {release.number} is not earlier")
