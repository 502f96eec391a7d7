"""Ask what differs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.fields import Instant, Output
from api.operations import operation
from api.refusals import FieldProblem, InvalidRequest
from api.replies import Reply
from api.services import Services
from api.v1.asking import (
    ANY_QUESTION,
    SCOPE,
    KnownQuery,
    head,
    known,
)
from api.v1.shapes import (
    LedgerShape,
    RunningShape,
    UnknownShape,
    running_shape,
    settled,
    shown,
)
from api.v1.values import Environment
from domain.coverage import Unknown
from domain.errors import UnknownEnvironment
from domain.placement import Kind
from domain.queries.difference import Contrast, difference


class DiffQuery(KnownQuery):
    """`from` and `to` instants of one environment, or `against` another environment at `as_of`."""

    start: Annotated[Instant | None, Field(alias="from")] = None
    end: Annotated[Instant | None, Field(alias="to")] = None
    against: Environment | None = None
    as_of: Instant | None = None


class DifferingShape(Output):
    """One slot that differs, and what it ran on both sides."""

    service: str
    slot: str
    contrast: Contrast
    kind: Kind | None
    before: RunningShape | None
    after: RunningShape | None


class SideShape(Output):
    """One side of a comparison."""

    environment: str
    as_of: Instant
    unknown: list[UnknownShape]


class DiffShape(Output):
    """Slots that do not run the same build with the same configuration on both sides."""

    before: SideShape
    after: SideShape
    ledger: LedgerShape
    differing: list[DifferingShape]
    same: int


@operation(
    "GET",
    "/v1/environments/<environment>/diff",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEnvironment),
    tag="ask",
)
def environment_diff(*, environment: Environment, query: DiffQuery, services: Services) -> Reply[DiffShape]:
    """Tell what differs between two instants of an environment, or between two environments."""
    _check_diff(query)
    if query.against is None:
        sides = (environment, query.start), (environment, query.end)
    else:
        sides = (environment, query.as_of), (query.against, query.as_of)
    answer = difference(*sides, known(query), ledger=services.ledger, placements=services.placements)
    prefix = answer.before.prefix
    shape = DiffShape(
        before=_side(sides[0][0], answer.before.as_of, answer.unknown[0]),
        after=_side(sides[1][0], answer.after.as_of, answer.unknown[1]),
        ledger=LedgerShape.of(prefix),
        differing=[
            DifferingShape(
                service=each.service,
                slot=each.slot,
                contrast=each.contrast,
                kind=each.kind,
                before=shown(each.before, running_shape),
                after=shown(each.after, running_shape),
            )
            for each in answer.differing
        ],
        same=answer.same,
    )
    asked = query.as_of if query.against else query.start and query.end
    return Reply(shape, head=head(prefix), settled=settled(asked, query.known_at, prefix))


def _side(environment: str, as_of: datetime, unknown: Sequence[Unknown]) -> SideShape:
    told = [UnknownShape.of(each) for each in unknown]
    return SideShape(environment=environment, as_of=as_of, unknown=told)


def _check_diff(query: DiffQuery) -> None:
    if query.against is None and query.start is None:
        raise InvalidRequest(
            "a diff needs `from` (and `to`, default now), or `against`",
            errors=[
                FieldProblem(parameter="from", detail="neither `from` nor `against`", code="combination")
            ],
        )
    if query.against is not None and (query.start or query.end):
        raise InvalidRequest(
            "`against` compares at one instant, `as_of`; `from` and `to` do not go with it",
            errors=[
                FieldProblem(parameter="against", detail="together with `from` or `to`", code="combination")
            ],
        )
    if query.against is None and query.as_of:
        raise InvalidRequest(
            "`as_of` goes with `against`; two instants are `from` and `to`",
            errors=[FieldProblem(parameter="as_of", detail="without `against`", code="combination")],
        )


OPERATIONS = (environment_diff,)
