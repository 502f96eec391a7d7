"""Waivers: ask for one, approve it, end it, and tell which there were."""

from functools import partial
from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.access import DECIDING, LandedShape, landed
from api.v1.asking import ANY_QUESTION, SCOPE, head
from api.v1.decided_pages import DecidedQuery, page
from api.v1.freezes import Environments, ServiceNames
from api.v1.law_shapes import WaiverShape, WaiversShape
from api.v1.shapes import LedgerShape
from api.v1.values import ContentDigest, Label, Line, Number, ReportId
from domain import errors
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.waive import (
    ApproveWaiver,
    RequestWaiver,
    RevokeWaiver,
    approve_waiver,
    request_waiver,
    revoke_waiver,
)
from domain.policy.law import Law
from domain.policy.waiving import Requested, WaiverRequested
from domain.queries.decided_at import Known
from domain.queries.law_at import law_at

SETTLING = (*DECIDING, errors.NothingFound, errors.ProposalClosed, errors.SecondPersonNeeded)


class WaiverBody(Input):
    """Which violation of which rule is to be accepted, where, why and until when."""

    rule: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}-[0-9]{1,4}$", examples=["VULN-001"])]
    term: Line
    """The handle of one violation, as the decision names it; `*`: every one of the rule."""
    environments: Environments
    services: ServiceNames
    artifact: ContentDigest | None = None
    reason: Line
    ticket: Label
    expires_at: Instant
    id: ReportId | None = None


class WaiverApprovalBody(Input):
    """What is said with the approval."""

    reason: Line | None = None
    id: ReportId | None = None


class WaiverEndBody(Input):
    """Why it is not accepted any more."""

    reason: Line
    id: ReportId | None = None


class WaiverRequestedShape(Output):
    """The number under which it is approved."""

    number: int
    recorded: LandedShape


@operation(
    "POST", "/v1/waivers", scope=Scope.WAIVER_REQUEST, status=201, also=(200,), refusals=DECIDING, tag="gate"
)
def request_waivers(*, body: WaiverBody, actor: Actor, services: Services) -> Reply[WaiverRequestedShape]:
    """Ask that a violation be accepted for a while; it holds when enough others have approved it."""
    command = RequestWaiver(
        actor=actor,
        id=body.id,
        rule=body.rule,
        term=body.term,
        environments=tuple(body.environments),
        services=tuple(body.services),
        artifact=body.artifact,
        reason=body.reason,
        ticket=body.ticket,
        expires_at=body.expires_at,
    )
    receipt = request_waiver(command, ledger=services.ledger)
    event = receipt.event
    assert isinstance(event, WaiverRequested), "that is what is recorded of a request"
    return landed(WaiverRequestedShape(number=event.number, recorded=LandedShape.of(receipt)), receipt)


@operation(
    "POST",
    "/v1/waivers/<int:number>:approve",
    scope=frozenset({Scope.WAIVER_APPROVE}),
    fresh=True,
    status=201,
    also=(200,),
    refusals=SETTLING,
    tag="gate",
)
def approve_waivers(
    *, number: Number, body: WaiverApprovalBody, actor: Actor, services: Services
) -> Reply[LandedShape]:
    """Approve a waiver that somebody else asked for."""
    command = ApproveWaiver(actor=actor, id=body.id, number=number, reason=body.reason)
    receipt = approve_waiver(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


@operation(
    "POST",
    "/v1/waivers/<int:number>:revoke",
    scope=frozenset({Scope.WAIVER_APPROVE, Scope.WAIVER_REQUEST}),
    status=201,
    also=(200,),
    refusals=SETTLING,
    tag="gate",
)
def revoke_waivers(
    *, number: Number, body: WaiverEndBody, actor: Actor, services: Services
) -> Reply[LandedShape]:
    """End a waiver, or what was asked for and not approved yet."""
    command = RevokeWaiver(actor=actor, id=body.id, number=number, reason=body.reason)
    receipt = revoke_waiver(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


@operation(
    "GET",
    "/v1/waivers",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, ForeignCursor, errors.BrokenLedger),
    tag="gate",
)
def waivers(*, query: DecidedQuery, services: Services) -> Reply[WaiversShape]:
    """Tell every waiver that had been asked for, and what became of it."""
    found = page(
        query,
        partial(law_at, ledger=services.ledger),
        _newest_first,
        operation="waivers",
        services=services,
    )
    as_of, prefix = found.known.as_of, found.known.prefix
    shape = WaiversShape(
        as_of=as_of,
        ledger=LedgerShape.of(prefix),
        waivers=[WaiverShape.of(each, as_of) for each in found.rows],
        next=found.next,
    )
    return Reply(shape, head=head(prefix), settled=found.settled)


def _newest_first(known: Known[Law]) -> list[Requested]:
    law = known.state
    return [law.waivers[number] for number in sorted(law.waivers, reverse=True)]


OPERATIONS = (request_waivers, approve_waivers, revoke_waivers, waivers)
