"""Deciding about the law: who may propose and approve a policy, freeze, and waive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access.access import Access
from domain.access.authority import authority
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.actor import Actor, ActorKind
from domain.digest import Digest
from domain.errors import AccessFull, NothingToChange, ProposalClosed, SecondPersonNeeded
from domain.policy.freeze import ANY, FreezeDeclared, FreezeLifted
from domain.policy.law import Law
from domain.policy.proposal import PolicyFile, PolicyProposed, PolicySettled, Proposed
from domain.policy.waiving import Requested, WaiverApproved, WaiverRequested, WaiverRevoked
from domain.report import Report
from domain.stream import POLICY

PROPOSALS_MAX = 200
FREEZES_MAX = 1000
WAIVERS_MAX = 2000
"""Of what is not settled, or not over: each of them is looked at in every decision."""


@dataclass(frozen=True, slots=True)
class Decider:
    """Whoever wants the law to change, and all that is known at that moment."""

    law: Law
    access: Access
    actor: Actor
    at: datetime
    told: Report

    def propose(
        self,
        *,
        set_name: str,
        digest: Digest,
        files: Sequence[PolicyFile],
        environments: tuple[str, ...],
        cases: int,
        reason: str,
    ) -> PolicyProposed:
        """Decide what proposing a policy adds. Raises `NotPermitted`, `NothingToChange`, `AccessFull`."""
        self._check(Scope.POLICY_PROPOSE, environments)
        waiting = [each for each in self.law.policies.values() if each.settled is None]
        for each in waiting:
            if (each.digest, each.environments) == (digest, environments):
                raise NothingToChange(
                    f"proposal {each.number} says the same, and waits for somebody to approve it"
                )
        _check_room(len(waiting), PROPOSALS_MAX, "proposals wait")
        return PolicyProposed(
            **self._event(),
            number=len(self.law.policies) + 1,
            set=set_name,
            digest=digest,
            files=tuple(files),
            environments=environments,
            cases=cases,
            reason=reason,
        )

    def settle(
        self, number: int, *, approved: bool, effective_from: datetime | None, reason: str | None
    ) -> PolicySettled:
        """Decide what an answer to proposal *number* adds: SOD-5, its author is not who approves it.

        Whoever has the ledger's files may put the first policy of an environment in force alone: there is
        nobody yet who could have agreed on anything. Raises `UnknownProposal`, `ProposalClosed`,
        `SecondPersonNeeded`, `NotPermitted`.
        """
        proposal = self.law.proposal(number)
        if proposal.settled is not None:
            raise ProposalClosed(f"policy {number} was settled before")
        mine = self._is_same(proposal.proposer)
        if approved and not self._begins(proposal):
            if mine:
                raise SecondPersonNeeded(
                    f"SOD-5: policy {number} was proposed by the same person, somebody else has to approve it"
                )
            self._check(Scope.POLICY_APPROVE, proposal.environments)
        elif not approved and not mine:
            self._check(Scope.POLICY_APPROVE, proposal.environments)
        since = max(effective_from or self.at, self.at) if approved else None
        return PolicySettled(
            **self._event(), number=number, approved=approved, effective_from=since, reason=reason
        )

    def freeze(
        self,
        *,
        freeze: str,
        name: str,
        starts_at: datetime,
        ends_at: datetime,
        environments: tuple[str, ...],
        services: tuple[str, ...],
    ) -> FreezeDeclared:
        """Decide what declaring a freeze adds. Raises `NotPermitted`, `AccessFull`."""
        self._check(Scope.FREEZE, environments, services)
        held = sum(each.ends_at > self.at for each in self.law.freezes.values())
        _check_room(held, FREEZES_MAX, "freezes are not over")
        return FreezeDeclared(
            **self._event(),
            freeze=freeze,
            name=name,
            starts_at=starts_at,
            ends_at=ends_at,
            environments=environments,
            services=services,
        )

    def lift(self, freeze: str, reason: str) -> FreezeLifted:
        """Decide what lifting a freeze adds. Raises `NothingToChange`, `NotPermitted`."""
        known = self.law.freezes.get(freeze)
        if known is None or known.ends_at <= self.at:
            raise NothingToChange(f"there is no freeze {freeze[:60]!r} that is not over")
        self._check(Scope.FREEZE, known.environments, known.services)
        return FreezeLifted(**self._event(), freeze=freeze, reason=reason)

    def request_waiver(
        self,
        *,
        rule: str,
        term: str,
        environments: tuple[str, ...],
        services: tuple[str, ...],
        artifact: Digest | None,
        reason: str,
        ticket: str,
        expires_at: datetime,
    ) -> WaiverRequested:
        """Decide what asking for a waiver adds. Raises `NotPermitted`, `AccessFull`."""
        self._check(Scope.WAIVER_REQUEST, environments, services)
        held = sum(each.is_open(self.at) for each in self.law.waivers.values())
        _check_room(held, WAIVERS_MAX, "waivers are not over")
        return WaiverRequested(
            **self._event(),
            number=len(self.law.waivers) + 1,
            rule=rule,
            term=term,
            environments=environments,
            services=services,
            artifact=artifact,
            reason=reason,
            ticket=ticket,
            expires_at=expires_at,
        )

    def approve_waiver(self, number: int, reason: str | None) -> WaiverApproved:
        """Decide what one more approval adds.

        Raises `NothingFound`, `ProposalClosed`, `SecondPersonNeeded`, `NothingToChange`, `NotPermitted`.
        """
        waiver = self._open_waiver(number)
        if self._is_same(waiver.requester):
            raise SecondPersonNeeded(f"waiver {number} was asked for by the same person")
        if any(map(self._is_same, waiver.approvers)):
            raise NothingToChange(f"the same person approved waiver {number} before")
        self._check(Scope.WAIVER_APPROVE, waiver.environments, waiver.services)
        return WaiverApproved(**self._event(), number=number, reason=reason)

    def revoke_waiver(self, number: int, reason: str) -> WaiverRevoked:
        """Decide what ending a waiver adds; whoever asked for it may. Raises as `approve_waiver` does."""
        waiver = self._open_waiver(number)
        if not self._is_same(waiver.requester):
            self._check(Scope.WAIVER_APPROVE, waiver.environments, waiver.services)
        return WaiverRevoked(**self._event(), number=number, reason=reason)

    def _open_waiver(self, number: int) -> Requested:
        waiver = self.law.waiver(number)
        if not waiver.is_open(self.at):
            raise ProposalClosed(f"waiver {number} is over")
        return waiver

    def _begins(self, proposal: Proposed) -> bool:
        """Whether it is the first policy of all its environments, and the operator puts it in force."""
        first = not any(self.law.put_in_force.get(each) for each in proposal.environments)
        return first and self.actor.kind is ActorKind.OPERATOR

    def _is_same(self, other: Actor) -> bool:
        """Whether *other* is the same person, counting every identity."""
        mine = {self.actor.identity, *self.access.person_of(self.actor.identity)}
        return not mine.isdisjoint({other.identity, *self.access.person_of(other.identity)})

    def _check(self, scope: Scope, environments: tuple[str, ...], services: tuple[str, ...] = (ANY,)) -> None:
        reach = Reach.of(
            services=() if services == (ANY,) else services,
            environments=() if environments == (ANY,) else environments,
        )
        authority(self.access, self.actor, self.at).check_within(scope, reach)

    def _event(self) -> dict[str, Any]:
        return {
            "stream": POLICY,
            "version": self.law.version + 1,
            "occurred_at": self.at,
            "actor": self.actor,
            "report": self.told,
        }


def _check_room(held: int, most: int, what: str) -> None:
    if held >= most:
        raise AccessFull(f"{held} {what}, as many as there may be: settle, lift or revoke some first")
