"""What the domain needs from the world. Adapters implement these; nothing else does."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from domain.coverage import Unknown
from domain.digest import Digest
from domain.drift import LastSeen, Listed, Origin, Place
from domain.event import Event, Recorded, SealedEvent
from domain.expectations.expected import Expectations
from domain.placement import Change, Placement, RanRelease
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest

BLOB_BYTES_MAX = 64 << 20
"""As large as the largest evidence there is, an SBOM."""

S = TypeVar("S", bound="Versioned")


class Versioned(Protocol):
    """A folded state that knows how many events it has seen."""

    @property
    def version(self) -> int:
        """The version of the last event folded in."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of order: where in the ledger a report landed, and when."""

    position: int
    """Place of the first event the report made. Inside an unfinished batch: 0 or less."""
    recorded_at: datetime
    digest: Digest
    existing: bool = False
    """Whether it was there already: the report was a retry."""
    event: Event | None = None
    """What was recorded, when this call recorded it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A report the ledger accepted before."""

    position: int
    fingerprint: Digest


class LedgerReader(Protocol):
    """The reading half of the ledger. Safe to call from any thread."""

    def now(self) -> datetime:
        """Return the ledger's clock, in UTC: what claims about the future are measured against."""
        ...

    def prefix(self, known_at: datetime | int | None) -> Prefix:
        """Resolve *known_at* to a prefix; None is everything recorded so far.

        An instant resolves to the last position recorded at or before it, and is
        closed by asking: nothing will ever be recorded at or before it. Raises
        `KnownInTheFuture` for an instant later than the ledger's clock and
        `BeyondTheHead` for a position not reached yet.
        """
        ...

    def at(self, position: int) -> Recorded:
        """Return the event at *position*; raises `UnknownEvent`, or `BrokenLedger`."""
        ...

    def many_at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """Return the events at *positions*, in that order; raises as `at` does."""
        ...

    def load(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """Fold the events of *stream*; None when there are none. The chain of hashes is checked."""
        ...

    def load_recent(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """Fold *stream* as `load` does, without what others appended in the last 50 ms, perhaps.

        What this process appended is always in it. For what every request asks; never to decide an append.
        """
        ...

    def load_each(
        self, streams: Iterable[str], fold: Callable[[S | None, Event], S | None]
    ) -> Mapping[str, S]:
        """Fold each of *streams* as `load` does, any number at once; those without events are left out."""
        ...

    def load_until(
        self, stream: str, fold: Callable[[S | None, Event], S | None], prefix: Prefix
    ) -> S | None:
        """Fold those events of *stream* that are in *prefix*, as `load` does; None when none are."""
        ...

    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Recorded]:
        """Return the events of *stream* at *versions*, in that order; raises as `at` does."""
        ...

    def reported(self, keys: Iterable[Digest]) -> Reported | None:
        """Return the earliest accepted report that occupies one of *keys*."""
        ...

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """Return those of *keys* that are occupied, and by what; any number at once."""
        ...

    def sealed(self, *, after: int, limit: int) -> Sequence[SealedEvent]:
        """Return up to *limit* rows in order of position, following *after*, without checking them."""
        ...


class Ledger(LedgerReader, Protocol):
    """The ledger, to writers."""

    def turn(self, stream: str) -> AbstractContextManager[None]:
        """Keep others in this process from deciding about *stream* meanwhile.

        A courtesy, so that many who report about one target need not lose races
        against each other; what holds between processes is the stream's version.
        """
        ...

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        """Add *events* durably and together, or raise and add nothing.

        They get the next positions, in order, and read models answer with them
        at once. Raises `ConflictingAppend` when a version of a stream or the key
        of a report is taken (read again and retry), `FromTheFuture` when an
        event claims to be later than our clock allows, and `LedgerUnavailable`
        when the database did not answer: the caller must then look the report
        up before retrying, for it may have been recorded.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Which slots a question is about; None means any."""

    environment: str | None = None
    service: str | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Where a listing continues: strictly after this place, newest first."""

    since: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Named:
    """What a digest, a commit or a name stands for: the releases it is part of, and its builds."""

    kind: str
    """`artifact`, `commit`, `build`, `config` or `release`."""
    name: str
    """The full digest, commit or name."""
    builds: tuple[tuple[str, str, int], ...]
    """(service, build name, position of the event that recorded it), oldest first."""
    releases: tuple[RanRelease, ...]


class Placements(Protocol):
    """The read models that answer what ran. They follow the ledger in its own transactions.

    Every method answers from *prefix* alone: what was recorded later never
    shows, byte for byte. Instants compare with `occurred_at`.
    """

    def environments(self, prefix: Prefix) -> Sequence[str]:
        """Return the environments anything was reported about, in alphabetical order."""
        ...

    def services(self, prefix: Prefix) -> Sequence[str]:
        """Return the services anything was reported about, in alphabetical order."""
        ...

    def has_environment(self, name: str, prefix: Prefix) -> bool:
        """Whether *name* is among `environments`; reads no list, however many there are."""
        ...

    def has_service(self, name: str, prefix: Prefix) -> bool:
        """Whether *name* is among `services`."""
        ...

    def running(self, scope: Scope, as_of: datetime, prefix: Prefix) -> Sequence[Placement]:
        """Return what ran in *scope* at *as_of*; slots that ran nothing are left out.

        Ordered by environment, service, slot. `until` is None throughout.
        """
        ...

    def timeline(
        self,
        scope: Scope,
        prefix: Prefix,
        *,
        start: datetime | None,
        end: datetime | None,
        after: Page | None,
        limit: int,
    ) -> Sequence[Placement]:
        """Return placements that overlap [start, end), newest first, with what ended them.

        Times when a slot ran nothing are included. Two reports about one slot
        and one instant leave one placement: the one that holds.
        """
        ...

    def unknown_at(self, scope: Scope, as_of: datetime, prefix: Prefix) -> Sequence[Unknown]:
        """Return the stretches of time around *as_of* in which nobody reported, newest first.

        One or none for each environment in *scope*, in its full length.
        """
        ...

    def unknown(
        self, scope: Scope, prefix: Prefix, *, start: datetime | None, end: datetime, limit: int
    ) -> tuple[Sequence[Unknown], bool]:
        """Return the stretches that overlap [start, end), newest first, and whether some are left out.

        They are in their full length, however little of it is in [start, end). At
        most *limit*, and fewer where there is too much to look at: what is left
        out is always the earliest.
        """
        ...

    def observed(self, environment: str, as_of: datetime, prefix: Prefix) -> Sequence[LastSeen]:
        """Return what each observer listed last until *as_of*, or confirmed; latest first."""
        ...

    def emptied(self, environment: str, as_of: datetime, prefix: Prefix) -> Mapping[Place, datetime]:
        """Return the slots in which something ran and at *as_of* nothing does, and since when."""
        ...

    def origins(
        self, environment: str, artifacts: Collection[tuple[str, Listed]], prefix: Prefix
    ) -> Mapping[tuple[str, Listed], Origin]:
        """Return, for each service and the artifacts it was seen running, who made all of them."""
        ...

    def changes(
        self,
        environment: str,
        prefix: Prefix,
        *,
        start: datetime | None,
        end: datetime | None,
        below: int | None,
        limit: int,
    ) -> Sequence[Change]:
        """Return changes numbered below *below*, highest first, that occurred in [start, end)."""
        ...

    def change(self, environment: str, number: int, prefix: Prefix) -> Change:
        """Return one change; raises `UnknownChange`."""
        ...

    def last_change(self, environment: str, prefix: Prefix) -> int:
        """Return the highest change number; 0 when there is none."""
        ...

    def releases(
        self, service: str, environment: str, prefix: Prefix, *, below: int | None, limit: int
    ) -> Sequence[RanRelease]:
        """Return releases of a target numbered below *below*, highest first."""
        ...

    def release(self, service: str, environment: str, number: int, prefix: Prefix) -> RanRelease:
        """Return one release; raises `UnknownRelease`."""
        ...

    def named(self, name: str, prefix: Prefix) -> Named:
        """Return what *name* stands for.

        *name* is a digest, a prefix of a commit of at least 7 digits, a prefix of
        a digest (`sha256:` and at least 7 digits), a build (`service/build`), or
        a release (`service@environment#number`). Raises `NothingFound` and
        `AmbiguousName`.
        """
        ...

    def ran(self, releases: Sequence[RanRelease], prefix: Prefix, *, limit: int) -> Sequence[Placement]:
        """Return where and when any of *releases* ran, newest first."""
        ...


class EvidenceIndex(Protocol):
    """The read models that find evidence. They name the events that say what is known of it.

    Every method answers from *prefix* alone. Positions come newest first.
    """

    def evidence_of(self, files: Collection[Digest], prefix: Prefix, *, limit: int) -> Sequence[int]:
        """Return where the ledger says something about any of *files*."""
        ...

    def evidence_about(self, artifact: SubjectDigest, prefix: Prefix, *, limit: int) -> Sequence[int]:
        """Return where evidence about *artifact* was admitted for it, or verified to speak of it."""
        ...

    def provenance_about(
        self, artifact: SubjectDigest, expected: Expectations, prefix: Prefix, *, limit: int
    ) -> Sequence[int]:
        """Return where provenance was verified to speak of *artifact*: each piece once for a root and engine.

        Of several verifications of a piece it is the one with the earliest trusted time, of equal ones
        the first. Left out is what *expected* rules out by source, owner, repository, identity or issuer.
        """
        ...

    def copies_of(
        self, artifact: SubjectDigest, positions: Collection[int], prefix: Prefix, *, limit: int
    ) -> Sequence[tuple[int, int]]:
        """Return where else each piece was verified that was at one of *positions*, with that one in front.

        A piece may come in many files. Of one piece it is the first *limit* and the last *limit* of them.
        """
        ...

    def admitted(self, prefix: Prefix, *, after: Digest | None, limit: int) -> Sequence[Digest]:
        """Return the files that were admitted, in the order of their digests, following *after*."""
        ...

    def trust_events(self, prefix: Prefix) -> Sequence[int]:
        """Return where it was said what is trusted, oldest first."""
        ...


class BlobReader(Protocol):
    """Content by its digest, to be read. Safe to call from any thread and any process at once."""

    def get(self, digest: Digest) -> bytes:
        """Return the content, checked against *digest*.

        Raises `EvidenceLost` when it is not there, `BrokenLedger` when it is not what
        was put, and `LedgerUnavailable` when it cannot be read.
        """
        ...


class Blobs(BlobReader, Protocol):
    """Content by its digest. Safe to call from any thread and any process at once."""

    def put(self, content: bytes) -> Digest:
        """Keep *content*; durable on return, and nothing changes when it is there already.

        Raises `MalformedValue` for more than `BLOB_BYTES_MAX`, and `LedgerUnavailable`
        when it cannot be written.
        """
        ...

    def has(self, digest: Digest) -> bool:
        """Say whether there is content under *digest*, unchecked; may raise `LedgerUnavailable`."""
        ...

    def check(self) -> int | None:
        """Return how many bytes there is room for, None when nobody can say; keeps no content.

        Raises `LedgerUnavailable` when nothing can be read or written.
        """
        ...


class KeyedDigests(Protocol):
    """Digests that only the holder of the ledger's digest key can make or guess."""

    def secret(self, key: str, value: str) -> str:
        """Return `hmac-sha256:…` of a secret configuration value, bound to its key."""
        ...

    def person(self, name: str) -> str:
        """Return `person:…`, the same for the same name in this ledger and in no other."""
        ...


class Verifier(Protocol):
    """Checks signatures with the ledger's public keys alone."""

    def verify(self, sealed: SealedEvent) -> None:
        """Return when the signature is that of a known key; raises `BrokenLedger`."""
        ...
