"""The event store: links each event to the one before it in its stream, and checks the links."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from eventsourcing.persistence import EventStore, Recording

from adapters.ledger.recorder import LedgerRecorder, Now, Prepared, Tail, stamp
from adapters.ledger.seal import Row, SealingMapper
from domain import instant
from domain.digest import Digest
from domain.errors import BrokenLedger, ConflictingAppend, FromTheFuture
from domain.event import Event, Recorded

HEADS_MAX = 10_000
PAGE_EVENTS = 200
"""How many events of a stream are read at a time: some 3 kB each in memory while they are."""


class ChainedEventStore(EventStore[str]):
    """Seals events under the append lock, where position, instant and predecessor are known."""

    mapper: SealingMapper
    recorder: LedgerRecorder

    def __init__(self, mapper: SealingMapper, recorder: LedgerRecorder, *, now: Now) -> None:
        """Store what *mapper* seals in *recorder*; *now* is the ledger's clock, in UTC."""
        super().__init__(mapper, recorder)
        self._now = now
        # (stream, version) → digest never changes, so nothing here is ever stale.
        self._heads: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._last: tuple[int, bytes] | None = None
        """Position and digest of the last event seen here: while it is there, so is all before it."""
        self.on_loss: Callable[[], None] = lambda: None
        """Called when the database has lost what was seen here: restored, or failed over to a copy."""

    def put(
        self,
        domain_events: Sequence[Any],
        **kwargs: Any,  # noqa: ARG002 - the library's signature
    ) -> list[Recording[str]]:
        """Append *domain_events*, for the library's interface."""
        rows = self.append(domain_events)
        return [Recording(event, row) for event, row in zip(domain_events, rows, strict=True)]

    def append(self, events: Sequence[Event]) -> Sequence[Row]:
        """Seal and store *events*, all or none; see `domain.ports.Ledger.append`."""
        rows = self.recorder.write(lambda tail: self._seal(events, tail))
        for row in rows:
            self._remember(row)
        return rows

    def get(
        self,
        originator_id: str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Iterator[Event]:
        """Yield events of one stream; raises `BrokenLedger` where the chain does not hold."""
        if desc:  # for the library's interface: nothing here asks for it
            return islice(reversed(list(self.get(originator_id, gt=gt, lte=lte))), limit)
        events = (recorded.event for recorded in self.read(originator_id, after=gt, until=lte))
        return islice(events, limit)

    def end(self, stream: str, limit: int) -> Iterator[Recorded]:
        """Yield up to *limit* events with which *stream* ends, in order, as `read` does."""
        last: Sequence[Any] = self.recorder.select_events(stream, desc=True, limit=1)
        before = self.mapper.open(last[0])[0].event.version - limit if last else 0
        return self.read(stream, after=before if before > 0 else None)

    def read(self, stream: str, *, after: int | None, until: int | None = None) -> Iterator[Recorded]:
        """Yield events of one stream in order, as `get` does; never holds more than a page of them."""
        before: Row | None = None
        while True:
            known = after if before is None else before.originator_version
            page: Sequence[Any] = self.recorder.select_events(stream, gt=known, lte=until, limit=PAGE_EVENTS)
            for row in page:
                opened, previous = self.mapper.open(row)
                if before is None:
                    self._check_start(row, previous, (after or 0) + 1)
                elif previous != before.digest or row.originator_version != before.originator_version + 1:
                    raise BrokenLedger(f"the chain of {stream} breaks at position {row.id}")
                before = row
                yield opened
            if len(page) < PAGE_EVENTS:
                break
        if before is not None and until is None:
            self._remember(before)  # so that what is read next is checked against it

    def _check_start(self, row: Row, previous: bytes | None, first: int) -> None:
        """Check that *row* has version *first*, and its link to what is remembered of the row before it."""
        if row.originator_version != first:
            raise BrokenLedger(f"{row.originator_id} has no version {first} before position {row.id}")
        version, digest = self._heads.get(str(row.originator_id), (0, b""))
        if row.originator_version == 1 and previous is not None:
            raise BrokenLedger(f"the first event of {row.originator_id} names a predecessor")
        if version == row.originator_version - 1 and version and previous != digest:
            raise BrokenLedger(f"the chain of {row.originator_id} breaks at position {row.id}")

    def _seal(self, events: Sequence[Event], tail: Tail) -> Sequence[Prepared]:
        self._check_still_there(tail)
        heads: dict[str, tuple[int, bytes]] = {}
        prepared = []
        floor = tail.floor
        for position, event in enumerate(events, tail.position + 1):
            recorded_at = stamp(self._now, floor)
            floor = instant.micros(recorded_at)
            _check_claim(event, recorded_at)
            row = self.mapper.seal(
                event,
                position=position,
                recorded_at=recorded_at,
                previous=self._predecessor(event, heads, tail),
            )
            heads[event.stream] = (event.version, row.digest)
            prepared.append(_prepared(event, row, recorded_at))
        return prepared

    def _check_still_there(self, tail: Tail) -> None:
        """Forget what was seen, and have everything decided again, when the database has lost some of it."""
        last = self._last
        if last is None or tail.digest_at(last[0]) == last[1]:
            return
        self._last = None
        self._heads.clear()
        self.on_loss()
        raise ConflictingAppend("the ledger no longer has what was recorded last; try again")

    def _predecessor(self, event: Event, heads: dict[str, tuple[int, bytes]], tail: Tail) -> bytes | None:
        if event.version == 1:
            return None
        for known in (heads, self._heads):
            version, digest = known.get(event.stream, (0, b""))
            if version == event.version - 1:
                return digest
        found = tail.digest_of(event.stream, event.version - 1)
        if found is None:
            raise ConflictingAppend(f"{event.stream} has no version {event.version - 1} to follow")
        return found

    def _remember(self, row: Row) -> None:
        if self._last is None or self._last[0] < row.id:
            self._last = (row.id, row.digest)
        stream = str(row.originator_id)
        self._heads.pop(stream, None)  # to its end; in one step, for another thread may drop it in between
        self._heads[stream] = (row.originator_version, row.digest)
        while len(self._heads) > HEADS_MAX:
            self._heads.popitem(last=False)


def _check_claim(event: Event, recorded_at: datetime) -> None:
    if event.occurred_at > instant.latest_claim(recorded_at):
        raise FromTheFuture(
            f"occurred_at {instant.text(event.occurred_at)} is more than"
            f" {instant.CLOCK_SKEW_SECONDS_MAX} s after the ledger's clock, {instant.text(recorded_at)}"
        )


def _prepared(event: Event, row: Row, recorded_at: datetime) -> Prepared:
    placed = Recorded(event, row.id, recorded_at, Digest(f"sha256:{row.digest.hex()}"))
    keys = event.report_keys()
    if event.report is None or not keys:
        return Prepared(row, placed)
    return Prepared(row, placed, keys, event.report.fingerprint)
