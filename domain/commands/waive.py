"""Ask for waivers, approve and revoke them."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, report
from domain.commands.deciding_access import Decided
from domain.commands.deciding_law import make_law
from domain.digest import Digest
from domain.policy.waiving import WaiverApproved, WaiverRequested, WaiverRevoked
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWaiver(Decided):
    """The command: which violation, where, why and until when."""

    rule: str
    term: str
    environments: tuple[str, ...]
    services: tuple[str, ...]
    artifact: Digest | None = None
    reason: str
    ticket: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveWaiver(Decided):
    """The command: one more person accepts the waiver of that number."""

    number: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeWaiver(Decided):
    """The command: the waiver of that number ends."""

    number: int
    reason: str


def request_waiver(command: RequestWaiver, *, ledger: Ledger) -> Receipt:
    """Append the request to *ledger*; raises what `Decider.request_waiver` refuses with."""
    environments, services = tuple(sorted(command.environments)), tuple(sorted(command.services))
    said = {
        "rule": command.rule,
        "term": command.term,
        "environments": environments,
        "services": services,
        "artifact": None if command.artifact is None else str(command.artifact),
        "reason": command.reason,
        "ticket": command.ticket,
        "expires_at": instant.text(command.expires_at),
        "by": command.by(),
    }
    return make_law(
        command,
        command.report(report.fingerprint("waiver", said)),
        lambda law: report.key(WaiverRequested.topic, str(len(law.waivers) + 1)),
        lambda decider: decider.request_waiver(
            rule=command.rule,
            term=command.term,
            environments=environments,
            services=services,
            artifact=command.artifact,
            reason=command.reason,
            ticket=command.ticket,
            expires_at=command.expires_at,
        ),
        ledger=ledger,
    )


def approve_waiver(command: ApproveWaiver, *, ledger: Ledger) -> Receipt:
    """Append the approval to *ledger*, once a person; raises what `Decider.approve_waiver` refuses with."""
    said = {"number": command.number, "reason": command.reason, "by": command.by()}
    return make_law(
        command,
        command.report(report.fingerprint("waiver-approval", said)),
        lambda _: report.key(WaiverApproved.topic, str(command.number), *command.by()),
        lambda decider: decider.approve_waiver(command.number, command.reason),
        ledger=ledger,
    )


def revoke_waiver(command: RevokeWaiver, *, ledger: Ledger) -> Receipt:
    """Append the end of the waiver to *ledger*, once; raises what `Decider.revoke_waiver` refuses with."""
    said = {"number": command.number, "reason": command.reason}
    return make_law(
        command,
        command.report(report.fingerprint("waiver-revoked", said)),
        lambda _: report.key(WaiverRevoked.topic, str(command.number)),
        lambda decider: decider.revoke_waiver(command.number, command.reason),
        ledger=ledger,
    )
