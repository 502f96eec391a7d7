"""Give an API token another secret."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, report
from domain.access import issuing
from domain.access.token import TokenRotated
from domain.commands.deciding_access import Decided, decide_once
from domain.digest import Digest
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateToken(Decided):
    """The command: the SHA-256 of a new secret, and for how long the old one is still good."""

    token: str
    secret: Digest
    grace_seconds: int = 0
    expires_at: datetime | None = None
    """When it ends now; None: when it would have."""


def rotate_token(command: RotateToken, *, ledger: Ledger) -> Receipt:
    """Append the rotation to *ledger*, once; raises what `issuing.rotate` refuses with."""
    said = {
        "token": command.token,
        "secret": command.secret.text,
        "grace_seconds": command.grace_seconds,
        "expires_at": command.expires_at and instant.text(command.expires_at),
        "by": command.by(),
    }
    told = command.report(report.fingerprint("token-rotation", said))
    return decide_once(
        told,
        lambda _: report.key(TokenRotated.topic, command.token, command.secret.text),
        lambda access, at: [
            issuing.rotate(
                access,
                actor=command.actor,
                at=at,
                told=told,
                token=command.token,
                secret=command.secret,
                grace_seconds=command.grace_seconds,
                expires_at=command.expires_at,
            )
        ],
        ledger=ledger,
    )
