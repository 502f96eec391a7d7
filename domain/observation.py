"""An observation: a reporter's full list of what an environment is really running."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain import canonical, names
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import ContradictoryReport, MalformedValue
from domain.event import Event, Subject
from domain.report import Report
from domain.stream import environment_stream
from domain.target import slot

RUNNING_MAX = 20_000
ARTIFACTS_MAX = 64
EVERY_SECONDS_MAX = 31 * 24 * 60 * 60
"""The longest anyone may promise to be silent: 31 days."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one slot of one service was seen running: the digests of its artifacts."""

    service: str
    slot: str
    artifacts: tuple[Digest, ...]

    def __post_init__(self) -> None:
        """Refuse ill-formed names and empty or repeated artifacts."""
        names.key(self.service, "service")
        slot(self.slot)
        if not 0 < len(self.artifacts) <= ARTIFACTS_MAX:
            raise ContradictoryReport(
                f"{self.service} was seen running {len(self.artifacts)} artifacts,"
                f" expected 1 to {ARTIFACTS_MAX}; leave out what does not run"
            )
        if len(set(self.artifacts)) != len(self.artifacts):
            raise ContradictoryReport(f"an artifact of {self.service} is listed twice")


@dataclass(frozen=True, kw_only=True)
class EnvironmentObserved(Event):
    """At `occurred_at` the reporter saw exactly this running in the environment."""

    topic: ClassVar[str] = "environment-observed.v1"

    environment: str
    observer: str
    """Who looked; several may look at one environment."""
    running: tuple[Observed, ...]
    """Sorted by service and slot. What is not listed was not running."""
    corrects: int | None = None
    every: int | None = None
    """Seconds within which the observer promised to be heard again; None promises nothing."""

    def subjects(self) -> tuple[Subject, ...]:
        """Return every artifact seen."""
        seen = {(seen.service, made) for seen in self.running for made in seen.artifacts}
        return tuple(Subject(service, "sha256", made.hex) for service, made in sorted(seen))

    def natural_key(self) -> Digest | None:
        """Return the report's key; None for a replacement, whose correction has the key."""
        return None if self.corrects is not None else super().natural_key()


def record(
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    environment: str,
    observer: str,
    running: tuple[Observed, ...],
    every: int | None = None,
    corrects: int | None = None,
) -> EnvironmentObserved:
    """Decide what the observation adds: itself; see `domain.heartbeat` for one that repeats the last.

    Raises `ContradictoryReport` when a slot is listed twice or there are too many.
    """
    if len(running) > RUNNING_MAX:
        raise ContradictoryReport(f"{len(running)} running slots, at most {RUNNING_MAX}")
    if len({(seen.service, seen.slot) for seen in running}) != len(running):
        raise ContradictoryReport("a slot is listed twice in one observation")
    return EnvironmentObserved(
        stream=environment_stream(environment),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        environment=environment,
        observer=names.name(observer, "observer"),
        running=tuple(sorted(running, key=lambda seen: (seen.service, seen.slot))),
        corrects=corrects,
        every=checked_every(every),
    )


def checked_every(seconds: int | None) -> int | None:
    """Return *seconds* when it can be promised: 1 to 31 days, or nothing."""
    if seconds is not None and not 0 < seconds <= EVERY_SECONDS_MAX:
        raise MalformedValue(f"every {seconds} seconds, expected 1 to {EVERY_SECONDS_MAX}")
    return seconds


def list_digest(running: tuple[Observed, ...]) -> Digest:
    """Return what stands for the list: equal lists have equal digests, however they were ordered.

    The SHA-256 of the canonical JSON of [service, slot, [digest, …]] of every slot, sorted.
    """
    return canonical.digest(
        sorted([seen.service, seen.slot, sorted(map(str, seen.artifacts))] for seen in running)
    )
