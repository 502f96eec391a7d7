"""Streams of decisions, which happen when the ledger's clock says so: their state as of any instant."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from domain.event import Event, Recorded
from domain.ports import LedgerReader
from domain.prefix import Prefix
from domain.queries.asking import Clocks, resolve


class Decided(Protocol):
    """A folded state that knows when it was last changed."""

    @property
    def version(self) -> int:
        """The version of the last event folded in."""
        ...

    @property
    def at(self) -> datetime:
        """When that happened."""
        ...


S = TypeVar("S", bound=Decided)


@dataclass(frozen=True, slots=True)
class Known(Generic[S]):
    """The answer, and what it comes from."""

    as_of: datetime
    prefix: Prefix
    state: S
    """What had been said until `as_of`."""


def decided_at(
    clocks: Clocks, stream: str, fold: Callable[[S | None, Event], S], nothing: S, *, ledger: LedgerReader
) -> Known[S]:
    """Return the state of *stream*, *nothing* before its first event.

    Raises `KnownInTheFuture` and `BeyondTheHead`.
    """
    resolved = resolve(clocks, ledger)
    known = ledger.load_until(stream, fold, resolved.prefix) or nothing
    if clocks.as_of is None:  # now is not before what was said last, even if our clock is
        return Known(max(resolved.as_of, known.at), resolved.prefix, known)
    if known.at > clocks.as_of:
        count = _count(clocks.as_of, stream, known.version, ledger)
        known = _first(count, stream, fold, ledger) or nothing
    return Known(clocks.as_of, resolved.prefix, known)


def _count(as_of: datetime, stream: str, last: int, ledger: LedgerReader) -> int:
    """Return how many events happened until *as_of*; none happens before one in front of it."""
    versions = range(1, last + 1)
    return bisect_right(
        versions, as_of, key=lambda version: _event(stream, version, ledger).event.occurred_at
    )


def _first(count: int, stream: str, fold: Callable[[S | None, Event], S], ledger: LedgerReader) -> S | None:
    if count == 0:
        return None
    return ledger.load_until(stream, fold, ledger.prefix(_event(stream, count, ledger).position))


def _event(stream: str, version: int, ledger: LedgerReader) -> Recorded:
    return ledger.of_stream(stream, (version,))[0]
