"""Policies, freezes and waivers, as answers show them."""

from datetime import datetime

from api.fields import Instant, Output
from api.v1.shapes import ActorShape, LedgerShape, actor_shape
from api.v1.values import ContentDigest
from domain.policy.freeze import Freeze
from domain.policy.law import Law
from domain.policy.proposal import Active, Proposed
from domain.policy.waiving import Requested


class FileShape(Output):
    """One file of a policy; its content is under `/v1/policies/files/DIGEST`."""

    name: str
    digest: ContentDigest


class PolicyShape(Output):
    """A policy that was proposed. `approved`: null until it is settled."""

    number: int
    set: str
    digest: ContentDigest
    environments: list[str]
    cases: int
    reason: str
    proposed_by: ActorShape
    proposed_at: Instant
    approved: bool | None
    settled_by: ActorShape | None
    settled_at: Instant | None
    effective_from: Instant | None
    settlement: str | None
    """What was said when it was settled."""
    files: list[FileShape]

    @classmethod
    def of(cls, policy: Proposed) -> "PolicyShape":
        """Show *policy*."""
        settled = policy.settled
        return cls(
            number=policy.number,
            set=policy.set,
            digest=policy.digest,
            environments=list(policy.environments),
            cases=policy.cases,
            reason=policy.reason,
            proposed_by=actor_shape(policy.proposer),
            proposed_at=policy.proposed_at,
            approved=None if settled is None else settled.approved,
            settled_by=None if settled is None else actor_shape(settled.actor),
            settled_at=None if settled is None else settled.occurred_at,
            effective_from=None if settled is None else settled.effective_from,
            settlement=None if settled is None else settled.reason,
            files=[FileShape(name=each.name, digest=each.digest) for each in policy.files],
        )


class InForceShape(Output):
    """The policy that decided in an environment."""

    environment: str
    since: Instant
    policy: int
    """Number of its proposal."""
    set: str
    digest: ContentDigest

    @classmethod
    def of(cls, active: Active) -> "InForceShape":
        """Show *active*."""
        return cls(
            environment=active.environment,
            since=active.since,
            policy=active.policy.number,
            set=active.policy.set,
            digest=active.policy.digest,
        )


class PoliciesShape(Output):
    """A page of the policies that were proposed, the newest first, and all that are in force at `as_of`."""

    as_of: Instant
    ledger: LedgerShape
    in_force: list[InForceShape]
    policies: list[PolicyShape]
    next: str | None


class FreezeShape(Output):
    """A freeze. One that was lifted ends where it was."""

    freeze: str
    name: str
    starts_at: Instant
    ends_at: Instant
    environments: list[str]
    services: list[str]
    holds: bool
    """At the instant asked about."""

    @classmethod
    def of(cls, freeze: Freeze, at: datetime) -> "FreezeShape":
        """Show *freeze* as it is at *at*."""
        return cls(
            freeze=freeze.id,
            name=freeze.name,
            starts_at=freeze.starts_at,
            ends_at=freeze.ends_at,
            environments=list(freeze.environments),
            services=list(freeze.services),
            holds=freeze.starts_at <= at < freeze.ends_at,
        )


class FreezesShape(Output):
    """A page of the freezes that had been declared by `as_of`, the one that starts last first."""

    as_of: Instant
    ledger: LedgerShape
    freezes: list[FreezeShape]
    next: str | None


class WaiverShape(Output):
    """A waiver, as it was at the instant asked about. How many people are enough is said by the policy."""

    number: int
    rule: str
    term: str
    environments: list[str]
    services: list[str]
    artifact: ContentDigest | None
    reason: str
    ticket: str
    requested_by: ActorShape
    requested_at: Instant
    expires_at: Instant
    approved_by: list[ActorShape]
    revoked_at: Instant | None
    state: str
    """requested, approved, revoked, or expired."""

    @classmethod
    def of(cls, waiver: Requested, at: datetime) -> "WaiverShape":
        """Show *waiver* as it is at *at*."""
        return cls(
            number=waiver.number,
            rule=waiver.rule,
            term=waiver.term,
            environments=list(waiver.environments),
            services=list(waiver.services),
            artifact=waiver.artifact,
            reason=waiver.reason,
            ticket=waiver.ticket,
            requested_by=actor_shape(waiver.requester),
            requested_at=waiver.requested_at,
            expires_at=waiver.expires_at,
            approved_by=[actor_shape(each) for each in waiver.approvers],
            revoked_at=waiver.revoked_at,
            state=_state(waiver, at),
        )


class WaiversShape(Output):
    """A page of the waivers that had been asked for by `as_of`, the newest first."""

    as_of: Instant
    ledger: LedgerShape
    waivers: list[WaiverShape]
    next: str | None


def in_force(law: Law, at: datetime) -> list[InForceShape]:
    """Return the policies that decide at *at*, by environment."""
    found = (law.active(environment, at) for environment in sorted(law.put_in_force))
    return [InForceShape.of(each) for each in found if each is not None]


def _state(waiver: Requested, at: datetime) -> str:
    if waiver.revoked_at is not None:
        return "revoked"
    if at >= waiver.expires_at:
        return "expired"
    return "approved" if waiver.approvers else "requested"
