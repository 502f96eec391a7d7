"""Record many reports together: later ones may build on earlier ones of the same batch."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from domain.commands.expected import Fold, expected_keys, expected_streams
from domain.commands.record import Command, record
from domain.commands.telling import ATTEMPTS_MAX, check_claim
from domain.digest import Digest
from domain.errors import ConflictingAppend, LedgerError, LedgerUnavailable
from domain.event import Event, Recorded, SealedEvent
from domain.ports import KeyedDigests, Ledger, Receipt, Reported, S
from domain.prefix import EMPTY, Prefix

NOT_YET = Digest.of(b"")
"""Stands for the digest of an event that is not sealed yet; never leaves this module."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A report that was not recorded, and why."""

    refusal: LedgerError


Result = Receipt | Refused


def record_batch(
    commands: Sequence[Command], *, ledger: Ledger, digests: KeyedDigests, atomic: bool
) -> Sequence[Result]:
    """Carry out *commands* in order, in one append; one result for each.

    *atomic*: when any is refused, none is recorded. Otherwise the refused ones
    are left out. Raises `ConflictingAppend` when races were lost too often, and
    `LedgerUnavailable` when the database did not answer, whatever it was asked for.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        draft = Draft(ledger)
        draft.expect(*_expected(commands, digests))
        results = [_attempt(command, draft, digests) for command in commands]
        refused = any(isinstance(result, Refused) for result in results)
        if refused and attempt < ATTEMPTS_MAX and draft.outrun():
            continue  # someone told the same meanwhile: refused for that, or for what came of it
        if atomic and refused:
            return results
        try:
            receipts = ledger.append(draft.events) if draft.events else ()
        except ConflictingAppend:
            if attempt == ATTEMPTS_MAX:
                raise
            continue
        return [_placed(result, receipts) for result in results]
    raise AssertionError("the last attempt returns or raises")


class Draft(Ledger):
    """A ledger with events on top that are not appended yet.

    The *n*-th event of the draft goes by position 1 - *n* (0, -1, …), so that it
    is never mistaken for one that has a place.
    """

    def __init__(self, base: Ledger) -> None:
        """Draft on top of *base*."""
        self._base = base
        self.events: list[Event] = []
        self._streams: dict[str, list[Event]] = {}
        self._states: dict[tuple[str, Callable[..., object]], tuple[int, object]] = {}
        self._reports: dict[Digest, Reported] = {}
        self._expected: set[Digest] = set()
        self._known: Mapping[Digest, Reported] = {}
        self._retold: dict[int, Recorded] = {}

    def expect(self, keys: Iterable[Digest], streams: Mapping[Fold, Iterable[str]]) -> None:
        """Look *keys* and *streams* up at once, because they will be asked for one by one."""
        self._expected = set(keys)
        self._known = self._base.reported_each(self._expected)
        # Retries are answered with what is there. What cannot be read fails again, with its own line.
        with suppress(LedgerError):
            positions = sorted({told.position for told in self._known.values()})
            retold = self._base.many_at(positions) if positions else ()
            self._retold = {recorded.position: recorded for recorded in retold}
        for fold, names in streams.items():
            found = self._base.load_each(names, fold)
            self._states.update({(name, fold): (0, found.get(name)) for name in names})

    def outrun(self) -> bool:
        """Say whether others told of something expected here since it was looked up."""
        return self._base.reported_each(self._expected) != self._known

    def now(self) -> datetime:
        """See `LedgerReader`."""
        return self._base.now()

    def turn(self, stream: str) -> AbstractContextManager[None]:  # noqa: ARG002 - nobody else has this draft
        """See `Ledger`."""
        return nullcontext()

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        """Put *events* on top of the draft; refuses what the ledger would refuse for them alone."""
        for event in events:
            check_claim(event.occurred_at, self.now())
        receipts = []
        for event in events:
            position = -len(self.events)
            self.events.append(event)
            self._streams.setdefault(event.stream, []).append(event)
            if event.report is not None:
                told = Reported(position, event.report.fingerprint)
                self._reports.update(dict.fromkeys(event.report_keys(), told))
            receipts.append(Receipt(position, EMPTY.recorded_at, NOT_YET, event=event))
        return receipts

    def load(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """See `LedgerReader`: what is appended, and what is drafted on top."""
        key = (stream, fold)
        done, state = self._states.get(key) or (0, self._base.load(stream, fold))
        pending = self._streams.get(stream, [])
        for event in pending[done:]:
            state = fold(state, event)  # type: ignore[arg-type]  # kept under the fold that made it
        self._states[key] = (len(pending), state)
        return state  # type: ignore[return-value]  # kept under the fold that made it

    def load_recent(self, stream: str, fold: Callable[[S | None, Event], S | None]) -> S | None:
        """See `LedgerReader`."""
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
        """See `LedgerReader`: what is appended."""
        return self._base.load_until(stream, fold, prefix)

    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Recorded]:
        """See `LedgerReader`: what is appended."""
        return self._base.of_stream(stream, versions)

    def reported(self, keys: Iterable[Digest]) -> Reported | None:
        """See `LedgerReader`."""
        wanted = tuple(keys)
        drafted = [self._reports[key] for key in wanted if key in self._reports]
        # Drafted events come after all that is appended, and go by 0, -1, …
        return self._appended(wanted) or max(drafted, key=lambda told: told.position, default=None)

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `LedgerReader`."""
        wanted = tuple(keys)
        drafted = {key: self._reports[key] for key in wanted if key in self._reports}
        return {**drafted, **self._base.reported_each(wanted)}

    def _appended(self, keys: Sequence[Digest]) -> Reported | None:
        known = [self._known[key] for key in keys if key in self._known]
        others = [key for key in keys if key not in self._expected]
        if others:
            known += self._base.reported_each(others).values()
        return min(known, key=lambda told: told.position, default=None)

    def at(self, position: int) -> Recorded:
        """See `LedgerReader`; drafted events have positions of 0 and less."""
        if position > 0:
            return self._retold.get(position) or self._base.at(position)
        return Recorded(self.events[-position], position, EMPTY.recorded_at, NOT_YET)

    def many_at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """See `LedgerReader`."""
        return [self.at(position) for position in positions]

    def prefix(self, known_at: datetime | int | None) -> Prefix:
        """See `LedgerReader`: what is appended."""
        return self._base.prefix(known_at)

    def sealed(self, *, after: int, limit: int) -> Sequence[SealedEvent]:
        """See `LedgerReader`: what is appended."""
        return self._base.sealed(after=after, limit=limit)


def _expected(
    commands: Sequence[Command], digests: KeyedDigests
) -> tuple[list[Digest], Mapping[Fold, Iterable[str]]]:
    """Return the keys and the streams, by how they are folded, that *commands* will ask for."""
    keys: list[Digest] = []
    streams: defaultdict[Fold, dict[str, None]] = defaultdict(dict)
    for command in commands:
        # Whoever is refused here is refused again, by itself, when it is carried out.
        with suppress(LedgerError):
            keys += expected_keys(command, digests)
            for name, fold in expected_streams(command):
                streams[fold][name] = None
    return keys, streams


def _attempt(command: Command, draft: Draft, digests: KeyedDigests) -> Result:
    try:
        return record(command, ledger=draft, digests=digests)
    except LedgerUnavailable:
        raise  # says nothing about this report, and the next may build on it
    except LedgerError as refusal:
        return Refused(refusal)


def _placed(result: Result, receipts: Sequence[Receipt]) -> Result:
    if isinstance(result, Refused) or result.position > 0:
        return result
    return replace(receipts[-result.position], existing=result.existing)
