"""The ledger: an `eventsourcing` application behind the domain's port."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from typing import Any

from eventsourcing.application import Application
from eventsourcing.persistence import EventStore, InfrastructureFactory, Mapper
from eventsourcing.utils import Environment

from adapters.ledger import seal
from adapters.ledger.factory import LedgerFactory
from adapters.ledger.recorder import LedgerRecorder, Now
from adapters.ledger.seal import SealingMapper
from adapters.ledger.states import States
from adapters.ledger.store import ChainedEventStore
from domain import instant
from domain.digest import Digest
from domain.errors import BeyondTheHead, ConflictingAppend, KnownInTheFuture, UnknownEvent
from domain.event import Event, Recorded, SealedEvent
from domain.ports import Receipt, Reported, S
from domain.prefix import EMPTY, Prefix

TURNS = 256


class EventLedger(Application[str]):
    """Implements `domain.ports.Ledger` with the library's application, event store and repository."""

    name = "shiplog"

    def __init__(
        self,
        recorder: LedgerRecorder,
        mapper: SealingMapper,
        *,
        now: Now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the ledger in *recorder*, sealed by *mapper*; *now* is its clock, in UTC.

        *monotonic* counts the seconds for which `load_recent` does not look again.
        """
        self._given_recorder, self._given_mapper, self._now = recorder, mapper, now
        self._turns = [threading.RLock() for _ in range(TURNS)]
        super().__init__()
        self._states = States(self._store, recorder, monotonic=monotonic)
        self._store.on_loss = self._states.forget

    # -- what the library asks us to construct

    def construct_env(self, name: str, env: Mapping[str, str] | None = None) -> Environment:
        """Take nothing from the process environment; `api.settings` is the one place that does."""
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        """Return our factory."""
        return LedgerFactory(env, self._given_recorder)

    def construct_mapper(self) -> Mapper[str]:
        """Return the mapper that seals and opens."""
        return self._given_mapper

    def construct_event_store(self) -> EventStore[str]:
        """Return the event store that chains."""
        self._store = ChainedEventStore(self._given_mapper, self._given_recorder, now=self._now)
        return self._store

    # -- domain.ports.Ledger

    def now(self) -> datetime:
        """See `domain.ports.LedgerReader`."""
        return self._now()

    @contextmanager
    def turn(self, stream: str) -> Iterator[None]:
        """See `domain.ports.Ledger`; streams share a fixed number of locks."""
        with self._turns[hash(stream) % len(self._turns)]:
            yield

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        """See `domain.ports.Ledger`. Not by `save`, which copies each event as if it could change."""
        try:
            rows = self._store.append(events)
        except ConflictingAppend:
            self._states.doubt({event.stream for event in events})
            raise
        self._states.take_in(events, rows)
        return [self._receipt(row, event) for event, row in zip(events, rows, strict=True)]

    def prefix(self, known_at: datetime | int | None) -> Prefix:
        """See `domain.ports.LedgerReader`."""
        match known_at:
            case int():
                return self._prefix_of_position(known_at)
            case datetime():
                return self._prefix_of_instant(known_at)
            case None:
                return _prefix(self._given_recorder.last_at(None))

    def at(self, position: int) -> Recorded:
        """See `domain.ports.LedgerReader`."""
        return self.many_at((position,))[0]

    def many_at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """See `domain.ports.LedgerReader`."""
        rows = {row.id: row for row in self._given_recorder.rows(sorted(set(positions)))}
        missing = next((position for position in positions if position not in rows), None)
        if missing is not None:
            raise UnknownEvent(f"there is no event at position {missing}")
        return [self._given_mapper.open(rows[position])[0] for position in positions]

    def load(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """See `domain.ports.LedgerReader`; folded states are kept and brought forward."""
        return self.load_each((stream,), fold).get(stream)

    def load_recent(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """See `domain.ports.LedgerReader`."""
        return self._states.load_each((stream,), fold, recent=True).get(stream)

    def load_each(
        self, streams: Iterable[str], fold: Callable[[S | None, Event], S | None]
    ) -> Mapping[str, S]:
        """See `domain.ports.LedgerReader`."""
        return self._states.load_each(streams, fold)

    def load_until(
        self, stream: str, fold: Callable[[S | None, Event], S | None], prefix: Prefix
    ) -> S | None:
        """See `domain.ports.LedgerReader`; of most prefixes it is the state that is kept."""
        version = self._given_recorder.version_at(stream, prefix.position)
        known = self.load(stream, fold) if version else None
        if known is None or known.version == version:
            return known
        return reduce(fold, self._store.get(stream, lte=version), None)

    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Recorded]:
        """See `domain.ports.LedgerReader`."""
        rows = {row.originator_version: row for row in self._given_recorder.of_stream(stream, versions)}
        missing = next((version for version in versions if version not in rows), None)
        if missing is not None:
            raise UnknownEvent(f"{stream} has no version {missing}")
        return [self._given_mapper.open(rows[version])[0] for version in versions]

    def reported(self, keys: Iterable[Digest]) -> Reported | None:
        """See `domain.ports.LedgerReader`."""
        known = self._given_recorder.reported_each(keys).values()
        return min(known, key=lambda reported: reported.position, default=None)

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `domain.ports.LedgerReader`."""
        return self._given_recorder.reported_each(keys)

    def sealed(self, *, after: int, limit: int) -> Sequence[SealedEvent]:
        """See `domain.ports.LedgerReader`."""
        # From the start means from whatever is there: a row slipped in before position 1 must be seen.
        rows = self._given_recorder.page(after=after or None, limit=limit)
        return [seal.unsealed(row) for row in rows]

    def recorded(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return opened events in order of position, for read models that catch up."""
        rows = self._given_recorder.page(after=after, limit=limit)
        return [self._given_mapper.open(row)[0] for row in rows]

    def opened(self, after: int, limit: int) -> Sequence[tuple[Recorded, bytes | None]]:
        """Return opened events as `recorded` does, each with the digest it names as its predecessor.

        With the first page come rows that were slipped in before position 1.
        """
        rows = self._given_recorder.page(after=after or None, limit=limit)
        return list(map(self._given_mapper.open, rows))

    def digest_of(self, stream: str, version: int) -> Digest | None:
        """Return the digest that is stored for an event of *stream*; None when it is not there."""
        found: Sequence[Any] = self._given_recorder.select_events(stream, gt=version - 1, lte=version)
        return Digest(f"sha256:{found[0].digest.hex()}") if found else None

    def _prefix_of_position(self, position: int) -> Prefix:
        if position == 0:
            return EMPTY
        rows = self._given_recorder.rows((position,))
        if not rows:
            head = _prefix(self._given_recorder.last_at(None)).position
            raise BeyondTheHead(f"position {position} is not recorded yet, the last is {head}")
        return _prefix(rows[0])

    def _prefix_of_instant(self, known_at: datetime) -> Prefix:
        last = self._given_recorder.last_at(None)
        now = max(self._now(), _prefix(last).recorded_at)
        if known_at > now:
            raise KnownInTheFuture(
                f"known_at {instant.text(known_at)} is later than the ledger's clock, {instant.text(now)}"
            )
        until = instant.micros(known_at)
        if last is None or last.recorded_at <= until:
            # Whoever was answered must get the same answer later: close the instant first, then look.
            self._given_recorder.close_instant(until)
        return _prefix(self._given_recorder.last_at(until))

    @staticmethod
    def _receipt(row: Any, event: Event) -> Receipt:
        return Receipt(
            position=row.id,
            recorded_at=instant.from_micros(row.recorded_at),
            digest=Digest(f"sha256:{row.digest.hex()}"),
            event=event,
        )


def _prefix(row: Any) -> Prefix:
    if row is None:
        return EMPTY
    return Prefix(row.id, instant.from_micros(row.recorded_at), Digest(f"sha256:{row.digest.hex()}"))
