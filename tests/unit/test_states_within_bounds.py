"""States are kept for as long as all of them together hold no more than they may."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import pytest

from adapters.ledger.store import PAGE_EVENTS
from domain import history
from domain.errors import BrokenLedger
from domain.event import Condensed, EndFold, Event
from domain.history import Length, count
from tests.contracts.ledger_contract import STREAM, noted
from tests.unit.processes import Process, Watched


@dataclass(frozen=True)
class Every:
    """A state that holds every event of its stream."""

    version: int = 0
    events: tuple[Event, ...] = ()


def every(known: Every | None, event: Event) -> Every:
    return Every(event.version, (*(known or Every()).events, event))


@pytest.fixture
def recorder() -> Watched:
    return Watched()


def test_of_what_holds_too_much_the_states_used_least_recently_are_forgotten(recorder: Watched) -> None:
    ours = Process(recorder, every, held_max=4)
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
    ours = Process(recorder, every, held_max=4)
    for stream in ("one", "two"):
        ours.append(noted(1, stream), noted(2, stream))
        assert ours.version(stream) == 2
    ours.append(noted(3, "two"))
    recorder.read.clear()
    assert [ours.version("two"), ours.version("one")] == [3, 2]
    assert recorder.read == ["one"]


def test_a_state_that_holds_more_than_all_together_may_is_still_read_once(recorder: Watched) -> None:
    ours = Process(recorder, every, held_max=2)
    ours.append(noted(1), noted(2), noted(3))
    assert [ours.version(STREAM), ours.version(STREAM)] == [3, 3]
    assert recorder.read == [STREAM]


@pytest.mark.parametrize("fold", [history.fold, count])
def test_a_state_that_holds_little_is_kept_however_long_its_stream(recorder: Watched, fold: Any) -> None:
    """The second target is not read again because the first one was deployed to for years."""
    ours = Process(recorder, fold, held_max=10)
    streams = [f"target:service-{number}@prod" for number in range(5)]
    for version in range(1, 41):
        for stream in streams:
            ours.append(noted(version, stream))
            assert ours.version(stream) == version
    assert recorder.read == streams


def test_a_state_that_came_to_hold_less_makes_room(recorder: Watched) -> None:
    @dataclass(frozen=True)
    class Shrinking(Condensed):
        version: int

        @property
        def held(self) -> int:
            return 10 - self.version

    ours = Process(recorder, lambda _, event: Shrinking(event.version), held_max=14)
    ours.append(noted(1, "one"))
    assert ours.version("one") == 1
    ours.append(*(noted(version, "one") for version in range(2, 7)), noted(1, "two"))
    assert [ours.version("two"), ours.version("one")] == [1, 6]
    assert recorder.read == ["one", "two"], "4 and 9 things are not more than 14"


@pytest.mark.parametrize("events", [PAGE_EVENTS - 1, PAGE_EVENTS, PAGE_EVENTS + 1, 3 * PAGE_EVENTS])
@pytest.mark.parametrize(
    "fold", [lambda seen: seen, lambda seen: EndFold(seen, lambda _: Length(), 2 * PAGE_EVENTS)]
)
def test_a_long_stream_is_never_held_whole(recorder: Watched, events: int, fold: Any) -> None:
    alive: WeakSet[Event] = WeakSet()
    most = 0

    def seen(_: Length | None, event: Event) -> Length:
        nonlocal most
        alive.add(event)
        most = max(most, len(alive))
        return Length(event.version)

    process = Process(recorder, fold(seen))
    process.append(*(noted(version) for version in range(1, events + 1)))
    assert process.version(STREAM) == events
    assert most < 5
    assert max(recorder.pages) <= PAGE_EVENTS


@pytest.mark.parametrize("version", [2, PAGE_EVENTS, PAGE_EVENTS + 1, PAGE_EVENTS + 2])
def test_a_chain_that_breaks_on_any_page_is_found(recorder: Watched, version: int) -> None:
    other = Watched()
    for each, story in ((recorder, "this"), (other, "that")):
        told = [noted(number, told=f"{story} {number}") for number in range(1, PAGE_EVENTS + 4)]
        Process(each).append(*told)
    (recorder.instead[version],) = other.of_stream(STREAM, [version])
    with pytest.raises(BrokenLedger, match=f"breaks at position {version}"):
        Process(recorder).version(STREAM)
