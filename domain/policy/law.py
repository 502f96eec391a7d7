"""The law of a ledger: which policy decides where, what is frozen, and what is waived. One stream, folded."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain import instant
from domain.errors import NothingFound, UnknownProposal
from domain.event import Event
from domain.policy.freeze import Freeze, FreezeDeclared, FreezeLifted
from domain.policy.proposal import Active, PolicyProposed, PolicySettled, Proposed
from domain.policy.waiving import Requested, WaiverApproved, WaiverRequested, WaiverRevoked
from domain.revised import RevisedMap


@dataclass(frozen=True, slots=True)
class Law:
    """Everything on the stream `policy`. Its `version` is that of the last event."""

    version: int = 0
    at: datetime = instant.EARLIEST
    policies: RevisedMap[int, Proposed] = field(default_factory=RevisedMap)
    """By number of proposal."""
    put_in_force: RevisedMap[str, tuple[Active, ...]] = field(default_factory=RevisedMap)
    """By environment, in the order they were approved."""
    freezes: RevisedMap[str, Freeze] = field(default_factory=RevisedMap)
    waivers: RevisedMap[int, Requested] = field(default_factory=RevisedMap)

    def active(self, environment: str, at: datetime) -> Active | None:
        """Return the policy that decides in *environment* at *at*; None when none was ever put in force.

        Of several, the one that was to begin last; said for the same instant, the one that was approved last.
        """
        begun = [each for each in self.put_in_force.get(environment, ()) if each.since <= at]
        return max(reversed(begun), key=lambda each: each.since) if begun else None

    def proposal(self, number: int) -> Proposed:
        """Return the policy of that number; raises `UnknownProposal`."""
        if number not in self.policies:
            raise UnknownProposal(f"there is no proposed policy {number}")
        return self.policies[number]

    def waiver(self, number: int) -> Requested:
        """Return the waiver of that number; raises `NothingFound`."""
        if number not in self.waivers:
            raise NothingFound(f"there is no waiver {number}")
        return self.waivers[number]

    def freezes_of(self, environment: str) -> Iterator[Freeze]:
        """Yield the freezes of *environment*, past and future."""
        return (each for each in self.freezes.values() if each.concerns(environment))

    def waivers_of(self, environment: str, at: datetime) -> Iterator[Requested]:
        """Yield the waivers for *environment* that are open at *at*."""
        return (each for each in self.waivers.values() if each.concerns(environment) and each.is_open(at))


def fold(known: Law | None, event: Event) -> Law:  # noqa: PLR0911 - one line a kind of event
    """Advance *known* by one event of the stream."""
    before = replace(known or Law(), version=event.version, at=event.occurred_at)
    match event:
        case PolicyProposed():
            return replace(before, policies=before.policies.with_value(event.number, _proposed(event)))
        case PolicySettled():
            return _settled(before, event)
        case FreezeDeclared():
            return replace(before, freezes=before.freezes.with_value(event.freeze, _declared(event)))
        case FreezeLifted():
            lifted = before.freezes[event.freeze].lifted(event.occurred_at)
            return replace(before, freezes=before.freezes.with_value(event.freeze, lifted))
        case WaiverRequested():
            return replace(before, waivers=before.waivers.with_value(event.number, _requested(event)))
        case WaiverApproved():
            approved = before.waivers[event.number].approved(event.actor)
            return replace(before, waivers=before.waivers.with_value(event.number, approved))
        case WaiverRevoked():
            revoked = replace(before.waivers[event.number], revoked_at=event.occurred_at)
            return replace(before, waivers=before.waivers.with_value(event.number, revoked))
        case _:
            raise AssertionError(f"{event.topic} is not about policy")


def _proposed(event: PolicyProposed) -> Proposed:
    return Proposed(
        number=event.number,
        set=event.set,
        digest=event.digest,
        files=event.files,
        environments=event.environments,
        cases=event.cases,
        reason=event.reason,
        proposer=event.actor,
        proposed_at=event.occurred_at,
    )


def _settled(known: Law, event: PolicySettled) -> Law:
    policy = replace(known.policies[event.number], settled=event)
    left = replace(known, policies=known.policies.with_value(event.number, policy))
    if event.effective_from is None:
        return left
    in_force = left.put_in_force
    for environment in policy.environments:
        active = Active(environment, event.effective_from, policy)
        in_force = in_force.with_value(environment, (*in_force.get(environment, ()), active))
    return replace(left, put_in_force=in_force)


def _declared(event: FreezeDeclared) -> Freeze:
    return Freeze(
        id=event.freeze,
        name=event.name,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        environments=event.environments,
        services=event.services,
        version=event.version,
    )


def _requested(event: WaiverRequested) -> Requested:
    return Requested(
        number=event.number,
        rule=event.rule,
        term=event.term,
        environments=event.environments,
        services=event.services,
        artifact=event.artifact,
        reason=event.reason,
        ticket=event.ticket,
        requested_at=event.occurred_at,
        expires_at=event.expires_at,
        requester=event.actor,
        version=event.version,
    )
