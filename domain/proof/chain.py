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
from datetime import datetime

from domain import instant
from domain.errors import BrokenLedger
from domain.event import SealedEvent
from domain.proof import dsse


class Links:
    """Checks 1, 2 and 5, row by row; remembers one digest for each stream."""

    def __init__(self) -> None:
        """Start before the first event."""
        self.position = 0
        self._recorded_at = instant.EARLIEST
        self._heads: dict[str, tuple[int, str]] = {}

    def place(self, position: int, recorded_at: datetime) -> None:
        """Check that a row is the next one; raises `BrokenLedger`."""
        if position != self.position + 1:
            raise BrokenLedger(
                f"after position {self.position} comes position {position}: an event is missing or inserted"
            )
        if recorded_at <= self._recorded_at:
            raise BrokenLedger(f"the event at position {position} is not later than the one before it")
        self.position = position
        self._recorded_at = recorded_at

    def link(self, stream: str, version: int, *, previous: str | None, digest: str) -> None:
        """Check that the row placed last is the next of its stream; raises `BrokenLedger`."""
        before, head = self._before(stream, version)
        if version != before + 1 or previous != head:
            raise BrokenLedger(
                f"the chain of {stream} breaks at position {self.position}:"
                f" version {version} follows {before}"
            )
        self._keep(stream, version, digest)

    def _before(self, stream: str, _version: int) -> tuple[int, str | None]:
        """Return version and digest of what *stream* ends with, 0 and None before its first event."""
        return self._heads.get(stream, (0, None))

    def _keep(self, stream: str, version: int, digest: str) -> None:
        """Remember what *stream* ends with."""
        self._heads[stream] = (version, digest)


class ChainCheck:
    """Checks 1 to 5, row by row."""

    def __init__(self) -> None:
        """Start before the first event."""
        self._links = Links()

    @property
    def position(self) -> int:
        """The last position that was checked; 0 before the first."""
        return self._links.position

    def extend(self, rows: Iterable[SealedEvent]) -> None:
        """Check *rows* as the next ones; raises `BrokenLedger` naming the first that is wrong."""
        for row in rows:
            self._check(row)

    def _check(self, row: SealedEvent) -> None:
        self._links.place(row.position, row.recorded_at)
        here = f"position {row.position}"
        if dsse.digest(row.payload) != row.digest:
            raise BrokenLedger(f"the event at {here} does not match its digest")
        previous = self._check_statement(row, here)
        self._links.link(row.stream, row.version, previous=previous, digest=f"sha256:{row.digest.hex()}")

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
