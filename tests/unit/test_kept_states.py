"""Kept states are brought forward by what this process appends, and by what others did."""

from collections.abc import Sequence
from typing import Any

import pytest

from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.seal import Row, SealingMapper
from adapters.ledger.states import States
from adapters.ledger.store import ChainedEventStore
from domain.event import Event
from domain.history import Length, count
from tests.builders import Clock, nonces, signer
from tests.contracts.ledger_contract import STREAM, noted


class Watched(MemoryRecorder):
    """A recorder that remembers which streams were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def select_events(self, originator_id: Any, **asked: Any) -> Sequence[Row]:
        self.read.append(str(originator_id))
        return super().select_events(originator_id, **asked)


class Process:
    """One of several on one recorder: a store and the states it keeps."""

    def __init__(self, recorder: MemoryRecorder, *, moves_max: int = 100, events_max: int = 100) -> None:
        self.store = ChainedEventStore(SealingMapper(signer(), nonce=nonces()), recorder, now=Clock())
        self.states = States(self.store, recorder, moves_max=moves_max, events_max=events_max)

    def append(self, *events: Event) -> None:
        self.states.take_in(events, self.store.append(events))

    def version(self, stream: str) -> int | None:
        state = self.states.load_each((stream,), count).get(stream)
        return None if state is None else state.version


@pytest.fixture
def recorder() -> Watched:
    return Watched()


def test_what_a_process_appended_itself_is_not_read_back(recorder: Watched) -> None:
    ours = Process(recorder)
    ours.append(noted(1))
    assert ours.version(STREAM) == 1
    recorder.read.clear()
    ours.append(noted(2), noted(3))
    assert ours.version(STREAM) == 3
    assert recorder.read == []


def test_what_others_appended_is_read_once(recorder: Watched) -> None:
    ours, theirs = Process(recorder), Process(recorder)
    ours.append(noted(1), noted(1, "another"))
    assert (ours.version(STREAM), ours.version("another")) == (1, 1)
    recorder.read.clear()
    theirs.append(noted(2))
    assert [ours.version(STREAM), ours.version("another"), ours.version(STREAM)] == [2, 1, 2]
    assert recorder.read == [STREAM]


def test_an_append_between_those_of_others_is_taken_in(recorder: Watched) -> None:
    ours, theirs = Process(recorder), Process(recorder)
    ours.append(noted(1), noted(1, "another"))
    assert ours.version(STREAM) == 1
    theirs.append(noted(2, "another"))
    ours.append(noted(2))
    theirs.append(noted(3))
    assert (ours.version(STREAM), ours.version("another")) == (3, 2)


@pytest.mark.parametrize("others", [1, 3, 4, 5, 9])
def test_after_more_moves_than_are_told_apart_nothing_is_missed(recorder: Watched, others: int) -> None:
    ours, theirs = Process(recorder, moves_max=4), Process(recorder)
    ours.append(noted(1), noted(1, "another"))
    assert (ours.version(STREAM), ours.version("another")) == (1, 1)
    for number in range(others):
        theirs.append(noted(1, f"stream {number}"))
    theirs.append(noted(2))
    assert (ours.version(STREAM), ours.version("another")) == (2, 1)
    for number in range(others):
        ours.append(noted(1, f"more {number}"))
    theirs.append(noted(2, "another"))
    assert (ours.version(STREAM), ours.version("another")) == (2, 2)


def test_a_move_that_was_heard_of_is_not_forgotten_when_an_append_returns_late(recorder: Watched) -> None:
    ours, theirs = Process(recorder), Process(recorder)
    ours.append(noted(1))
    assert ours.version(STREAM) == 1
    event = noted(2)
    rows = ours.store.append([event])
    theirs.append(noted(3))
    assert ours.version(STREAM) == 3, "another thread looks before the one that appended comes back"
    theirs.append(noted(4))
    assert ours.version(STREAM) == 4
    ours.states.take_in([event], rows)
    assert ours.version(STREAM) == 4


def test_a_stream_in_doubt_is_read_again_from_where_its_state_ends(recorder: Watched) -> None:
    ours = Process(recorder)
    ours.append(noted(1))
    assert ours.version(STREAM) == 1
    recorder.read.clear()
    ours.states.doubt([STREAM, "never written"])
    assert [ours.version(STREAM), ours.version(STREAM)] == [1, 1]
    assert recorder.read == [STREAM]


def test_several_streams_are_loaded_together(recorder: Watched) -> None:
    ours = Process(recorder)
    ours.append(noted(1), noted(2), noted(1, "another"))
    found = ours.states.load_each([STREAM, "never written", "another", STREAM], count)
    assert found == {STREAM: Length(2), "another": Length(1)}
    assert ours.states.load_each([], count) == {}


def test_of_too_many_events_the_states_used_least_recently_are_forgotten(recorder: Watched) -> None:
    ours = Process(recorder, events_max=4)
    for stream in ("one", "two"):
        ours.append(noted(1, stream), noted(2, stream))
        assert ours.version(stream) == 2
    assert ours.version("one") == 2
    ours.append(noted(1, "three"))
    assert ours.version("three") == 1
    recorder.read.clear()
    assert [ours.version(stream) for stream in ("one", "three")] == [2, 1]
    assert recorder.read == []
    assert ours.version("two") == 2
    assert recorder.read == ["two"]


def test_what_is_appended_to_a_kept_stream_counts(recorder: Watched) -> None:
    ours = Process(recorder, events_max=4)
    for stream in ("one", "two"):
        ours.append(noted(1, stream), noted(2, stream))
        assert ours.version(stream) == 2
    ours.append(noted(3, "two"))
    recorder.read.clear()
    assert [ours.version("two"), ours.version("one")] == [3, 2]
    assert recorder.read == ["one"]


def test_a_stream_longer_than_all_that_may_be_kept_is_still_read_once(recorder: Watched) -> None:
    ours = Process(recorder, events_max=2)
    ours.append(noted(1), noted(2), noted(3))
    assert [ours.version(STREAM), ours.version(STREAM)] == [3, 3]
    assert recorder.read == [STREAM]
