"""Withdraw a root: nothing is verified with it any more."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, names, report
from domain.commands.said_of_trust import say
from domain.commands.telling import Told
from domain.digest import Digest
from domain.errors import NothingFound
from domain.ports import Ledger, Receipt
from domain.stream import TRUST
from domain.trust import Trust
from domain.trust_root import TrustRootWithdrawn


@dataclass(frozen=True, kw_only=True)
class WithdrawTrustRoot(Told):
    """The command: a root or a key that was imported, and from when on what was verified with it is void."""

    root: Digest
    since: datetime
    reason: str


def withdraw_trust_root(command: WithdrawTrustRoot, *, ledger: Ledger) -> Receipt:
    """Append the withdrawal to *ledger*, once; said again in other words, the later ones hold.

    Raises `NothingFound` for a root that was never imported.
    """
    names.line(command.reason, "reason")
    said = {
        "root": command.root.text,
        "since": instant.text(command.since),
        "reason": command.reason,
    }
    told = command.report(report.fingerprint("withdrawal", said))

    def decide(known: Trust) -> TrustRootWithdrawn:
        if command.root not in known.roots:
            raise NothingFound(f"nothing that was trusted goes by {command.root}")
        return TrustRootWithdrawn(
            stream=TRUST,
            version=known.version + 1,
            occurred_at=command.occurred_at,
            actor=command.actor,
            report=told,
            root=command.root,
            since=command.since,
            reason=command.reason,
        )

    return say(
        told,
        occurred_at=command.occurred_at,
        ledger=ledger,
        last=lambda known: known.withdrawn.get(command.root),
        decide=decide,
    )
