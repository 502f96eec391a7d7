"""The plainest ledger: a list of events. No signatures, no database; for histories by the hundred."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import reduce

from domain.commands.record import Command, record
from domain.commands.telling import check_claim
from domain.digest import Digest
from domain.errors import LedgerError, UnknownEvent
from domain.event import Event, Recorded, SealedEvent
from domain.ports import Ledger, Receipt, Reported, S
from domain.prefix import EMPTY, Prefix
from tests.builders import DIGESTS, NOON


class PlainLedger(Ledger):
    """Each event is recorded a fixed time after the one before."""

    def __init__(self, start: datetime = NOON, step: timedelta = timedelta(seconds=100)) -> None:
        self.recorded: list[Recorded] = []
        self.appends: list[int] = []
        """How many events each append had."""
        self._start, self._step = start, step
        self._reported: dict[Digest, Reported] = {}

    def now(self) -> datetime:
        """See `LedgerReader`."""
        return self._start + self._step * (len(self.recorded) + 1)

    def turn(self, stream: str) -> AbstractContextManager[None]:  # noqa: ARG002 - nobody else is writing
        """See `Ledger`."""
        return nullcontext()

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        """See `Ledger`; nobody else is writing."""
        for event in events:
            check_claim(event.occurred_at, self.now())
        self.appends.append(len(events))
        return [self._add(event) for event in events]

    def _add(self, event: Event) -> Receipt:
        position, now = len(self.recorded) + 1, self.now()
        digest = Digest.of(b"%d" % position)
        self.recorded.append(Recorded(event, position, now, digest))
        if event.report is not None:
            for key in event.report_keys():
                self._reported.setdefault(key, Reported(position, event.report.fingerprint))
        return Receipt(position, now, digest, event=event)

    def prefix(self, known_at: datetime | int | None) -> Prefix:
        """See `LedgerReader`; only positions are asked for."""
        assert not isinstance(known_at, datetime), "this ledger keeps no clock"
        position = len(self.recorded) if known_at is None else known_at
        if position == 0:
            return EMPTY
        last = self.at(position)
        return Prefix(position, last.recorded_at, last.digest)

    def at(self, position: int) -> Recorded:
        """See `LedgerReader`."""
        if not 1 <= position <= len(self.recorded):
            raise UnknownEvent(f"no event {position}")
        return self.recorded[position - 1]

    def many_at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """See `LedgerReader`."""
        return [self.at(position) for position in positions]

    def load(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """See `LedgerReader`."""
        events = [each.event for each in self.recorded if each.event.stream == stream]
        return reduce(fold, events, None)

    def load_recent(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """See `LedgerReader`; nobody else appends here."""
        return self.load(stream, fold)

    def load_each(
        self, streams: Iterable[str], fold: Callable[[S | None, Event], S | None]
    ) -> Mapping[str, S]:
        """See `LedgerReader`."""
        states = {stream: self.load(stream, fold) for stream in streams}
        return {stream: state for stream, state in states.items() if state is not None}

    def load_until(
        self, stream: str, fold: Callable[[S | None, Event], S | None], prefix: Prefix
    ) -> S | None:
        """See `LedgerReader`."""
        known = self.recorded[: prefix.position]
        return reduce(fold, (each.event for each in known if each.event.stream == stream), None)

    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Recorded]:
        """See `LedgerReader`."""
        found = {each.event.version: each for each in self.recorded if each.event.stream == stream}
        if missing := [version for version in versions if version not in found]:
            raise UnknownEvent(f"{stream} has no version {missing[0]}")
        return [found[version] for version in versions]

    def reported(self, keys: Iterable[Digest]) -> Reported | None:
        """See `LedgerReader`."""
        return next((self._reported[key] for key in keys if key in self._reported), None)

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `LedgerReader`."""
        return {key: self._reported[key] for key in keys if key in self._reported}

    def sealed(self, *, after: int, limit: int) -> Sequence[SealedEvent]:
        """See `LedgerReader`: nothing here is sealed."""
        raise AssertionError(f"a plain ledger signs nothing: {after}, {limit}")

    def tell(self, commands: Iterable[Command]) -> None:
        """Carry out *commands* one after the other; refused ones leave no trace."""
        for command in commands:
            try:
                record(command, ledger=self, digests=DIGESTS)
            except LedgerError:
                continue
