"""Settle a proposed policy: approve it, turn it down, or take it back."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, report
from domain.commands.deciding_access import Decided
from domain.commands.deciding_law import make_law
from domain.policy.proposal import PolicySettled
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePolicy(Decided):
    """The command: an answer to the proposal of that number."""

    number: int
    approved: bool
    effective_from: datetime | None = None
    """Of an approval; None: at once."""
    reason: str | None = None


def settle_policy(command: SettlePolicy, *, ledger: Ledger) -> Receipt:
    """Append the answer to *ledger*, once; raises what `Decider.settle` refuses with."""
    since = command.effective_from
    said = {
        "number": command.number,
        "approved": command.approved,
        "effective_from": None if since is None else instant.text(since),
        "reason": command.reason,
        "by": command.by(),
    }
    told = command.report(report.fingerprint("policy-settlement", said))
    return make_law(
        command,
        told,
        lambda _: report.key(PolicySettled.topic, str(command.number)),
        lambda decider: decider.settle(
            command.number, approved=command.approved, effective_from=since, reason=command.reason
        ),
        ledger=ledger,
    )
