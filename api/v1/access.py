"""Propose that access changes, settle what was proposed, and tell who may do what."""

from contextlib import suppress
from typing import TypeVar

from api.access.asking import Asking
from api.fields import Input, Instant, Output
from api.operations import operation
from api.people.sessions import Session
from api.replies import LedgerHead, Reply
from api.services import Services
from api.v1.access_change import ProposalBody
from api.v1.access_shapes import AllowanceShape
from api.v1.shapes import ActorShape, actor_shape, shown
from api.v1.values import ContentDigest, Line, Number, ReportId
from domain import errors
from domain.access.access import Access
from domain.access.changing import propose
from domain.access.fold import fold
from domain.access.proposal import AccessProposed, is_made_alone
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.propose_access import ProposeAccess, propose_access
from domain.commands.settle_access import SettleAccess, settle_access
from domain.digest import Digest
from domain.ports import Receipt
from domain.stream import ACCESS

S = TypeVar("S", bound=Output)

DECIDING = (
    errors.AccessFull,
    errors.AlreadyRecorded,
    errors.BrokenLedger,
    errors.ConflictingAppend,
    errors.ContradictoryReport,
    errors.KeyUnusable,
    errors.LedgerUnavailable,
    errors.MalformedValue,
    errors.NotPermitted,
    errors.NothingToChange,
    errors.SegregatedDuties,
    errors.UnknownAccess,
)
"""What every change of access may be refused with."""


class LandedShape(Output):
    """Where a decision landed. `existing`: it was there already, and nothing was added."""

    position: int
    recorded_at: Instant
    digest: ContentDigest
    topic: str
    existing: bool

    @classmethod
    def of(cls, receipt: Receipt) -> "LandedShape":
        """Show *receipt*."""
        assert receipt.event is not None, "what was recorded or found comes with its event"
        return cls(
            position=receipt.position,
            recorded_at=receipt.recorded_at,
            digest=receipt.digest,
            topic=receipt.event.topic,
            existing=receipt.existing,
        )


class ProposedShape(Output):
    """A proposal by its number. `waits`: somebody else has to confirm it; otherwise it holds already."""

    number: int
    waits: bool
    recorded: LandedShape


@operation(
    "POST",
    "/v1/access/proposals",
    scope=Scope.ACCESS_PROPOSE,
    status=201,
    also=(200,),
    refusals=DECIDING,
    tag="access",
)
def propose_change(*, body: ProposalBody, actor: Actor, services: Services) -> Reply[ProposedShape]:
    """Propose a change of access. What only takes away is made at once; the rest waits for somebody else."""
    command = ProposeAccess(actor=actor, id=body.id, change=body.change(services), reason=body.reason)
    if body.issuer is not None and body.issuer.keys is not None:
        _keep(body.issuer.keys, command, services)
    receipt = propose_access(command, ledger=services.ledger)
    event = receipt.event
    assert isinstance(event, AccessProposed), "that is what is recorded of a proposal"
    shape = ProposedShape(
        number=event.number,
        waits=not is_made_alone(event.change, event.actor),
        recorded=LandedShape.of(receipt),
    )
    return landed(shape, receipt)


def _keep(keys: bytes, command: ProposeAccess, services: Services) -> None:
    """Keep the key set of an issuer, before it is recorded that it is one; not that of a refused proposal."""
    access = services.ledger.load(ACCESS, fold) or Access()
    with suppress(errors.NothingToChange):  # then it is kept already
        propose(
            access,
            actor=command.actor,
            at=max(services.ledger.now(), access.at),
            told=command.report(Digest.of(keys)),
            change=command.change,
            reason=command.reason,
        )
        services.evidence.blobs.put(keys)


class SettlementBody(Input):
    """An answer to a proposal: yes, or no. Whoever proposed it may take it back by a no."""

    confirmed: bool
    reason: Line | None = None
    id: ReportId | None = None


@operation(
    "POST",
    "/v1/access/proposals/<int:number>:settle",
    scope=Scope.ACCESS_CONFIRM,
    fresh=True,
    status=201,
    also=(200,),
    refusals=(*DECIDING, errors.UnknownProposal, errors.ProposalClosed, errors.SecondPersonNeeded),
    tag="access",
)
def settle_change(
    *, number: Number, body: SettlementBody, actor: Actor, services: Services
) -> Reply[LandedShape]:
    """Confirm a proposed change of access, or turn it down."""
    command = SettleAccess(
        actor=actor, id=body.id, number=number, confirmed=body.confirmed, reason=body.reason
    )
    receipt = settle_access(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


class SessionShape(Output):
    """The session that asks: it ends at `until`, or earlier when nothing is heard of it."""

    since: Instant
    until: Instant
    csrf: str
    """What every change with this session repeats, as `X-Shiplog-CSRF`."""

    @classmethod
    def of(cls, session: Session) -> "SessionShape":
        """Show *session*."""
        return cls(since=session.since, until=session.until, csrf=session.csrf)


class MineShape(Output):
    """Who is asking, by what they are known, and all that they may do."""

    actor: ActorShape
    name: str | None
    """What people call them, where that is known."""
    method: str | None
    credential: str | None
    """Id of the token, or SHA-256 of what was exchanged."""
    allowances: list[AllowanceShape]
    clash: str | None
    """Why they may not write, if they may not: they hold duties that must be apart."""
    session: SessionShape | None
    """None for whoever asks with a token."""


@operation("GET", "/v1/access/mine", scope=None, refusals=(errors.LedgerUnavailable,), tag="access")
def access_mine(*, asking: Asking, services: Services) -> MineShape:
    """Tell whoever asks who they are taken for, and what they may do."""
    actor, authority, session = asking.actor, asking.authority, asking.session
    return MineShape(
        actor=actor_shape(actor),
        name=services.people.names.of([actor.identity]).get(actor.identity),
        method=actor.method,
        credential=actor.credential,
        allowances=[AllowanceShape.of(each) for each in authority.allowances],
        clash=authority.clash,
        session=shown(session, SessionShape.of),
    )


def landed(shape: S, receipt: Receipt, *, again: S | None = None) -> Reply[S]:
    """Return *shape* as the answer to what was decided by *receipt*."""
    return Reply(
        shape,
        status=200 if receipt.existing else 201,
        headers={"Location": f"/v1/events/{receipt.position}"},
        head=LedgerHead(receipt.position, str(receipt.digest)),
        again=again,
    )


OPERATIONS = (propose_change, settle_change, access_mine)
