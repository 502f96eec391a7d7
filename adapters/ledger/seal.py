"""Sealing and opening: the mapper between events and the rows that hold them.

A row keeps what was signed with its signature in one blob: version, key id,
signature, payload. Everything else in the row is an index and must agree with
the payload. Reading checks that agreement and the hash, not the signature:
`verify` does, with nothing but public keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from eventsourcing.persistence import Mapper, Notification, StoredEvent

from adapters.ledger import statement
from adapters.ledger.statement import Place
from domain import instant
from domain.digest import Digest
from domain.errors import BrokenLedger
from domain.event import Event, Recorded, SealedEvent
from domain.proof import dsse

FORM = 1
"""First byte of a sealed blob: form 1 is 32 bytes of key id, 1 of signature length, signature, payload."""
HEADER_LENGTH = 34
_NOTHING = bytes(HEADER_LENGTH)


class StatementSigner(Protocol):
    """Signs with the ledger's key, wherever that key is kept."""

    @property
    def key_id(self) -> str:
        """64 hex digits that name the key."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*, at most 255 bytes."""
        ...


@dataclass(frozen=True)
class Row(Notification):
    """A stored event with all its columns; `id` is the position."""

    recorded_at: int
    """Microseconds since 1970."""
    digest: bytes


class SealingMapper(Mapper[str]):
    """Seals events where they land, and opens what is stored."""

    def __init__(self, signer: StatementSigner | None, *, nonce: Callable[[], str]) -> None:
        """Seal with *signer*; without one, only open. *nonce* returns 128 fresh random bits in hex."""
        self._signer = signer
        self._nonce = nonce

    def seal(self, event: Event, *, position: int, recorded_at: datetime, previous: bytes | None) -> Row:
        """Sign *event* at its place and return the row to store."""
        assert self._signer is not None, "a ledger without a signer only reads"
        place = Place(position, recorded_at, previous, self._nonce())
        payload = statement.encode(event, place)
        signature = self._signer.sign(dsse.pae(payload))
        state = b"%c%b%c%b%b" % (
            FORM,
            bytes.fromhex(self._signer.key_id),
            len(signature),
            signature,
            payload,
        )
        return Row(
            originator_id=event.stream,
            originator_version=event.version,
            topic=event.topic,
            state=state,
            id=position,
            recorded_at=instant.micros(recorded_at),
            digest=dsse.digest(payload),
        )

    def open(self, row: Row) -> tuple[Recorded, bytes | None]:
        """Return the event in *row* and the digest it names as its predecessor.

        Raises `BrokenLedger` when the row is not what was signed.
        """
        payload = _taken_apart(row.state)[-1]
        if dsse.digest(payload) != row.digest:
            raise BrokenLedger(f"the event at position {row.id} does not match its digest")
        event, place = statement.decode(payload)
        signed = (place.position, event.stream, event.version, event.topic)
        if signed != (row.id, row.originator_id, row.originator_version, row.topic) or (
            instant.micros(place.recorded_at) != row.recorded_at
        ):
            raise BrokenLedger(f"the row at position {row.id} disagrees with what was signed")
        opened = Recorded(event, row.id, place.recorded_at, Digest(f"sha256:{row.digest.hex()}"))
        return opened, place.previous

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """Open *stored_event*, one of our rows, for the library's interfaces."""
        assert isinstance(stored_event, Row), "our recorders return rows"
        return self.open(stored_event)[0].event

    def to_stored_event(self, domain_event: object) -> StoredEvent:
        """Refuse: a seal names a position, which only the append knows (ADR 0004)."""
        raise TypeError(f"{type(domain_event).__name__} is sealed where it lands, by ChainedEventStore.put")


def unsealed(row: Row) -> SealedEvent:
    """Take the blob of *row* apart without checking anything.

    Never raises, so that whoever checks can name the first row that is wrong: a
    blob in no known form has an empty payload, and an instant that is none is 1970.
    """
    key_id, signature, payload = _taken_apart(row.state)
    return SealedEvent(
        position=row.id,
        stream=str(row.originator_id),
        version=row.originator_version,
        topic=row.topic,
        recorded_at=_instant(row.recorded_at),
        digest=row.digest,
        key_id=key_id.hex(),
        signature=signature,
        payload=payload,
    )


def _taken_apart(state: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the key id, the signature and the payload; nothing of a blob in no known form."""
    if len(state) < HEADER_LENGTH or state[0] != FORM:
        state = _NOTHING
    end = HEADER_LENGTH + state[HEADER_LENGTH - 1]
    return state[1:33], state[HEADER_LENGTH:end], state[end:]


def _instant(micros: int) -> datetime:
    try:
        return instant.from_micros(micros)
    except (OverflowError, TypeError):
        return instant.EARLIEST
