"""Distrust a signer from an instant on."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, names, report, trust
from domain.commands.telling import Told, once
from domain.digest import Digest
from domain.ports import Ledger, Receipt
from domain.stream import TRUST
from domain.trust import SignerDistrusted, Trust


@dataclass(frozen=True, kw_only=True)
class DistrustSigner(Told):
    """The command: the identity of certificates, or the fingerprint of a key or a certificate."""

    identity: str | None = None
    issuer: str | None = None
    key: Digest | None = None
    since: datetime
    reason: str


def distrust_signer(command: DistrustSigner, *, ledger: Ledger) -> Receipt:
    """Append the distrust to *ledger*, once. Nothing is verified again: it is judged when it is asked for."""
    trust.checked_signer(command.identity, command.issuer, command.key)
    names.line(command.reason, "reason")
    content = {
        "identity": command.identity,
        "issuer": command.issuer,
        "key": command.key and command.key.text,
        "since": instant.text(command.since),
        "reason": command.reason,
    }
    told = command.report(report.fingerprint("distrust", content))

    def decide() -> list[SignerDistrusted]:
        known = ledger.load(TRUST, trust.fold) or Trust()
        return [
            SignerDistrusted(
                stream=TRUST,
                version=known.version + 1,
                occurred_at=command.occurred_at,
                actor=command.actor,
                report=told,
                identity=command.identity,
                issuer=command.issuer,
                key=command.key,
                since=command.since,
                reason=command.reason,
            )
        ]

    return once(
        told,
        told.fingerprint,
        occurred_at=command.occurred_at,
        stream=TRUST,
        ledger=ledger,
        decide=decide,
    )
