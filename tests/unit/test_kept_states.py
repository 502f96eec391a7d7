"""Kept states are brought forward by what this process appends, and by what others did."""

from typing import Any

import pytest

from adapters.ledger.states import RECENT_SECONDS
from domain.history import Length, count
from tests.builders import Seconds
from tests.contracts.ledger_contract import STREAM, noted
from tests.unit.processes import Process, Watched


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


def test_what_others_appended_is_recent_for_a_while_and_then_seen(recorder: Watched) -> None:
    seconds = Seconds()
    ours, theirs = Process(recorder, monotonic=seconds), Process(recorder)
    ours.append(noted(1))
    assert [ours.version(STREAM, recent=True), ours.version(STREAM, recent=True)] == [1, 1]
    theirs.append(noted(2))
    seconds.advance(RECENT_SECONDS - 0.001)
    assert ours.version(STREAM, recent=True) == 1
    seconds.advance(0.002)
    assert ours.version(STREAM, recent=True) == 2
    theirs.append(noted(3))
    assert ours.version(STREAM, recent=True) == 2
    assert ours.version(STREAM) == 3, "who decides looks now"
    assert ours.version(STREAM, recent=True) == 3


def test_a_look_is_as_old_as_when_it_began(recorder: Watched) -> None:
    seconds = Seconds()
    ours, theirs = Process(recorder, monotonic=seconds), Process(recorder)
    ours.append(noted(1))
    assert ours.version(STREAM) == 1
    looked = recorder.moves

    def slowly(**asked: Any) -> Any:
        found = looked(**asked)
        theirs.append(noted(2))
        seconds.advance(1)
        return found

    recorder.moves = slowly  # type: ignore[method-assign]  # the database answers late, this once
    assert ours.version(STREAM) == 1
    recorder.moves = looked  # type: ignore[method-assign]  # and then as ever
    assert ours.version(STREAM, recent=True) == 2


def test_what_a_process_appended_itself_is_never_missing_from_what_is_recent(recorder: Watched) -> None:
    seconds = Seconds()
    ours, theirs = Process(recorder, monotonic=seconds), Process(recorder)
    ours.append(noted(1))
    assert ours.version(STREAM, recent=True) == 1
    ours.append(noted(2))
    assert ours.version(STREAM, recent=True) == 2
    theirs.append(noted(3))
    theirs.append(noted(1, "another"))
    event = noted(4)
    ours.states.take_in([event], ours.store.append([event]))
    assert ours.version(STREAM, recent=True) == 4, "with what came between"


def test_several_streams_are_loaded_together(recorder: Watched) -> None:
    ours = Process(recorder)
    ours.append(noted(1), noted(2), noted(1, "another"))
    found = ours.states.load_each([STREAM, "never written", "another", STREAM], count)
    assert found == {STREAM: Length(2), "another": Length(1)}
    assert ours.states.load_each([], count) == {}
