"""Ask for the numbered changes of an environment."""

from api.fields import Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.asking import (
    ANY_QUESTION,
    SCOPE,
    KnownQuery,
    SpanQuery,
    head,
    known,
    opened,
    page_before,
    pinned,
    sealed,
    spanned,
)
from api.v1.shapes import (
    ActorShape,
    LedgerShape,
    ReleaseShape,
    UnknownShape,
    actor_shape,
    shown,
)
from api.v1.values import Environment, Number
from domain.errors import UnknownChange, UnknownEnvironment
from domain.placement import Change
from domain.queries.changes_of import change_at, changes_of


class ChangeShape(Output):
    """One entry of an environment's list of changes."""

    number: int
    occurred_at: Instant
    recorded_at: Instant
    position: int
    service: str
    slot: str
    topic: str
    release: ReleaseShape | None
    deployment: str | None
    reason: str | None
    actor: ActorShape
    corrected_by: int | None
    """Position of the correction that withdrew it."""

    @classmethod
    def of(cls, change: Change) -> "ChangeShape":
        """Show *change*."""
        return cls(
            number=change.number,
            occurred_at=change.occurred_at,
            recorded_at=change.cause.recorded_at,
            position=change.cause.position,
            service=change.target.service,
            slot=change.slot,
            topic=change.cause.topic,
            release=shown(change.release, ReleaseShape.of),
            deployment=change.cause.deployment,
            reason=change.cause.reason,
            actor=actor_shape(change.cause.actor),
            corrected_by=change.corrected_by,
        )


class ChangesShape(Output):
    """Changes, highest number first. Numbers go from 1 to `total` without gaps.

    `unknown` is what overlaps the time this page spans, up to `as_of`: `to`, or now, or what `known_at`
    says. It may stand on two pages.
    """

    environment: str
    as_of: Instant
    ledger: LedgerShape
    total: int
    changes: list[ChangeShape]
    unknown: list[UnknownShape]
    unknown_truncated: bool
    """Whether more is unknown, earlier in the time this page spans."""
    next: str | None


@operation(
    "GET",
    "/v1/environments/<environment>/changes",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEnvironment, ForeignCursor),
    tag="ask",
)
def environment_changes(
    *, environment: Environment, query: SpanQuery, services: Services
) -> Reply[ChangesShape]:
    """List everything that altered what runs in an environment, as one numbered list without gaps."""
    name = "environment_changes"
    known_at, place = opened(query, operation=name, services=services)
    answer = changes_of(
        environment,
        known_at,
        start=query.start,
        end=query.end,
        below=int(place["below"]) if place else None,
        before=page_before(place),
        limit=query.limit,
        ledger=services.ledger,
        placements=services.placements,
    )
    below: dict[str, int | str] | None = None if answer.following is None else {"below": answer.following}
    following = spanned(below, answer.stretch)
    shape = ChangesShape(
        environment=environment,
        as_of=answer.stretch.until,
        ledger=LedgerShape.of(answer.prefix),
        total=answer.total,
        changes=[ChangeShape.of(change) for change in answer.changes],
        unknown=[UnknownShape.of(each) for each in answer.stretch.unknown],
        unknown_truncated=answer.stretch.truncated,
        next=sealed(query, following, answer.prefix, operation=name, services=services),
    )
    return Reply(shape, head=head(answer.prefix), settled=pinned(query, answer.prefix))


class OneChangeShape(Output):
    """One change."""

    environment: str
    ledger: LedgerShape
    change: ChangeShape


@operation(
    "GET",
    "/v1/environments/<environment>/changes/<int:number>",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEnvironment, UnknownChange),
    tag="ask",
)
def environment_change(
    *, environment: Environment, number: Number, query: KnownQuery, services: Services
) -> Reply[OneChangeShape]:
    """Show one change of an environment, by its number."""
    prefix, change = change_at(
        environment, number, known(query), ledger=services.ledger, placements=services.placements
    )
    shape = OneChangeShape(
        environment=environment, ledger=LedgerShape.of(prefix), change=ChangeShape.of(change)
    )
    return Reply(shape, head=head(prefix), settled=pinned(query, prefix))


OPERATIONS = (environment_changes, environment_change)
