"""Ask for the intervals of a service."""

from api.fields import Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.asking import (
    ANY_QUESTION,
    SCOPE,
    SpanQuery,
    head,
    opened,
    page_before,
    pinned,
    sealed,
    spanned,
)
from api.v1.shapes import (
    LedgerShape,
    RunningShape,
    UnknownShape,
    running_shape,
    shown,
)
from api.v1.values import Environment, Service, Slot
from domain import instant
from domain.errors import UnknownEnvironment, UnknownService
from domain.ports import Page, Scope
from domain.queries.timeline_of import timeline_of


class TimelineQuery(SpanQuery):
    """Intervals that overlap [`from`, `to`), newest first; only in `environment` and `slot`, when given."""

    environment: Environment | None = None
    slot: Slot | None = None


class TimelineShape(Output):
    """Intervals in which the service ran something, or nothing; `next` is the cursor that goes on.

    `unknown` is what overlaps the time this page spans, up to `as_of`: `to`, or now, or what `known_at`
    says. It may stand on two pages.
    """

    service: str
    as_of: Instant
    ledger: LedgerShape
    intervals: list[RunningShape]
    unknown: list[UnknownShape]
    unknown_truncated: bool
    """Whether more is unknown, earlier in the time this page spans."""
    next: str | None


@operation(
    "GET",
    "/v1/services/<service>/timeline",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownService, UnknownEnvironment, ForeignCursor),
    tag="ask",
)
def service_timeline(*, service: Service, query: TimelineQuery, services: Services) -> Reply[TimelineShape]:
    """List everything a service ran, interval by interval, newest first."""
    name = "service_timeline"
    known_at, place = opened(query, operation=name, services=services)
    after = Page(instant.from_micros(int(place["since"])), int(place["after"])) if place else None
    answer = timeline_of(
        Scope(query.environment, service, query.slot),
        known_at,
        start=query.start,
        end=query.end,
        after=after,
        before=page_before(place),
        limit=query.limit,
        ledger=services.ledger,
        placements=services.placements,
    )
    more = answer.following
    following = spanned(shown(more, _page), answer.stretch)
    shape = TimelineShape(
        service=service,
        as_of=answer.stretch.until,
        ledger=LedgerShape.of(answer.prefix),
        intervals=[running_shape(place) for place in answer.placements],
        unknown=[UnknownShape.of(each) for each in answer.stretch.unknown],
        unknown_truncated=answer.stretch.truncated,
        next=sealed(query, following, answer.prefix, operation=name, services=services),
    )
    return Reply(shape, head=head(answer.prefix), settled=pinned(query, answer.prefix))


def _page(following: Page) -> dict[str, int | str]:
    return {"since": instant.micros(following.since), "after": following.position}


OPERATIONS = (service_timeline,)
