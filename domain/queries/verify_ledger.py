"""Check every signature, chain and position of a ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.event import SealedEvent
from domain.ports import Verifier
from domain.proof.chain import ChainCheck

PAGE_SIZE_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Verified:
    """A ledger whose first *events* events are what was signed, in the order they were recorded."""

    events: int
    digest: str | None
    """Digest of the last event; None for an empty ledger."""


def verify_ledger(
    read_page: Callable[[int, int], Sequence[SealedEvent]],
    verifier: Verifier,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Verified:
    """Check the rows that *read_page(after, limit)* returns until it returns none.

    Raises `BrokenLedger` naming the first event that is wrong.
    """
    check = ChainCheck()
    last: SealedEvent | None = None
    while page := read_page(check.position, PAGE_SIZE_EVENTS):
        for row in page:
            check.extend((row,))
            verifier.verify(row)
        last = page[-1]
        progress(check.position)
    return Verified(check.position, None if last is None else f"sha256:{last.digest.hex()}")
