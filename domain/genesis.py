"""The first event of a ledger: its identity, and the key that signs what follows."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.actor import Actor
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.event import Event, Subject
from domain.stream import LEDGER

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class LedgerOpened(Event):
    """A ledger began; it is this one and no other."""

    topic: ClassVar[str] = "ledger-opened.v1"

    ledger: str
    """128 random bits, 32 hex digits."""
    public_key: str
    """The first signing key: SubjectPublicKeyInfo, PEM (RFC 7468)."""

    def subjects(self) -> tuple[Subject, ...]:
        """Return the public key."""
        return (Subject("public key", "sha256", Digest.of(self.public_key.encode()).hex),)


def open_ledger(*, occurred_at: datetime, actor: Actor, ledger: str, public_key: str) -> LedgerOpened:
    """Decide how a ledger begins."""
    if _ID.fullmatch(ledger) is None:
        raise MalformedValue(f"not a ledger id: {ledger[:80]!r}, expected 32 hex digits")
    return LedgerOpened(
        stream=LEDGER,
        version=1,
        occurred_at=occurred_at,
        actor=actor,
        ledger=ledger,
        public_key=public_key,
    )
