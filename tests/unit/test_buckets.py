"""How often something happens: counted exactly, forgotten never too early, and in bounded memory."""

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.buckets import Buckets, Rate


class Monotonic:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


def buckets(clock: Monotonic, rate: Rate, keys_max: int = 100, kept_seconds: float = 0.0) -> Buckets:
    return Buckets(rate, keys_max=keys_max, monotonic=clock, kept_seconds=kept_seconds)


def taken(of: Buckets, key: Hashable, times: int) -> int:
    """Return how many of *times* that something is taken it can be."""
    return sum(of.take(key) == 0 for _ in range(times))


def test_a_burst_and_then_the_rate(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=2, burst=5))
    assert taken(made, "a", 10) == 5
    assert made.take("a") == pytest.approx(0.5)
    clock.at += 0.5
    assert taken(made, "a", 10) == 1
    clock.at += 10
    assert taken(made, "a", 10) == 5, "no more than the burst is saved up"


def test_waiting_as_long_as_was_said_is_enough(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=0.2, burst=1))
    made.take("a")
    wait = made.take("a")
    clock.at += wait
    assert made.wait("a") == 0
    assert made.take("a") == 0


def test_who_is_refused_does_not_wait_longer_for_it(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=1, burst=1))
    made.take("a")
    assert taken(made, "a", 1000) == 0
    assert made.wait("a") == pytest.approx(1)


def test_what_is_given_back_can_be_taken_again(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=1, burst=2))
    for _ in range(50):
        assert made.take("a") == 0
        made.give_back("a")
    assert taken(made, "a", 5) == 2


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(0, 3)), max_size=60))
def test_in_any_stretch_no_more_than_burst_and_rate(steps: list[tuple[float, int]]) -> None:
    """Whatever is forgotten on the way: as a bucket that is never dropped would have it."""
    clock = Monotonic()
    rate = Rate(per_second=2, burst=3)
    made = buckets(clock, rate, keys_max=4)
    levels = dict.fromkeys(range(4), (float(rate.burst), clock.at))
    for pause, key in steps:
        clock.at += pause
        level, since = levels[key]
        level = min(float(rate.burst), level + (clock.at - since) * rate.per_second)
        got = made.take(key) == 0
        if abs(level - 1) > 1e-6:
            assert got == (level > 1)
        levels[key] = (level - 1 if got else level, clock.at)


def test_many_others_neither_grow_it_nor_reset_anybody(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=1, burst=10), keys_max=50)
    assert taken(made, "victim", 20) == 10
    for number in range(10_000):
        clock.at += 0.00005
        made.take(number)
        assert len(made) <= 50
    assert made.take("victim") > 0, "it is still empty"
    clock.at += 30
    assert taken(made, "new", 20) == 10, "there is room again when the others have filled"


def test_for_those_without_room_there_are_shared_ones(clock: Monotonic) -> None:
    made = Buckets(
        Rate(per_second=1, burst=2), keys_max=3, monotonic=clock, shared=lambda key: hash(key) // 1000
    )
    for key in range(3):
        made.take(key)
    assert [made.take(key) == 0 for key in (10, 11, 12, 1000, 1001, 1002)] == [True, True, False] * 2
    assert taken(made, 0, 5) == 1, "who has room is not touched by that"
    assert len(made) == 5
    clock.at += 60
    assert taken(made, 12, 5) == 2


def test_only_what_is_known_is_taken_from_what_is_known(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=10, burst=1), kept_seconds=600)
    assert made.take_known("a") is None
    assert len(made) == 0
    made.take("a")
    clock.at += 599
    assert made.take_known("a") == 0
    clock.at += 600
    assert made.take_known("a") == 0, "for so long at least"
    clock.at += 1300
    assert made.take_known("a") is None
    made.take("a")
    made.forget("a")
    assert made.take_known("a") is None


def test_of_many_threads_no_more_get_one_than_there_are(clock: Monotonic) -> None:
    made = buckets(clock, Rate(per_second=1, burst=500))
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: taken(made, "a", 200), range(8))) == 500
