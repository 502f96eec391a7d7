"""What was trusted, as known at any moment."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from domain import trust
from domain.ports import EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.trust import Trust


@dataclass(frozen=True, slots=True)
class TrustKnown:
    """The answer, and the prefix it comes from."""

    prefix: Prefix
    trust: Trust


def trust_at(known_at: datetime | int | None, *, ledger: LedgerReader, index: EvidenceIndex) -> TrustKnown:
    """Return what was trusted."""
    prefix = ledger.prefix(known_at)
    return TrustKnown(prefix, known_trust(prefix, ledger=ledger, index=index))


def known_trust(prefix: Prefix, *, ledger: LedgerReader, index: EvidenceIndex) -> Trust:
    """Return what is trusted by what *prefix* says."""
    positions = index.trust_events(prefix)
    events = (recorded.event for recorded in (ledger.many_at(positions) if positions else ()))
    return reduce(trust.fold, events, Trust())
