"""Who may do what, as of any instant and as known at any moment."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from domain.access.access import Access
from domain.access.fold import fold
from domain.event import Recorded
from domain.ports import LedgerReader
from domain.prefix import Prefix
from domain.queries.asking import Clocks, resolve
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
    resolved = resolve(clocks, ledger)
    known = ledger.load_until(ACCESS, fold, resolved.prefix) or Access()
    if clocks.as_of is None:  # now is not before what was said last, even if our clock is
        return AccessKnown(max(resolved.as_of, known.at), resolved.prefix, known)
    if known.at > clocks.as_of:
        known = _until(clocks.as_of, known.version, ledger)
    return AccessKnown(clocks.as_of, resolved.prefix, known)


def _until(as_of: datetime, last: int, ledger: LedgerReader) -> Access:
    """Return what had been said until *as_of*; of this stream no event happens before one in front of it."""
    versions = range(1, last + 1)
    count = bisect_right(versions, as_of, key=lambda version: _event(version, ledger).event.occurred_at)
    if count == 0:
        return Access()
    return ledger.load_until(ACCESS, fold, ledger.prefix(_event(count, ledger).position)) or Access()


def _event(version: int, ledger: LedgerReader) -> Recorded:
    return ledger.of_stream(ACCESS, (version,))[0]
