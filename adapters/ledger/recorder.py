"""What every recorder of ours can do, on top of what `eventsourcing` asks of one."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    OperationalError,
    StoredEvent,
)

from adapters.ledger.seal import Row
from domain import instant
from domain.digest import Digest
from domain.errors import ConflictingAppend, LedgerUnavailable
from domain.event import Recorded
from domain.ports import Reported
from domain.proof import dsse

Now = Callable[[], datetime]


class Tail(Protocol):
    """The end of the ledger, seen under the append lock: it cannot move meanwhile."""

    @property
    def position(self) -> int:
        """The last position; 0 for an empty ledger."""
        ...

    @property
    def floor(self) -> int:
        """The latest instant already used or closed, in microseconds: stamp later than this."""
        ...

    def digest_of(self, stream: str, version: int) -> bytes | None:
        """Return the digest of an event of *stream*, or None when it is not there."""
        ...

    def digest_at(self, position: int) -> bytes | None:
        """Return the digest of the event at *position*, or None when it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row to append, and the keys its report occupies."""

    row: Row
    recorded: Recorded | None = None
    """What the row says, for the read models; None when another mapper made it."""
    keys: tuple[Digest, ...] = ()
    fingerprint: Digest | None = None


class Head(NamedTuple):
    """As much of a row as names the prefix that ends with it."""

    id: int
    recorded_at: int
    digest: bytes


Prepare = Callable[[Tail], Sequence[Prepared]]


class LedgerRecorder(ApplicationRecorder):
    """Stores rows at gap-free positions, in the order they are committed."""

    @abstractmethod
    def write(self, prepare: Prepare) -> Sequence[Row]:
        """Take the append lock, let *prepare* make the rows for the tail it is shown, and commit them.

        Durable when this returns. Raises `ConflictingAppend` when a place or a
        key is taken, `LedgerUnavailable` when the database did not answer, and
        whatever *prepare* raises; nothing is stored then.
        """

    @abstractmethod
    def page(self, *, after: int | None, limit: int) -> Sequence[Row]:
        """Return up to *limit* rows that follow position *after*, in order; None: from the first there is."""

    @abstractmethod
    def rows(self, positions: Sequence[int]) -> Sequence[Row]:
        """Return the rows at *positions* that exist, in any order."""

    @abstractmethod
    def last_at(self, recorded_at: int | None) -> Head | None:
        """Return the head of what was recorded at or before *recorded_at* (microseconds; None: ever)."""

    @abstractmethod
    def close_instant(self, until: int) -> None:
        """Make sure that nothing will ever be recorded at or before *until* (microseconds)."""

    @abstractmethod
    def moves(self, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """Return position and stream of up to *limit* rows that follow position *after*, in order."""

    @abstractmethod
    def existing(self, streams: Sequence[str]) -> Sequence[str]:
        """Return those of *streams* that have a first event."""

    @abstractmethod
    def version_at(self, stream: str, position: int) -> int:
        """Return the version of the last event of *stream* up to *position*; 0 when there is none."""

    @abstractmethod
    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Row]:
        """Return the rows of *stream* at *versions* that exist, in any order."""

    @abstractmethod
    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """Return those of *keys* that are occupied, and by what."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ARG002 - the library's signature
    ) -> Sequence[int] | None:
        """Store what another mapper made, for the library's own interfaces and its published cases."""
        try:
            return [row.id for row in self.write(lambda tail: _foreign(stored_events, tail))]
        except ConflictingAppend as conflict:
            raise IntegrityError(str(conflict)) from conflict
        except LedgerUnavailable as failure:
            raise OperationalError(str(failure)) from failure


def stamp(now: Now, floor: int) -> datetime:
    """Return the next `recorded_at`: our clock, but later than *floor* whatever the clock says."""
    return instant.from_micros(max(instant.micros(now()), floor + 1))


def _foreign(stored_events: Sequence[StoredEvent], tail: Tail) -> Sequence[Prepared]:
    """Give positions to events that were not sealed by us."""
    return [
        Prepared(
            Row(
                originator_id=event.originator_id,
                originator_version=event.originator_version,
                topic=event.topic,
                state=event.state,
                id=tail.position + count,
                recorded_at=tail.floor + count,
                digest=dsse.digest(event.state),
            )
        )
        for count, event in enumerate(stored_events, 1)
    ]


def in_form(stream: str, like: UUID | str) -> UUID | str:
    """Return the name of a stream in the form it was asked for."""
    return UUID(stream) if isinstance(like, UUID) else stream
