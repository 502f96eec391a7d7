"""A heartbeat: an observer was there, and what it told last still holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from domain import instant, names
from domain.actor import Actor
from domain.correction import Corrected
from domain.digest import Digest
from domain.event import Condensed, EndFold, Event
from domain.observation import EnvironmentObserved, checked_every, list_digest
from domain.report import Report
from domain.stream import environment_stream


@dataclass(frozen=True, kw_only=True)
class EnvironmentHeartbeat(Event):
    """At `occurred_at` the observer was there; its list was the confirmed one, if it had one."""

    topic: ClassVar[str] = "environment-heartbeat.v1"

    environment: str
    observer: str
    every: int | None = None
    """Seconds within which the observer promised to be heard again; None promises nothing."""
    confirms: Digest | None = None
    """`observation.list_digest` of what it told last and tells again; None when it had no list to repeat."""
    corrects: int | None = None

    def natural_key(self) -> Digest | None:
        """Return the report's key; None for a replacement, whose correction has the key."""
        return None if self.corrects is not None else super().natural_key()


OF_OBSERVERS = frozenset((EnvironmentObserved.topic, EnvironmentHeartbeat.topic))
"""Topics of what observers report."""


END_EVENTS = 10_000
"""How many of an environment's last events tell who told what last: a week of one report a minute, read in a
third of a second. Who was not heard among them told nothing: a list is recorded in full again."""


@dataclass(frozen=True, slots=True)
class Last:
    """What an observer reported last, by its own clock."""

    occurred_at: datetime
    told: Digest | None
    """The list that held then; None when it had none, or when a correction made that unclear."""


@dataclass(frozen=True, slots=True)
class Observers(Condensed):
    """The folded stream of an environment: what each observer told last."""

    version: int = 0
    newest: Mapping[str, Last] = field(default_factory=dict)
    clear_from: datetime = instant.EARLIEST
    """Nothing that was not folded in claims to be as late."""

    @property
    def held(self) -> int:
        """See `Condensed`."""
        return len(self.newest)

    def told(self, observer: str, occurred_at: datetime) -> Digest | None:
        """Return the list *observer* told last before *occurred_at*; None when that is not known here.

        Only the newest is known: a report that comes late confirms nothing. Of an observer that the
        end of the stream has only late reports of, not even the newest.
        """
        last = self.newest.get(observer)
        if last is None or last.occurred_at < self.clear_from:
            return None
        return last.told if last.occurred_at <= occurred_at else None


def _fold(known: Observers | None, event: Event) -> Observers:
    before = known or Observers()
    newest = before.newest
    match event:
        case EnvironmentObserved():
            newest = _newer(newest, event.observer, Last(event.occurred_at, list_digest(event.running)))
        case EnvironmentHeartbeat():
            newest = _newer(newest, event.observer, Last(event.occurred_at, event.confirms))
        case Corrected():
            # Whose report was withdrawn is not known here, only when it was, nor who repeated its list since:
            # all of that instant and later are unclear.
            newest = {
                observer: Last(last.occurred_at, None) if last.occurred_at >= event.was_at else last
                for observer, last in newest.items()
            }
    return Observers(event.version, newest, before.clear_from)


def _begin(recorded_at: datetime) -> Observers:
    """Return what is known before the first event that is folded, which was recorded at *recorded_at*."""
    return Observers(clear_from=instant.latest_claim(recorded_at))


fold = EndFold(_fold, _begin, events=END_EVENTS)
"""Advances what is known by one event of the environment's stream."""


def _newer(newest: Mapping[str, Last], observer: str, told: Last) -> Mapping[str, Last]:
    last = newest.get(observer)
    if last is not None and told.occurred_at < last.occurred_at:
        return newest
    return {**newest, observer: told}


def record(
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    environment: str,
    observer: str,
    every: int | None,
    confirms: Digest | None,
    corrects: int | None = None,
) -> EnvironmentHeartbeat:
    """Decide what the heartbeat adds: always itself."""
    return EnvironmentHeartbeat(
        stream=environment_stream(environment),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        environment=environment,
        observer=names.name(observer, "observer"),
        every=checked_every(every),
        confirms=confirms,
        corrects=corrects,
    )


def unless_repeated(
    seen: EnvironmentObserved, known: Observers
) -> EnvironmentObserved | EnvironmentHeartbeat:
    """Return *seen*, or the heartbeat that says as much when the observer told the same list last."""
    listed = list_digest(seen.running)
    if known.told(seen.observer, seen.occurred_at) != listed:
        return seen
    return EnvironmentHeartbeat(
        stream=seen.stream,
        version=seen.version,
        occurred_at=seen.occurred_at,
        actor=seen.actor,
        report=seen.report,
        environment=seen.environment,
        observer=seen.observer,
        every=seen.every,
        confirms=listed,
        corrects=seen.corrects,
    )
