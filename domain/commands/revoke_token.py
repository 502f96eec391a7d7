"""End an API token."""

from dataclasses import dataclass

from domain import report
from domain.access import issuing
from domain.access.token import TokenRevoked
from domain.commands.deciding_access import Decided, decide_once
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken(Decided):
    """The command: which token, and why."""

    token: str
    reason: str


def revoke_token(command: RevokeToken, *, ledger: Ledger) -> Receipt:
    """Append the end of the token to *ledger*, once; raises what `issuing.revoke` refuses with."""
    said = {"token": command.token, "reason": command.reason, "by": command.by()}
    told = command.report(report.fingerprint("token-end", said))
    return decide_once(
        told,
        lambda _: report.key(TokenRevoked.topic, command.token),
        lambda access, at: [
            issuing.revoke(
                access, actor=command.actor, at=at, told=told, token=command.token, reason=command.reason
            )
        ],
        ledger=ledger,
    )
