"""Events to plain documents and back.

What an event says becomes canonical JSON, so only values with one spelling are
allowed: strings, integers, booleans, lists and objects with ASCII names; absent
means None. Reading goes through the constructors: what was checked when it was
written is checked again when it is read. Topics are looked up in a closed
table, never imported by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from domain import instant
from domain.access.proposal import AccessProposed, AccessSettled
from domain.access.token import TokenIssued, TokenRevoked, TokenRotated
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified
from domain.build import BuildRecorded
from domain.config_version import ConfigRecorded
from domain.correction import Corrected
from domain.declaration import Declared
from domain.deployment import DeploymentFailed, DeploymentStarted, DeploymentSucceeded
from domain.digest import Digest
from domain.event import Event
from domain.genesis import LedgerOpened
from domain.heartbeat import EnvironmentHeartbeat
from domain.observation import EnvironmentObserved
from domain.policy.freeze import FreezeDeclared, FreezeLifted
from domain.policy.proposal import PolicyProposed, PolicySettled
from domain.policy.waiving import WaiverApproved, WaiverRequested, WaiverRevoked
from domain.release import ReleaseCut
from domain.removal import Removed
from domain.target import Target
from domain.trust import BuildersImported, SignerDistrusted
from domain.trust_root import TrustRootImported, TrustRootWithdrawn

EVENTS: tuple[type[Event], ...] = (
    AccessProposed,
    AccessSettled,
    BuildersImported,
    BuildRecorded,
    ConfigRecorded,
    Corrected,
    Declared,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    EnvironmentHeartbeat,
    EnvironmentObserved,
    EvidenceAdmitted,
    EvidenceTurnedDown,
    EvidenceVerified,
    FreezeDeclared,
    FreezeLifted,
    LedgerOpened,
    PolicyProposed,
    PolicySettled,
    ReleaseCut,
    Removed,
    SignerDistrusted,
    TokenIssued,
    TokenRevoked,
    TokenRotated,
    TrustRootImported,
    TrustRootWithdrawn,
    WaiverApproved,
    WaiverRequested,
    WaiverRevoked,
)
TOPICS: Mapping[str, type[Event]] = {event.topic: event for event in EVENTS}

PLACED = frozenset({"stream", "version", "occurred_at", "actor", "report"})
"""Fields every event has; they stand beside its own data, not in it."""

TARGETS_KEPT_MAX = 4096
"""Thousands of events in a row are about few targets: each is parsed once."""

Codec = tuple[Callable[[Any], Any], Callable[[Any], Any]]
Plan = Mapping[str, Codec]
"""How to write and how to read each field, by its name."""


def encode(value: object) -> Any:
    """Return the document of *value*, an instance of a dataclass of the domain."""
    kind: Any = type(value)
    return _codec(kind)[0](value)


def decode(kind: Any, document: Any) -> Any:
    """Return the *kind* that *document* stands for; raises whatever its constructor refuses with."""
    return _codec(kind)[1](document)


def encode_data(event: Event) -> dict[str, Any]:
    """Return the document of what *event* says beyond what all events have."""
    kind: Any = type(event)
    return _written(event, _own_fields(kind))


def decode_data(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constructor arguments in *data* of an event *kind*; refuses names it does not have."""
    readers = _own_readers(kind)
    try:
        return {name: readers[name](value) for name, value in data.items()}
    except KeyError as unknown:
        raise ValueError(f"{kind.topic} has no {sorted(data.keys() - readers.keys())}") from unknown


@cache
def _own_readers(kind: Any) -> Mapping[str, Callable[[Any], Any]]:
    return {name: read for name, (_, read) in _own_fields(kind).items()}


@cache
def _own_fields(kind: Any) -> Plan:
    return {name: both for name, both in _plan(kind).items() if name not in PLACED}


def _plan(kind: Any) -> Plan:
    hints = get_type_hints(kind)
    return {field.name: _codec(hints[field.name]) for field in fields(kind)}


def _written(value: object, plan: Plan) -> dict[str, Any]:
    return {
        name: write(part) for name, (write, _) in plan.items() if (part := getattr(value, name)) is not None
    }


@cache
def _codec(kind: Any) -> Codec:  # noqa: PLR0911 - a table of kinds reads best as one
    """Return how to write and how to read a *kind*; refuses kinds without one spelling."""
    if kind in (str, int, bool):
        return _same, _exactly(kind)
    if kind is datetime:
        return instant.text, instant.parse
    if kind is Digest:
        return str, Digest
    if kind is Target:
        return str, lru_cache(maxsize=TARGETS_KEPT_MAX)(Target.parse)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return str, kind
    if get_origin(kind) in (Union, UnionType):
        (only,) = (option for option in get_args(kind) if option is not type(None))
        return _codec(only)
    if get_origin(kind) is tuple:
        write, read = _codec(get_args(kind)[0])
        many = _exactly(list)
        return lambda values: [write(one) for one in values], lambda found: tuple(map(read, many(found)))
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_codec(kind)
    raise TypeError(f"no canonical form for {kind}")


def _dataclass_codec(kind: type) -> Codec:
    plan = _plan(kind)
    readers = {name: read for name, (_, read) in plan.items()}

    def read(document: Any) -> Any:
        if type(document) is not dict:
            raise ValueError(f"not a {kind.__name__}: {str(document)[:100]}")
        try:
            made = {name: readers[name](value) for name, value in document.items()}
        except KeyError as unknown:  # asking beforehand would cost a fifth of reading
            raise ValueError(f"not a {kind.__name__}: {str(document)[:100]}") from unknown
        return kind(**made)

    return lambda value: _written(value, plan), read


def _same(value: Any) -> Any:
    return value


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return read
