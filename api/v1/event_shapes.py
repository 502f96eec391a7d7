"""Events as answers show them."""

from base64 import b64encode

from api.fields import Instant, Output
from api.v1.shapes import LedgerShape
from api.v1.values import ContentDigest
from domain.digest import Digest
from domain.event import SealedEvent


class EventShape(Output):
    """One row of the ledger: its columns, and the signed bytes they are an index to, unchecked."""

    position: int
    stream: str
    version: int
    topic: str
    recorded_at: Instant
    digest: ContentDigest
    key_id: str
    signature: str
    """ECDSA P-256 over the DSSE pre-authentication encoding, DER, in hex."""
    payload: str
    """The in-toto Statement, byte for byte as signed, in base64."""

    @classmethod
    def of(cls, sealed: SealedEvent) -> "EventShape":
        """Show *sealed*."""
        return cls(
            position=sealed.position,
            stream=sealed.stream,
            version=sealed.version,
            topic=sealed.topic,
            recorded_at=sealed.recorded_at,
            digest=Digest(f"sha256:{sealed.digest.hex()}"),
            key_id=sealed.key_id,
            signature=sealed.signature.hex(),
            payload=b64encode(sealed.payload).decode(),
        )


class EventsShape(Output):
    """Events in the ledger's order, as far as whoever asks may see them."""

    events: list[EventShape]
    through: int
    """Up to this position everything was looked at, and what is not shown is not for them: go on after it."""
    ledger: LedgerShape
