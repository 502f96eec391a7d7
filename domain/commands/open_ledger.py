"""Open a ledger: its first event."""

from dataclasses import dataclass
from datetime import datetime

from domain import genesis, history
from domain.actor import Actor
from domain.ports import Ledger, Receipt
from domain.stream import LEDGER


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """The command: an identity, made up for it, and its first public key (PEM)."""

    occurred_at: datetime
    actor: Actor
    ledger: str
    public_key: str


def open_ledger(command: OpenLedger, *, ledger: Ledger) -> Receipt | None:
    """Append the first event to *ledger*; None when it is open already."""
    if ledger.load(LEDGER, history.count) is not None:
        return None
    return ledger.append(
        [
            genesis.open_ledger(
                occurred_at=command.occurred_at,
                actor=command.actor,
                ledger=command.ledger,
                public_key=command.public_key,
            )
        ]
    )[0]
