"""Propose a change of access; where one person alone may make it, it is made."""

from dataclasses import dataclass

from domain import report
from domain.access import changing
from domain.access.change import Change
from domain.access.proposal import AccessProposed
from domain.commands.deciding_access import Decided, decide_once
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAccess(Decided):
    """The command: what is to change, and why."""

    change: Change
    reason: str


def propose_access(command: ProposeAccess, *, ledger: Ledger) -> Receipt:
    """Append the proposal to *ledger*, with its confirmation where nobody else is needed.

    The receipt's event is the `AccessProposed`, whose number it is settled by. Raises what
    `domain.access.changing.propose` refuses with.
    """
    said = {"change": command.change.document(), "reason": command.reason, "by": command.by()}
    told = command.report(report.fingerprint("access-proposal", said))
    return decide_once(
        told,
        lambda access: report.key(AccessProposed.topic, str(access.numbers + 1)),
        lambda access, at: changing.propose(
            access, actor=command.actor, at=at, told=told, change=command.change, reason=command.reason
        ),
        ledger=ledger,
    )
