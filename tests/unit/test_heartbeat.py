"""Heartbeats: what an observer told last, and when telling it again is a heartbeat."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import heartbeat
from domain.commands.record import Command, record
from domain.digest import Digest
from domain.errors import CorrectionElsewhere, MalformedValue
from domain.heartbeat import EnvironmentHeartbeat, Observers
from domain.observation import EVERY_SECONDS_MAX, EnvironmentObserved, Observed, list_digest
from tests.builders import (
    DIGESTS,
    NOON,
    a_correction,
    a_heartbeat,
    a_removal,
    an_observation,
    digest,
    tell,
)
from tests.plain import PlainLedger

ONE = (Observed("api", "main", (digest("x"), digest("y"))), Observed("web", "main", (digest("z"),)))
SAME = (Observed("web", "main", (digest("z"),)), Observed("api", "main", (digest("y"), digest("x"))))
OTHER = (Observed("api", "main", (digest("x"),)),)


def after(minutes: float, **said: Any) -> dict[str, Any]:
    return {"occurred_at": NOON + timedelta(minutes=minutes), **said}


def seen(minutes: float, running: tuple[Observed, ...] = ONE, **said: Any) -> Command:
    return an_observation(running=running, **after(minutes, **said))


def beat(minutes: float, **said: Any) -> Command:
    return a_heartbeat(**after(minutes, **said))


def told(*commands: Command) -> list[Any]:
    ledger = PlainLedger(start=NOON + timedelta(days=1))
    tell(ledger, *commands)
    return [each.event for each in ledger.recorded]


def test_the_same_list_in_any_order_is_a_heartbeat() -> None:
    first, again = told(seen(0), seen(1, SAME, every=60))
    assert isinstance(first, EnvironmentObserved)
    assert isinstance(again, EnvironmentHeartbeat)
    assert again.confirms == list_digest(ONE) == list_digest(SAME)
    assert (again.every, again.observer, again.version) == (60, "agent-1", 2)


@pytest.mark.parametrize(
    "commands",
    [
        (seen(0), seen(1, OTHER)),
        (seen(0), seen(1, observer="agent-2")),
        (seen(0), seen(1, environment="staging")),
        (seen(0), seen(1, OTHER), seen(2)),
        (seen(0), seen(2, OTHER), seen(1)),
        (seen(1), seen(0)),
        (beat(0), seen(1, ())),
        (seen(0), a_correction(1), seen(1)),
    ],
    ids=[
        "another list",
        "another observer",
        "another environment",
        "another list in between",
        "what comes late and is not the last",
        "what comes late and is the first",
        "an empty list after none",
        "what was withdrawn",
    ],
)
def test_what_does_not_repeat_the_last_list_is_recorded_in_full(commands: tuple[Command, ...]) -> None:
    assert isinstance(told(*commands)[-1], EnvironmentObserved)


def test_a_heartbeat_confirms_what_its_observer_told_last() -> None:
    *_, confirming, after_a_heartbeat, late, of_another = told(
        seen(0), beat(1), beat(2), beat(1.5), beat(3, observer="agent-2")
    )
    assert confirming.confirms == after_a_heartbeat.confirms == list_digest(ONE)
    assert late.confirms is of_another.confirms is None


def test_after_a_correction_a_heartbeat_confirms_nothing_until_there_is_a_list_again() -> None:
    events = told(seen(0), seen(1, OTHER), a_correction(2), beat(2), seen(3, OTHER), beat(4))
    assert [type(event).__name__ for event in events[3:]] == [
        "EnvironmentHeartbeat",
        "EnvironmentObserved",
        "EnvironmentHeartbeat",
    ]
    assert (events[3].confirms, events[5].confirms) == (None, list_digest(OTHER))


def test_a_list_that_was_withdrawn_is_not_confirmed_by_those_who_repeated_it_before() -> None:
    events = told(seen(0), beat(1), a_correction(1, replacement=seen(0, OTHER)), beat(2), seen(3, OTHER))
    assert [type(event).__name__ for event in events[-2:]] == ["EnvironmentHeartbeat", "EnvironmentObserved"]
    assert events[-2].confirms is None


def test_a_correction_of_another_observer_at_the_same_moment_loses_nothing() -> None:
    events = told(seen(0), seen(0, OTHER, observer="agent-2"), a_correction(2), seen(1))
    assert isinstance(events[-1], EnvironmentObserved), "it may be told in full once too often"
    assert events[-1].running == tuple(sorted(ONE, key=lambda each: each.service))


@pytest.mark.parametrize("wrong", [seen(0), beat(0)], ids=["a list", "a heartbeat"])
@pytest.mark.parametrize("right", [seen(1, OTHER), beat(1)], ids=["by a list", "by a heartbeat"])
def test_what_an_observer_reported_is_replaced(wrong: Command, right: Any) -> None:
    first, withdrawal, replacement = told(wrong, a_correction(1, replacement=right))
    assert (withdrawal.of, withdrawal.was, withdrawal.replaced) == (1, first.topic, True)
    assert (replacement.corrects, replacement.version) == (1, 3)
    assert replacement.natural_key() is None


def test_a_list_that_replaces_another_and_repeats_the_last_is_a_heartbeat() -> None:
    events = told(seen(0, OTHER), seen(1, observer="agent-2"), a_correction(2, replacement=seen(2, OTHER)))
    assert isinstance(events[-1], EnvironmentHeartbeat)
    assert (events[-1].corrects, events[-1].confirms) == (2, list_digest(OTHER))


@pytest.mark.parametrize("by", [a_removal(), a_heartbeat(environment="staging")])
def test_a_heartbeat_is_replaced_by_what_is_about_the_same_environment(by: Any) -> None:
    with pytest.raises(CorrectionElsewhere):
        told(beat(0), a_correction(1, replacement=by))


def test_a_retry_is_answered_as_before() -> None:
    ledger = PlainLedger(start=NOON + timedelta(days=1))
    commands = (seen(0), seen(1, every=60), beat(2), seen(3))
    tell(ledger, *commands)
    again = [record(command, ledger=ledger, digests=DIGESTS) for command in commands]
    assert [(each.position, each.existing) for each in again] == [(n, True) for n in range(1, 5)]


@pytest.mark.parametrize("every", [0, -1, EVERY_SECONDS_MAX + 1])
@pytest.mark.parametrize("make", [a_heartbeat, an_observation])
def test_a_promise_is_of_a_second_to_31_days(make: Any, every: int) -> None:
    with pytest.raises(MalformedValue, match="expected 1 to 2678400"):
        told(make(every=every))
    assert told(make(every=EVERY_SECONDS_MAX))[0].every == EVERY_SECONDS_MAX


def test_the_fold_counts_events() -> None:
    state = None
    for event in told(seen(0), beat(1), a_correction(2)):
        state = heartbeat.fold(state, event)
    assert state is not None
    assert state.version == 3


@pytest.mark.parametrize(("minutes", "known"), [(4, None), (5, list_digest(ONE)), (6, list_digest(ONE))])
def test_of_a_stream_whose_end_is_read_only_what_nothing_before_it_can_follow_is_known(
    minutes: float, known: Digest | None
) -> None:
    """What was recorded before NOON claims at most 300 s more, and may be of the same observer."""
    (event,) = told(seen(minutes))
    observers = heartbeat.fold(heartbeat.fold.begin(NOON), event)
    assert observers.told(event.observer, NOON + timedelta(days=1)) == known


@given(
    reports=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.sampled_from((ONE, OTHER))),
        min_size=1,
        max_size=20,
    ),
    cut=st.integers(0, 20),
)
def test_the_end_of_a_stream_never_says_what_the_whole_denies(
    reports: list[tuple[str, int, tuple[Observed, ...]]], cut: int
) -> None:
    """Reports come in any order, one an hour; each claims to be up to a day old, or five minutes ahead."""
    whole: Observers | None = None
    end: Observers | None = None
    for version, (observer, age, running) in enumerate(reports, 1):
        recorded_at = NOON + timedelta(hours=version)
        occurred_at = recorded_at + timedelta(minutes=5) - timedelta(hours=age)
        (event,) = told(an_observation(observer=observer, running=running, occurred_at=occurred_at))
        event = replace(event, version=version)
        whole = heartbeat.fold(whole, event)
        if version > cut:
            end = heartbeat.fold(heartbeat.fold.begin(recorded_at) if cut and end is None else end, event)
    later = NOON + timedelta(days=9)
    assert whole is not None
    if end is None:
        return
    for observer in "abc":
        assert end.told(observer, later) in (None, whole.told(observer, later))
