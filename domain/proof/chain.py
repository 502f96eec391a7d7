"""Checking a whole ledger: places, chains and what was signed, from its first event to its last.

The checks, for each row in order of position:
 1. positions go 1, 2, 3, … without gaps;
 2. `recorded_at` is later than that of the row before;
 3. the digest is that of the signed bytes (DSSE v1.0.2, PAE);
 4. what was signed names this position, instant, stream, version and topic;
 5. it names the digest of the event before it in its stream, and its version is the next one;
 6. the signature is that of a key of this ledger (`Verifier`, which needs more than the standard library).
An altered, removed, inserted, moved or back-dated event fails one of them. Events cut off at the very end
fail none: that takes a checkpoint someone else kept.
"""

import json
from collections.abc import Iterable

from domain import instant
from domain.errors import BrokenLedger
from domain.event import SealedEvent
from domain.proof import dsse


class ChainCheck:
    """Checks 1 to 5, row by row; remembers one digest for each stream."""

    def __init__(self) -> None:
        """Start before the first event."""
        self.position = 0
        self._recorded_at = instant.EARLIEST
        self._heads: dict[str, tuple[int, str]] = {}

    def extend(self, rows: Iterable[SealedEvent]) -> None:
        """Check *rows* as the next ones; raises `BrokenLedger` naming the first that is wrong."""
        for row in rows:
            self._check(row)

    def _check(self, row: SealedEvent) -> None:
        here = f"position {row.position}"
        if row.position != self.position + 1:
            raise BrokenLedger(
                f"after position {self.position} comes {here}: an event is missing or inserted"
            )
        if row.recorded_at <= self._recorded_at:
            raise BrokenLedger(f"the event at {here} is not later than the one before it")
        if dsse.digest(row.payload) != row.digest:
            raise BrokenLedger(f"the event at {here} does not match its digest")
        previous = self._check_statement(row, here)
        version, head = self._heads.get(row.stream, (0, None))
        if row.version != version + 1 or previous != head:
            raise BrokenLedger(
                f"the chain of {row.stream} breaks at {here}: version {row.version} follows {version}"
            )
        self.position = row.position
        self._recorded_at = row.recorded_at
        self._heads[row.stream] = (row.version, f"sha256:{row.digest.hex()}")

    def _check_statement(self, row: SealedEvent, here: str) -> str | None:
        """Return the predecessor that *row* names, when what was signed agrees with the row."""
        try:
            statement = json.loads(row.payload)
            predicate = statement["predicate"]
            signed = (
                predicate["position"],
                predicate["recorded_at"],
                predicate["stream"],
                predicate["version"],
                statement["predicateType"].rpartition("/")[2],
            )
            previous: str | None = predicate["previous"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
            raise BrokenLedger(f"the event at {here} is not a statement of ours") from wrong
        stored = (row.position, instant.text(row.recorded_at), row.stream, row.version, row.topic)
        if signed != stored:
            raise BrokenLedger(f"the row at {here} disagrees with what was signed")
        return previous
