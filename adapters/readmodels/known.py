"""What the tables say already about the things a batch of events names: few reads, whatever its size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from adapters.database import many
from adapters.readmodels.tables import (
    BUILD,
    CHANGE,
    CONFIG,
    ENVIRONMENT,
    OBSERVATION,
    OBSERVER,
    RELEASE,
    SERVICE,
    SLOT,
    TARGET,
)
from domain.build import BuildRecorded
from domain.config_version import ConfigRecorded
from domain.correction import Corrected
from domain.declaration import Declared
from domain.event import Event
from domain.heartbeat import EnvironmentHeartbeat
from domain.observation import EnvironmentObserved
from domain.release import Identity, ReleaseCut
from domain.run import Run
from domain.target import Target

_KEYS: sa.BindParameter[object] = sa.bindparam("keys", expanding=True)
_SLOT_NAMES: sa.BindParameter[str] = sa.bindparam("slots", expanding=True, type_=sa.Text)

_ZERO: sa.ColumnElement[int] = sa.literal_column("0")
_LAST_NUMBER = (
    sa.select(sa.func.max(CHANGE.c.number))
    .where(CHANGE.c.environment == ENVIRONMENT.c.name)
    .scalar_subquery()
)
_TARGETS = (
    sa.select(TARGET.c.id, TARGET.c.service, TARGET.c.environment, SLOT.c.id, SLOT.c.name)
    .select_from(
        TARGET.outerjoin(SLOT, sa.and_(SLOT.c.target_id == TARGET.c.id, SLOT.c.name.in_(_SLOT_NAMES)))
    )
    .where(sa.tuple_(TARGET.c.environment, TARGET.c.service).in_(_KEYS))
)
_WITHDRAWN = sa.select(CHANGE.c.position, CHANGE.c.environment, CHANGE.c.slot_id, CHANGE.c.occurred_at).where(
    CHANGE.c.position.in_(_KEYS)
)
_BUILDS = sa.select(BUILD.c.id, BUILD.c.service, BUILD.c.name, BUILD.c.identity).where(
    many.one_of(BUILD.c.service, BUILD.c.name, BUILD.c.identity)
)
_FIRSTS = sa.select(
    RELEASE.c.build_id, RELEASE.c.target_id, RELEASE.c.first_of_build, RELEASE.c.build_since
).where(many.one_of(RELEASE.c.build_id, RELEASE.c.target_id))
_CONFIGS = sa.select(CONFIG.c.target_id, CONFIG.c.number, CONFIG.c.reference).where(
    many.one_of(CONFIG.c.target_id, CONFIG.c.number)
)
_reports = OBSERVATION.alias("reports")
_LAST_REPORT = (
    sa.select(_reports.c.position)
    .where(_reports.c.observer_id == OBSERVER.c.id)
    .order_by(_reports.c.occurred_at.desc(), _reports.c.position.desc())
    .limit(1)
    .correlate(OBSERVER)
    .scalar_subquery()
)
_OBSERVERS = (
    sa.select(
        OBSERVER.c.environment,
        OBSERVER.c.name,
        OBSERVER.c.id,
        OBSERVATION.c.occurred_at,
        OBSERVATION.c.promised,
    )
    .select_from(OBSERVER.join(OBSERVATION, OBSERVATION.c.position == _LAST_REPORT))
    .where(sa.tuple_(OBSERVER.c.environment, OBSERVER.c.name).in_(_KEYS))
)
_ENVIRONMENTS = sa.select(ENVIRONMENT.c.name, sa.func.coalesce(_LAST_NUMBER, _ZERO)).where(
    many.one_of(ENVIRONMENT.c.name)
)
_SERVICES = sa.select(SERVICE.c.name).where(many.one_of(SERVICE.c.name))


BuildKey = tuple[str, str, str]
"""Service, name and identity of a build: plain text, for many are looked up."""


class Withdrawn(NamedTuple):
    """Where a change is, which a correction may withdraw."""

    environment: str
    slot_id: int
    occurred_at: int


@dataclass(slots=True)
class Known:
    """Ids and numbers by name. A batch adds to it what it introduces."""

    services: set[str] = field(default_factory=set)
    environments: dict[str, int] = field(default_factory=dict)
    """The number of the last change, 0 before the first."""
    targets: dict[Target, int] = field(default_factory=dict)
    slots: dict[tuple[int, str], int] = field(default_factory=dict)
    builds: dict[BuildKey, int] = field(default_factory=dict)
    configs: dict[tuple[int, int], str | None] = field(default_factory=dict)
    """The reference, by target and number."""
    firsts: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """By build and target: the number of its first release there."""
    observers: dict[tuple[str, str], int] = field(default_factory=dict)
    heard: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    """By observer: when its newest report was, withdrawn or not, and until when it promised another."""
    changes: dict[int, Withdrawn] = field(default_factory=dict)
    """By position; only those that the batch withdraws, and did not add."""


def load(connection: sa.Connection, events: Sequence[Event]) -> Known:
    """Read what *events* need to be applied."""
    known = Known()
    _load_targets(connection, events, known)
    _load_withdrawn(connection, events, known)
    _load_builds(connection, events, known)
    _load_configs(connection, events, known)
    _load_observers(connection, events, known)
    _load_names(connection, events, known)
    return known


def target_of(event: Event) -> Target | None:
    """Return the target that *event* is about, if it is about one."""
    match event:
        case Run() | ReleaseCut() | ConfigRecorded():
            return event.target
        case _:
            return None


def reported(service: str, build: str) -> BuildKey:
    """Return the key of a build that a builder reported."""
    return service, build, Identity.REPORTED.value


def declared(service: str, label: str) -> BuildKey:
    """Return the key of a build of which only a label is known."""
    return service, label, Identity.DECLARED.value


def build_of(event: Event) -> BuildKey | None:
    """Return the build that *event* makes a release of, if it makes one."""
    match event:
        case ReleaseCut():
            return reported(event.target.service, event.build)
        case Declared(implied=implied) if implied is not None and implied.fresh:
            return declared(event.target.service, implied.label)
        case _:
            return None


def _load_targets(connection: sa.Connection, events: Sequence[Event], known: Known) -> None:
    named = {(at.environment, at.service) for at in map(target_of, events) if at is not None}
    if not named:
        return
    slots = {event.slot for event in events if isinstance(event, Run) and event.alters}
    found = connection.execute(_TARGETS, {"keys": sorted(named), "slots": sorted(slots)})
    for target_id, service, environment, slot_id, slot in found:
        known.targets[Target(service, environment)] = target_id
        if slot_id is not None:
            known.slots[target_id, slot] = slot_id


def _load_withdrawn(connection: sa.Connection, events: Sequence[Event], known: Known) -> None:
    withdrawn = {event.of for event in events if isinstance(event, Corrected)}
    if withdrawn:
        for position, *where in connection.execute(_WITHDRAWN, {"keys": sorted(withdrawn)}):
            known.changes[position] = Withdrawn(*where)


def _load_builds(connection: sa.Connection, events: Sequence[Event], known: Known) -> None:
    made = [(build_of(event), target_of(event)) for event in events]
    keys = {build for build, _ in made if build is not None}
    if not keys:
        return
    for build_id, service, name, identity in many.rows(connection, _BUILDS, sorted(keys)):
        known.builds[service, name, identity] = build_id
    both = {
        (known.builds[build], known.targets[target])
        for build, target in made
        if build in known.builds and target in known.targets
    }
    if both:
        for build_id, target_id, *first in many.rows(connection, _FIRSTS, sorted(both)):
            known.firsts[build_id, target_id] = (first[0], first[1])


def _load_configs(connection: sa.Connection, events: Sequence[Event], known: Known) -> None:
    keys = {(known.targets[target], number) for target, number in _configs(events) if target in known.targets}
    if keys:
        found = many.rows(connection, _CONFIGS, sorted(keys))
        known.configs = {(target_id, number): reference for target_id, number, reference in found}


def _configs(events: Sequence[Event]) -> Iterable[tuple[Target, int]]:
    for event in events:
        match event:
            case ConfigRecorded():
                yield event.target, event.number
            case ReleaseCut():
                yield event.target, event.config_number
            case Declared(implied=implied) if implied is not None and implied.fresh:
                yield event.target, implied.config.number


def _load_observers(connection: sa.Connection, events: Sequence[Event], known: Known) -> None:
    keys = {
        (e.environment, e.observer)
        for e in events
        if isinstance(e, EnvironmentObserved | EnvironmentHeartbeat)
    }
    if keys:
        for environment, name, observer_id, *last in connection.execute(_OBSERVERS, {"keys": sorted(keys)}):
            known.observers[environment, name] = observer_id
            known.heard[observer_id] = (last[0], last[1])


def _load_names(connection: sa.Connection, events: Sequence[Event], known: Known) -> None:
    """Read the environments that change or may be new, and the services that may be new."""
    fresh = {at for at in map(target_of, events) if at is not None and at not in known.targets}
    environments = {change.environment for change in known.changes.values()}
    services = {target.service for target in fresh}
    for event in events:
        match event:
            case Run() if event.alters:
                environments.add(event.target.environment)
            case EnvironmentObserved() | EnvironmentHeartbeat():
                environments.add(event.environment)
            case BuildRecorded():
                services.add(event.service)
    environments |= {target.environment for target in fresh}
    if environments:
        found = many.rows(connection, _ENVIRONMENTS, [(name,) for name in sorted(environments)])
        known.environments = dict(map(tuple, found))
    if services:
        found = many.rows(connection, _SERVICES, [(name,) for name in sorted(services)])
        known.services = {name for (name,) in found}
