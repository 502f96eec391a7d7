"""The record itself: events as they were signed, for anyone to check."""

from base64 import b64encode
from typing import Annotated

from pydantic import Field

from api.access.about import place_of
from api.access.asking import Asking
from api.fields import Input, Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import SCOPE, head
from api.v1.shapes import LedgerShape
from api.v1.values import ContentDigest, Number
from domain.digest import Digest
from domain.errors import BrokenLedger, LedgerUnavailable, NotPermitted, UnknownEvent
from domain.event import SealedEvent

PAGE_SIZE_MAX = 1000


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


class EventsQuery(Input):
    """Events that follow position `after`, at most `limit` of them."""

    after: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=PAGE_SIZE_MAX)] = 100


class EventsShape(Output):
    """List events in the ledger's order."""

    events: list[EventShape]


@operation("GET", "/v1/events", scope=SCOPE, refusals=(BrokenLedger, LedgerUnavailable), tag="prove")
def events(*, query: EventsQuery, services: Services) -> Reply[EventsShape]:
    """List events in the ledger's one order, with the bytes that were signed."""
    prefix = services.ledger.prefix(None)
    rows = services.ledger.sealed(after=query.after, limit=query.limit)
    return Reply(EventsShape(events=[EventShape.of(row) for row in rows]), head=head(prefix))


@operation(
    "GET",
    "/v1/events/<int:position>",
    scope=frozenset({SCOPE}),
    refusals=(NotPermitted, UnknownEvent, BrokenLedger, LedgerUnavailable),
    tag="prove",
    produces="application/vnd.dsse.envelope.v1+json",
)
def event(*, position: Number, asking: Asking, services: Services) -> Reply[bytes]:
    """Show one event as a DSSE envelope around an in-toto Statement, as stock tools verify it.

    Who may read about some services only may see the events about these.
    """
    rows = services.ledger.sealed(after=position - 1, limit=1)
    if not rows or rows[0].position != position:
        raise UnknownEvent(f"there is no event at position {position}")
    asking.authority.check(SCOPE, *place_of(rows[0].stream))
    return Reply(services.envelope(rows[0]), settled=True)


class LedgerAnswer(Output):
    """The newest prefix of the ledger."""

    ledger: LedgerShape


@operation("GET", "/v1/ledger", scope=SCOPE, refusals=(LedgerUnavailable,), tag="prove")
def ledger_head(*, services: Services) -> Reply[LedgerAnswer]:
    """Tell how far the ledger is."""
    prefix = services.ledger.prefix(None)
    return Reply(LedgerAnswer(ledger=LedgerShape.of(prefix)), head=head(prefix))


OPERATIONS = (events, event, ledger_head)
