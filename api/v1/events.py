"""The record itself: events as they were signed, for anyone to check who may see them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from api.access.asking import Asking, StillAsking
from api.access.sees import READS, check_sees
from api.fields import Input, Output
from api.operations import operation
from api.refusals import TooManyWaiting
from api.replies import Reply
from api.services import Services
from api.v1.asking import SCOPE, head
from api.v1.event_shapes import EventShape, EventsShape
from api.v1.following import WAIT_SECONDS_MAX, awaited
from api.v1.looking import Position, Sight, Wanted, look
from api.v1.shapes import LedgerShape
from api.v1.streaming import EventStream
from api.v1.values import Number
from domain.errors import BeyondTheHead, BrokenLedger, LedgerUnavailable, NotPermitted, UnknownEvent
from domain.prefix import Prefix

PAGE_SIZE_MAX = 1000
FOLLOWING = (TooManyWaiting, BeyondTheHead, BrokenLedger, LedgerUnavailable)
EVENT_STREAM = "text/event-stream"
UNBUFFERED = {"X-Accel-Buffering": "no"}
"""For nginx, which would otherwise keep events until it has some kilobytes of them."""


class EventsQuery(Wanted):
    """Events that follow position `after`, at most `limit` of them; `wait` so many seconds for the first."""

    after: Position = 0
    limit: Annotated[int, Field(ge=1, le=PAGE_SIZE_MAX)] = 100
    wait: Annotated[int, Field(ge=0, le=WAIT_SECONDS_MAX)] = 0


@operation("GET", "/v1/events", scope=READS, refusals=FOLLOWING, tag="prove")
def events(
    *, query: EventsQuery, asking: Asking, still_asking: StillAsking, services: Services
) -> Reply[EventsShape]:
    """List events in the ledger's one order, with the bytes that were signed, and wait for more.

    Events that may not be seen are left out: those about access need `access:read`, others `read` where they
    are about. `through` says how far the ledger was looked through: go on after it, also when nothing was
    found. With `wait`, the answer comes when there is an event to be seen, or when so many seconds are over;
    few may wait at a time, and the next one is told 503 with `Retry-After`.
    """
    sight = Sight(asking.authority, query)
    looked = look(services.ledger, sight, after=query.after, limit=query.limit)
    prefix = _prefix(services, query.after)
    if query.wait and not (looked.events or looked.more):
        looked = awaited(
            looked,
            query,
            limit=query.limit,
            seconds=query.wait,
            still_asking=still_asking,
            services=services,
        )
        prefix = _prefix(services, query.after)
    shown = [EventShape.of(row) for row in looked.events]
    answer = EventsShape(events=shown, through=looked.through, ledger=LedgerShape.of(prefix))
    return Reply(answer, head=head(prefix))


class StreamQuery(Wanted):
    """Events that follow position `after`."""

    after: Position = 0


class StreamHeaders(Input):
    """What a browser says that comes back: the `id` that it was sent last, which goes before `after`."""

    last_event_id: Annotated[Position | None, Field(alias="Last-Event-ID")] = None


@operation(
    "GET",
    "/v1/events:stream",
    scope=READS,
    refusals=FOLLOWING,
    tag="prove",
    produces=EVENT_STREAM,
)
def stream_events(
    *,
    query: StreamQuery,
    headers: StreamHeaders,
    asking: Asking,
    still_asking: StillAsking,
    services: Services,
) -> Reply[Iterator[bytes]]:
    """Send events as they are recorded, as server-sent events, to whoever may see them.

    `id` is the position, `event` the topic, `data` one event as in a listing, on one line. A stream ends
    after five minutes, when the credential is not good any more, and when the server stops; who comes back
    with `Last-Event-ID`, as browsers do, misses nothing and gets nothing twice. Every 15 seconds without an
    event there is a comment, with the position up to which there was nothing to see. Few may follow at a
    time, and the next one is told 503 with `Retry-After`.
    """
    after = query.after if headers.last_event_id is None else headers.last_event_id
    prefix = _prefix(services, after)
    stream = EventStream(
        services.waiting.place(),
        asking=asking,
        still_asking=still_asking,
        wanted=query,
        after=after,
        services=services,
    )
    return Reply(stream, headers=UNBUFFERED, head=head(prefix))


@operation(
    "GET",
    "/v1/events/<int:position>",
    scope=READS,
    refusals=(NotPermitted, UnknownEvent, BrokenLedger, LedgerUnavailable),
    tag="prove",
    produces="application/vnd.dsse.envelope.v1+json",
)
def event(*, position: Number, asking: Asking, services: Services) -> Reply[bytes]:
    """Show one event as a DSSE envelope around an in-toto Statement, as stock tools verify it.

    It is shown to those who see it in a listing.
    """
    rows = services.ledger.sealed(after=position - 1, limit=1)
    if not rows or rows[0].position != position:
        raise UnknownEvent(f"there is no event at position {position}")
    check_sees(asking.authority, rows[0].stream)
    return Reply(services.envelope(rows[0]), settled=True)


class LedgerAnswer(Output):
    """The newest prefix of the ledger."""

    ledger: LedgerShape


@operation("GET", "/v1/ledger", scope=SCOPE, refusals=(LedgerUnavailable,), tag="prove")
def ledger_head(*, services: Services) -> Reply[LedgerAnswer]:
    """Tell how far the ledger is."""
    prefix = services.ledger.prefix(None)
    return Reply(LedgerAnswer(ledger=LedgerShape.of(prefix)), head=head(prefix))


def _prefix(services: Services, after: int) -> Prefix:
    """Return how far the ledger is; raises `BeyondTheHead` for who has seen more of another one."""
    prefix = services.ledger.prefix(None)
    if after > prefix.position:
        raise BeyondTheHead(f"position {after} is not recorded yet, the last is {prefix.position}")
    return prefix


OPERATIONS = (events, stream_events, event, ledger_head)
