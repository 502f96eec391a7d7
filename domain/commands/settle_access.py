"""Settle a proposed change of access: confirm it, turn it down, or take it back."""

from dataclasses import dataclass

from domain import report
from domain.access import changing
from domain.access.proposal import AccessSettled
from domain.commands.deciding_access import Decided, decide_once
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAccess(Decided):
    """The command: an answer to the proposal of that number."""

    number: int
    confirmed: bool
    reason: str | None = None


def settle_access(command: SettleAccess, *, ledger: Ledger) -> Receipt:
    """Append the answer to *ledger*, once; raises what `domain.access.changing.settle` refuses with."""
    said = {
        "number": command.number,
        "confirmed": command.confirmed,
        "reason": command.reason,
        "by": command.by(),
    }
    told = command.report(report.fingerprint("access-settlement", said))
    return decide_once(
        told,
        lambda _: report.key(AccessSettled.topic, str(command.number)),
        lambda access, at: [
            changing.settle(
                access,
                actor=command.actor,
                at=at,
                told=told,
                number=command.number,
                confirmed=command.confirmed,
                reason=command.reason,
            )
        ],
        ledger=ledger,
    )
