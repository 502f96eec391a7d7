"""Removals, corrections, observations, the first event, and what ranks and names what runs."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, get_args, get_type_hints

import pytest

from adapters.ledger.codec import EVENTS
from domain import correction, genesis, history, observation, removal
from domain.correction import Corrected
from domain.errors import ContradictoryReport, LedgerError, MalformedValue
from domain.event import Event
from domain.genesis import LedgerOpened
from domain.history import Length
from domain.observation import EnvironmentObserved, Observed
from domain.placement import Kind, kind_of
from domain.removal import Removed
from domain.run import Newest, newer
from domain.stream import environment_stream
from tests.builders import CI, LEDGER_ID, NOON, digest, report, target


def removed(**said: Any) -> Removed:
    told: dict[str, Any] = {
        "version": 1,
        "occurred_at": NOON,
        "actor": CI,
        "told": report(),
        "target": target(),
        "slot_name": "main",
    }
    return removal.record(**{**told, **said})


def observed(*running: Observed, **said: Any) -> EnvironmentObserved:
    told: dict[str, Any] = {
        "version": 1,
        "occurred_at": NOON,
        "actor": CI,
        "told": report(),
        "environment": "prod",
        "observer": "agent-1",
        "running": running,
    }
    return observation.record(**{**told, **said})


def seen(service: str, slot: str = "main", *artifacts: str) -> Observed:
    return Observed(service, slot, tuple(digest(name) for name in artifacts or (service,)))


def corrected(**said: Any) -> Corrected:
    told: dict[str, Any] = {
        "version": 2,
        "occurred_at": NOON + timedelta(hours=1),
        "actor": CI,
        "told": report("a correction"),
        "of": 1,
        "reason": "it was another slot",
        "replaced": False,
    }
    return correction.record(removed(), **{**told, **said})


# -- removal


def test_after_a_removal_nothing_runs() -> None:
    event = removed()
    assert event.runs is None
    assert event.alters
    assert event.stream == "target:payments-api@prod"


@pytest.mark.parametrize("said", [{"slot_name": "EU"}, {"reason": " "}, {"sequence": 2**31}])
def test_a_removal_that_cannot_be_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(MalformedValue):
        removed(**said)


# -- correction


def test_a_correction_stands_in_the_stream_of_what_it_withdraws_and_says_what_that_was() -> None:
    event = corrected()
    assert (event.stream, event.of) == ("target:payments-api@prod", 1)
    assert (event.was, event.was_at) == ("removed.v1", NOON)


def test_an_event_has_one_key_to_be_corrected_under() -> None:
    assert corrected().natural_key() == correction.key_of(1)
    assert corrected(of=2).natural_key() != correction.key_of(1)


def test_a_correction_gives_a_reason() -> None:
    with pytest.raises(MalformedValue):
        corrected(reason="")


# -- observation


def test_what_was_seen_is_sorted() -> None:
    event = observed(seen("shop"), seen("payments-api", "main"), seen("payments-api", "canary"))
    assert [(each.service, each.slot) for each in event.running] == [
        ("payments-api", "canary"),
        ("payments-api", "main"),
        ("shop", "main"),
    ]
    assert event.stream == environment_stream("prod") == "environment:prod"


def test_an_observation_speaks_about_each_artifact_of_a_service_once() -> None:
    event = observed(seen("shop", "a", "x"), seen("shop", "b", "x", "y"))
    assert {(each.name, each.hex) for each in event.subjects()} == {
        ("shop", digest("x").hex),
        ("shop", digest("y").hex),
    }
    assert len(event.subjects()) == 2


def test_an_empty_environment_can_be_observed() -> None:
    assert observed().running == ()


@pytest.mark.parametrize(
    ("running", "said", "refusal"),
    [
        ((seen("shop"), seen("shop", "main", "other")), {}, ContradictoryReport),
        (tuple(seen(f"s-{n}", "main", "x") for n in range(20_001)), {}, ContradictoryReport),
        ((), {"environment": "Prod"}, MalformedValue),
        ((), {"observer": "an agent"}, MalformedValue),
    ],
    ids=["a slot twice", "too many slots", "an environment in upper case", "an observer with a space"],
)
def test_an_observation_that_cannot_be_is_refused(
    running: tuple[Observed, ...], said: dict[str, Any], refusal: type[LedgerError]
) -> None:
    with pytest.raises(refusal):
        observed(*running, **said)


def test_a_replaced_observation_has_no_key_of_its_own() -> None:
    assert observed().natural_key() == report().fingerprint
    assert observed(corrects=1).natural_key() is None


# -- genesis


def opened(ledger: str) -> LedgerOpened:
    return genesis.open_ledger(occurred_at=NOON, actor=CI, ledger=ledger, public_key="PEM")


def test_a_ledger_begins_its_own_stream_with_its_key() -> None:
    event = opened(LEDGER_ID)
    assert (event.stream, event.version, event.report, event.natural_key()) == ("ledger", 1, None, None)
    assert [subject.hex for subject in event.subjects()] == [digest("PEM").hex]


@pytest.mark.parametrize("ledger", ["", "0" * 31, "0" * 33, "A" * 32, f"{'0' * 32}\n"])
def test_what_is_no_ledger_id_is_refused(ledger: str) -> None:
    with pytest.raises(MalformedValue):
        opened(ledger)


# -- what runs: the latest report, by the reporter's clock, then by rank


def test_the_later_report_is_the_newest_whatever_order_they_came_in() -> None:
    early, late = removed(told=report("early")), removed(occurred_at=NOON + timedelta(seconds=1))
    assert newer(newer(None, early), late) == newer(newer(None, late), early)
    assert newer(newer(None, late), early).occurred_at == late.occurred_at


def test_of_two_at_one_instant_the_greater_sequence_is_the_newest() -> None:
    low, high = removed(told=report("low")), removed(told=report("high"), sequence=1)
    assert newer(newer(None, low), high) == newer(newer(None, high), low)
    assert newer(newer(None, high), low).rank == high.rank


def test_of_two_with_one_sequence_the_fingerprint_decides() -> None:
    one, other = removed(told=report("one")), removed(told=report("other"))
    assert newer(newer(None, one), other) == newer(newer(None, other), one)
    assert newer(newer(None, one), other) == Newest(NOON, max(one.rank, other.rank), None)


# -- streams


def test_a_stream_is_counted_without_gaps() -> None:
    assert history.count(None, removed()) == Length(1)
    assert history.count(Length(1), removed(version=2)) == Length(2)
    with pytest.raises(AssertionError, match="no gaps"):
        history.count(Length(1), removed(version=3))


def test_the_history_of_a_target_is_as_long_as_its_stream() -> None:
    assert history.fold(history.fold(None, removed()), removed(version=2)).version == 2


# -- what a placement was, seen against the one before


@dataclass(frozen=True)
class Ran:
    number: int
    first_of_build: int
    cut: int | None = None
    since: int | None = None

    @property
    def cut_at(self) -> datetime:
        return NOON + timedelta(hours=self.cut or self.number)

    @property
    def build_since(self) -> datetime:
        return NOON + timedelta(hours=self.since or self.first_of_build)


@pytest.mark.parametrize(
    ("current", "previous", "kind"),
    [
        (Ran(1, 1), None, Kind.DEPLOY),
        (Ran(2, 2), Ran(1, 1), Kind.DEPLOY),
        (Ran(1, 1), Ran(1, 1), Kind.DEPLOY),  # the same again
        (Ran(2, 1), Ran(1, 1), Kind.CONFIG),
        (Ran(1, 1), Ran(2, 1), Kind.ROLLBACK),  # to the configuration before
        (Ran(1, 1), Ran(2, 2), Kind.ROLLBACK),  # to the build before
        (Ran(3, 1), Ran(2, 2), Kind.ROLLBACK),  # to the build before, with a new configuration
        (Ran(3, 2), Ran(4, 1), Kind.DEPLOY),  # a newer build, though released earlier
        (Ran(1, 1), Ran(2, 2, cut=-9, since=-9), Kind.DEPLOY),  # after what was declared later
        (Ran(2, 2, cut=-9, since=-9), Ran(3, 3, cut=-5, since=-5), Kind.ROLLBACK),
        (Ran(2, 1, cut=-9), Ran(1, 1), Kind.ROLLBACK),  # an older configuration, declared later
    ],
)
def test_what_running_a_release_was(current: Ran, previous: Ran | None, kind: Kind) -> None:
    assert kind_of(current, previous) is kind


# -- events


@pytest.mark.parametrize("event", EVENTS)
def test_what_an_event_may_leave_out_need_not_be_given(event: type[Event]) -> None:
    # Absent means None: what is left out when it is written must be readable again.
    hints = get_type_hints(event)
    optional = [field for field in fields(event) if type(None) in get_args(hints[field.name])]
    assert [field.name for field in optional if field.default is not None] == []
