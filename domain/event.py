"""What every event has in common, and the names it is filed under."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from domain import report
from domain.actor import Actor
from domain.digest import Digest
from domain.report import Report

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing an event speaks about: in-toto's ResourceDescriptor with name and digest set.

    Source: in-toto attestation framework v1, "ResourceDescriptor" and "DigestSet".
    """

    name: str
    algorithm: str
    """`sha256` or `gitCommit`."""
    hex: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact about one stream.

    `topic` is written into the ledger and read back for ever. It is spelled out
    on each class, so that moving a module cannot change history.
    """

    topic: ClassVar[str]

    stream: str
    version: int
    """1 for the first event of a stream, then without gaps."""
    occurred_at: datetime
    """When the reporter says it happened; UTC, claimed."""
    actor: Actor
    report: Report | None = None
    """None only for what the ledger says about itself."""

    @property
    def originator_id(self) -> str:
        """The stream, under the name the event store's protocol gives it."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version, under the name the event store's protocol gives it."""
        return self.version

    def subjects(self) -> tuple[Subject, ...]:
        """Return the digests this event speaks about; empty when it names none."""
        return ()

    def natural_key(self) -> Digest | None:
        """Return the key of what may be said only once, or None when anything may be repeated."""
        return None if self.report is None else self.report.fingerprint

    def report_keys(self) -> tuple[Digest, ...]:
        """Return every key that this event's report occupies."""
        natural = self.natural_key()
        if self.report is None or natural is None:
            return ()
        return report.keys(self.report, natural)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in its place."""

    event: Event
    position: int
    """1-based place in the ledger's single total order, without gaps."""
    recorded_at: datetime
    """UTC, from the ledger's own clock; strictly increases with position."""
    digest: Digest
    """SHA-256 of the DSSE pre-authentication encoding of the signed statement."""


class Condensed(ABC):
    """A folded state that may hold far less than its stream has events, and says how much."""

    __slots__ = ()

    @property
    @abstractmethod
    def held(self) -> int:
        """How many things of its events it holds, each of a few hundred bytes: what it costs to keep."""


@dataclass(frozen=True)
class EndFold(Generic[S]):
    """A fold that needs only the end of a stream: a long one is not read whole to decide the next event.

    The state after the whole stream does as well. What the end alone cannot tell is not known to the state.
    """

    fold: Callable[[S | None, Event], S]
    begin: Callable[[datetime], S]
    """Returns the state to begin with in the middle; takes when the first folded event was recorded."""
    events: int
    """How many of the last events are folded, when the state was not kept from before."""

    def __call__(self, known: S | None, event: Event) -> S:
        """Advance *known* by one event."""
        return self.fold(known, event)


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """One row of the ledger as it is stored, unchecked: what verification starts from."""

    position: int
    stream: str
    version: int
    topic: str
    recorded_at: datetime
    digest: bytes
    key_id: str
    signature: bytes
    payload: bytes
