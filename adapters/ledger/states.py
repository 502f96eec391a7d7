"""Folded states of streams, kept and brought forward, so that a long stream is read once.

A kept state is complete up to some position. Whether its stream moved since is one small question for
all streams together; what this process appends itself is folded in without reading it back.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import inf
from typing import Any

from adapters.ledger.recorder import LedgerRecorder
from adapters.ledger.seal import Row
from adapters.ledger.store import ChainedEventStore
from domain.event import Condensed, EndFold, Event

STATES_MAX = 5000
"""How many states are kept."""
HELD_MAX = 300_000
"""How many things they hold together, each of up to 350 bytes: 100 MB. The one used last is kept, however
much it holds: it would be read again at once."""
MOVES_MAX = 10_000
"""How many appends are told apart by stream; after more, every stream may have moved."""
RECENT_SECONDS = 0.05
"""How long ago the last look may be for who asks for what is recent. Each request does, so that at a
thousand a second one in fifty looks; and nobody revokes a credential and counts on less."""

Fold = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    state: Any
    complete_to: int
    """Nothing in the stream up to this position is missing."""
    held: int
    """How many things the state holds."""


class States:
    """The states of one ledger. Safe to use from any thread."""

    def __init__(
        self,
        store: ChainedEventStore,
        recorder: LedgerRecorder,
        *,
        monotonic: Callable[[], float],
        moves_max: int = MOVES_MAX,
        held_max: int = HELD_MAX,
    ) -> None:
        """Fold what *store* reads; *recorder* says what moved, and *monotonic*, in seconds, how long ago."""
        self._store = store
        self._recorder = recorder
        self._monotonic = monotonic
        self._moves_max = moves_max
        self._held_max = held_max
        self._kept: OrderedDict[tuple[Fold, str], _Kept] = OrderedDict()
        """Least recently used first."""
        self._folds: set[Fold] = set()
        self._held = 0
        """How many things the kept states hold."""
        self._moved: dict[str, int] = {}
        """Where streams moved after position `_floor`; the others did not, up to `_seen`."""
        self._floor = 0
        self._seen = 0
        self._looked = -inf
        """When the last look began."""
        self._lock = threading.Lock()

    def load_each(self, streams: Iterable[str], fold: Fold, *, recent: bool = False) -> Mapping[str, Any]:
        """Return the states of those of *streams* that have events.

        With *recent*, what others appended in the last `RECENT_SECONDS` may not be in them.
        """
        wanted = tuple(dict.fromkeys(streams))
        kept = {stream: known for stream in wanted if (known := self._find(stream, fold))}
        if not self._seen or (kept and not (recent and self._looked_lately())):
            self._look()
        unread = [stream for stream in wanted if stream not in kept]
        there = unread if len(unread) == 1 else self._recorder.existing(unread)
        states = {stream: self._forward(stream, fold, None) for stream in there}
        for stream, known in kept.items():
            fresh = known.complete_to >= self._moved.get(stream, self._floor)
            states[stream] = known.state if fresh else self._forward(stream, fold, known.state)
        return {stream: state for stream, state in states.items() if state is not None}

    def take_in(self, events: Sequence[Event], rows: Sequence[Row]) -> None:
        """Fold in what was just appended, where the state before it is kept."""
        with self._lock:
            for event, row in zip(events, rows, strict=True):
                self._moved[event.stream] = max(row.id, self._moved.get(event.stream, 0))
                for fold in self._folds:
                    before = self._kept.get((fold, event.stream))
                    if before is not None and before.state.version == event.version - 1:
                        self._keep(fold, event.stream, _kept(fold(before.state, event), row.id))
            if rows and self._seen == rows[0].id - 1:
                self._seen = rows[-1].id
            if len(self._moved) > self._moves_max:
                self._forget_moves(self._seen)

    def doubt(self, streams: Iterable[str]) -> None:
        """Read *streams* again before their states are given out: something stood where nothing was known."""
        with self._lock:
            for stream in streams:
                for fold in self._folds:
                    known = self._kept.get((fold, stream))
                    if known is not None:
                        self._kept[fold, stream] = replace(known, complete_to=-1)

    def forget(self) -> None:
        """Read everything again: the ledger is not the one that was seen."""
        with self._lock:
            self._kept.clear()
            self._moved.clear()
            self._held = self._floor = self._seen = 0

    def _find(self, stream: str, fold: Fold) -> _Kept | None:
        with self._lock:
            known = self._kept.get((fold, stream))
            if known is not None:
                self._kept.move_to_end((fold, stream))
            return known

    def _keep(self, fold: Fold, stream: str, known: _Kept) -> None:
        """Keep a state as the one used last, and forget as many as that is too much."""
        self._folds.add(fold)
        before = self._kept.pop((fold, stream), None)
        self._kept[fold, stream] = known
        self._held += known.held - (0 if before is None else before.held)
        while len(self._kept) > 1 and (len(self._kept) > STATES_MAX or self._held > self._held_max):
            _, forgotten = self._kept.popitem(last=False)
            self._held -= forgotten.held

    def _forward(self, stream: str, fold: Fold, state: Any) -> Any:
        """Fold what *stream* has beyond *state*, and keep what comes of it."""
        complete_to = self._seen  # looked at before the events are read: there may be more, never fewer
        state, events = self._read(stream, fold, state)
        for event in events:
            state = fold(state, event)
        if state is not None:
            with self._lock:
                self._keep(fold, stream, _kept(state, complete_to))
        return state

    def _read(self, stream: str, fold: Fold, state: Any) -> tuple[Any, Iterable[Event]]:
        """Return the state to begin with, *state* unless only the end is read, and what to fold in."""
        after = None if state is None else state.version
        if not isinstance(fold, EndFold):
            return state, self._store.get(stream, gt=after)
        if state is not None:
            fresh = list(self._store.get(stream, gt=after, limit=fold.events))
            if len(fresh) < fold.events:
                return state, fresh
        end = self._store.end(stream, fold.events)
        first = next(end, None)
        if first is None:
            return None, ()
        begun = None if first.event.version == 1 else fold.begin(first.recorded_at)
        return begun, (recorded.event for recorded in chain((first,), end))

    def _look(self) -> None:
        """Learn which streams moved since the last look."""
        began = self._monotonic()
        moves = self._recorder.moves(after=self._seen, limit=self._moves_max)
        with self._lock:
            for position, stream in moves:
                self._moved[stream] = max(position, self._moved.get(stream, 0))
                self._seen = max(position, self._seen)
            if len(moves) == self._moves_max:
                self._forget_moves(self._recorder.max_notification_id() or 0)
            self._looked = max(began, self._looked)

    def _looked_lately(self) -> bool:
        return self._monotonic() - self._looked < RECENT_SECONDS

    def _forget_moves(self, until: int) -> None:
        """Take every stream as moved, up to *until*: each is read again from where its state ends."""
        self._floor = self._seen = max(until, self._seen)
        self._moved.clear()


def _kept(state: Any, complete_to: int) -> _Kept:
    """Return *state* as it is kept: one that does not say what it holds may hold each event."""
    return _Kept(state, complete_to, state.held if isinstance(state, Condensed) else state.version)
