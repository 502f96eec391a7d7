"""Several processes on one ledger in memory, which says what they read."""

from collections.abc import Callable, Sequence
from itertools import count as counting
from typing import Any

from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.seal import Row, SealingMapper
from adapters.ledger.states import States
from adapters.ledger.store import ChainedEventStore
from domain.event import Event
from domain.history import count
from tests.builders import Clock, nonces, signer


class Watched(MemoryRecorder):
    """A recorder that remembers which streams were read, and how much of them at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.pages: list[int] = []
        self.instead: dict[int, Row] = {}
        """Rows that somebody put in place of others, by version."""

    def select_events(self, originator_id: Any, **asked: Any) -> Sequence[Row]:
        found = super().select_events(originator_id, **asked)
        self.read.append(str(originator_id))
        self.pages.append(len(found))
        return [self.instead.get(row.originator_version, row) for row in found]


class Process:
    """One of several on one recorder: a store and the states it keeps, by one *fold*."""

    def __init__(
        self,
        recorder: MemoryRecorder,
        fold: Callable[[Any, Event], Any] = count,
        *,
        moves_max: int = 100,
        held_max: int = 100,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self._fold = fold
        self.store = ChainedEventStore(SealingMapper(signer(), nonce=nonces()), recorder, now=Clock())
        self.states = States(
            self.store,
            recorder,
            monotonic=monotonic or counting().__next__,
            moves_max=moves_max,
            held_max=held_max,
        )

    def append(self, *events: Event) -> None:
        self.states.take_in(events, self.store.append(events))

    def version(self, stream: str, *, recent: bool = False) -> int | None:
        state = self.states.load_each((stream,), self._fold, recent=recent).get(stream)
        return None if state is None else state.version
