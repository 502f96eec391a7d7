"""Change freezes: declare them, lift them, and tell which there were."""

from functools import partial
from typing import Annotated

from pydantic import Field

from api.access.about import About
from api.fields import Input, Instant
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.access import DECIDING, LandedShape, landed
from api.v1.asking import ANY_QUESTION, SCOPE, head
from api.v1.decided_pages import DecidedQuery, page
from api.v1.law_shapes import FreezeShape, FreezesShape
from api.v1.shapes import LedgerShape
from api.v1.values import KEY_PATTERN, Label, Line, ReportId, key
from domain import errors
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.freeze import DeclareFreeze, LiftFreeze, declare_freeze, lift_freeze
from domain.policy.freeze import PLACES_MAX, Freeze
from domain.policy.law import Law
from domain.queries.decided_at import Known
from domain.queries.law_at import law_at

FreezeId = Annotated[str, key("freeze", "frz-black-friday")]
_PATTERN = rf"{KEY_PATTERN[:-1]}$|^\*$"
_ONE_OR_MORE = Field(min_length=1, max_length=PLACES_MAX)
Environments = Annotated[
    list[Annotated[str, Field(pattern=_PATTERN, examples=["prod"]), About.ENVIRONMENT]], _ONE_OR_MORE
]
"""Names, or `*` alone for every one."""
ServiceNames = Annotated[
    list[Annotated[str, Field(pattern=_PATTERN, examples=["*"]), About.SERVICE]], _ONE_OR_MORE
]


class FreezeBody(Input):
    """What waits, from when until when; `freeze` is its id, said once."""

    freeze: FreezeId
    name: Label
    starts_at: Instant
    ends_at: Instant
    environments: Environments
    services: ServiceNames
    id: ReportId | None = None


class LiftBody(Input):
    """Why the freeze is over before its end."""

    reason: Line
    id: ReportId | None = None


@operation("POST", "/v1/freezes", scope=Scope.FREEZE, status=201, also=(200,), refusals=DECIDING, tag="gate")
def declare_freezes(*, body: FreezeBody, actor: Actor, services: Services) -> Reply[LandedShape]:
    """Declare a change freeze: nothing is promoted there meanwhile, but in an emergency."""
    command = DeclareFreeze(
        actor=actor,
        id=body.id,
        freeze=body.freeze,
        name=body.name,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        environments=tuple(body.environments),
        services=tuple(body.services),
    )
    receipt = declare_freeze(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


@operation(
    "POST",
    "/v1/freezes/<freeze>:lift",
    scope=frozenset({Scope.FREEZE}),
    status=201,
    also=(200,),
    refusals=DECIDING,
    tag="gate",
)
def lift_freezes(*, freeze: FreezeId, body: LiftBody, actor: Actor, services: Services) -> Reply[LandedShape]:
    """Lift a freeze before its end."""
    command = LiftFreeze(actor=actor, id=body.id, freeze=freeze, reason=body.reason)
    receipt = lift_freeze(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


@operation(
    "GET",
    "/v1/freezes",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, ForeignCursor, errors.BrokenLedger),
    tag="gate",
)
def freezes(*, query: DecidedQuery, services: Services) -> Reply[FreezesShape]:
    """Tell every freeze that had been declared, and whether it held at the instant asked about."""
    found = page(
        query,
        partial(law_at, ledger=services.ledger),
        _last_to_start_first,
        operation="freezes",
        services=services,
    )
    as_of, prefix = found.known.as_of, found.known.prefix
    shape = FreezesShape(
        as_of=as_of,
        ledger=LedgerShape.of(prefix),
        freezes=[FreezeShape.of(each, as_of) for each in found.rows],
        next=found.next,
    )
    return Reply(shape, head=head(prefix), settled=found.settled)


def _last_to_start_first(known: Known[Law]) -> list[Freeze]:
    law = known.state
    return sorted(law.freezes.values(), key=lambda each: (each.starts_at, each.id), reverse=True)


OPERATIONS = (declare_freezes, lift_freezes, freezes)
