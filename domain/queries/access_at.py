"""Who may do what, as of any instant and as known at any moment."""

from dataclasses import dataclass
from datetime import datetime

from domain.access.access import Access
from domain.access.fold import fold
from domain.ports import LedgerReader
from domain.prefix import Prefix
from domain.queries.asking import Clocks
from domain.queries.decided_at import decided_at
from domain.stream import ACCESS


@dataclass(frozen=True, slots=True)
class AccessKnown:
    """The answer, and what it comes from."""

    as_of: datetime
    prefix: Prefix
    access: Access
    """What had been said until `as_of`; whether a grant holds then is for `access.in_force` to say."""


def access_at(clocks: Clocks, *, ledger: LedgerReader) -> AccessKnown:
    """Return who may do what; raises `KnownInTheFuture` and `BeyondTheHead`."""
    known = decided_at(clocks, ACCESS, fold, Access(), ledger=ledger)
    return AccessKnown(known.as_of, known.prefix, known.state)
