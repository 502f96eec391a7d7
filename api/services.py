"""What the ways in may use, as ports."""

from collections.abc import Callable
from dataclasses import dataclass

from api.cursor import Cursors
from api.idempotency import Answers
from domain.event import SealedEvent
from domain.ports import KeyedDigests, Ledger, Placements


@dataclass(frozen=True, slots=True)
class Services:
    """One of everything that commands and questions need."""

    ledger: Ledger
    placements: Placements
    digests: KeyedDigests
    answers: Answers
    cursors: Cursors
    envelope: Callable[[SealedEvent], bytes]
    """Returns the DSSE envelope of a stored event, byte for byte what was signed."""
    ready: Callable[[], None]
    """Returns when the ledger can be read and written; raises the refusal otherwise."""
    close: Callable[[], None]
    """Closes every connection."""
