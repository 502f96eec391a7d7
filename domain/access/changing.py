"""Deciding about changes of access: who may propose one, and who may confirm it."""

from dataclasses import replace
from datetime import datetime

from domain import names
from domain.access.access import Access
from domain.access.authority import authority
from domain.access.binding import Binding
from domain.access.change import Change, Grant, Link, RemoveBinding, RevokeGrant
from domain.access.checking import check_change
from domain.access.people import Person
from domain.access.proposal import AccessProposed, AccessSettled, Proposal, is_made_alone
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.access.webhook import RemoveWebhook, Webhook
from domain.actor import Actor
from domain.errors import AccessFull, NothingToChange, SecondPersonNeeded
from domain.report import Report
from domain.stream import ACCESS

OPEN_MAX = 200
"""Proposals that wait for a second person."""


def propose(
    access: Access, *, actor: Actor, at: datetime, told: Report, change: Change, reason: str
) -> tuple[AccessProposed, *tuple[AccessSettled, ...]]:
    """Decide what proposing *change* adds: the proposal, and its confirmation where nobody else is needed.

    Raises `NotPermitted`, `NothingToChange`, `AccessFull`, and whatever speaks against the change itself.
    """
    names.line(reason, "reason")
    authority(access, actor, at).check_within(Scope.ACCESS_PROPOSE, _reach(access, change))
    check_change(access, change, at)
    waiting = [each for each in access.open if at < each.expires_at]
    if same := [each.number for each in waiting if each.change == change]:
        raise NothingToChange(f"proposal {same[0]} says the same, and waits for somebody to confirm it")
    proposed = AccessProposed(
        stream=ACCESS,
        version=access.version + 1,
        occurred_at=at,
        actor=actor,
        report=told,
        number=access.numbers + 1,
        change=change,
        reason=reason,
    )
    if is_made_alone(change, actor):
        return proposed, _settled(access.version + 2, proposed.number, actor, at)
    if len(waiting) >= OPEN_MAX:
        raise AccessFull(f"{OPEN_MAX} proposals wait already: settle some first")
    return (proposed,)


def settle(
    access: Access,
    *,
    actor: Actor,
    at: datetime,
    told: Report,
    number: int,
    confirmed: bool,
    reason: str | None = None,
) -> AccessSettled:
    """Decide what an answer to proposal *number* adds: that answer.

    Whoever proposed may take it back. Confirming takes somebody else, who may confirm all that it reaches.
    Raises `UnknownProposal`, `ProposalClosed`, `SecondPersonNeeded`, `NotPermitted`, and what speaks against
    the change by now.
    """
    if reason is not None:
        names.line(reason, "reason")
    proposal = access.proposal(number, at)
    if confirmed or not _is_proposer(access, proposal, actor):
        reach = _reach(access, proposal.change)
        authority(access, actor, at).check_within(Scope.ACCESS_CONFIRM, reach)
    if confirmed:
        _check_second(access, proposal, actor)
        check_change(access, proposal.change, at)
    settled = _settled(access.version + 1, number, actor, at, confirmed=confirmed, reason=reason)
    return replace(settled, report=told)


def _check_second(access: Access, proposal: Proposal, actor: Actor) -> None:
    """Refuse who proposed it, under any identity: of then, of now, and of after the change."""
    if _is_proposer(access, proposal, actor):
        raise SecondPersonNeeded(
            f"proposal {proposal.number} is of the same person, {proposal.proposed_by.identity}:"
            " somebody else has to confirm it"
        )
    said = proposal.change.said
    if isinstance(said, Link) and _joins(access.people.joined(said), proposal, actor):
        raise SecondPersonNeeded(
            f"proposal {proposal.number} says that you and who proposed it are one person:"
            " somebody else has to confirm it"
        )


def _is_proposer(access: Access, proposal: Proposal, actor: Actor) -> bool:
    mine = {actor.identity, *access.person_of(actor.identity)}
    return not mine.isdisjoint(proposal.proposers)


def _joins(person: Person, proposal: Proposal, actor: Actor) -> bool:
    return actor.identity in person and proposal.proposed_by.identity in person


def _reach(access: Access, change: Change) -> Reach:
    """Return how far *change* reaches; what is for the whole ledger takes somebody without limits."""
    match change.said:
        case Grant() | Binding() | Webhook() as said:
            return said.reach
        case RevokeGrant(number) if number in access.grants:
            return access.grants[number].said.reach
        case RemoveBinding(name) if name in access.bindings:
            return access.bindings[name].said.reach
        case RemoveWebhook(name) if name in access.webhooks:
            return access.webhooks[name].said.reach
        case _:
            return Reach()


def _settled(
    version: int,
    number: int,
    actor: Actor,
    at: datetime,
    *,
    confirmed: bool = True,
    reason: str | None = None,
) -> AccessSettled:
    settled = AccessSettled(
        stream=ACCESS,
        version=version,
        occurred_at=at,
        actor=actor,
        number=number,
        confirmed=confirmed,
        reason=reason,
    )
    return replace(settled, report=Report(fingerprint=settled.natural_key()))
