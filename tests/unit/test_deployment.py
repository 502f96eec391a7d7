"""A deployment is one attempt: it starts once, ends once, and goes back only when it says so."""

from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest

from domain import correction, deployment
from domain.deployment import (
    Attempts,
    Deployment,
    DeploymentFailed,
    DeploymentOutcome,
    DeploymentStarted,
    DeploymentSucceeded,
)
from domain.errors import (
    ContradictoryReport,
    DeploymentClosed,
    DeploymentMismatch,
    LedgerError,
    MalformedValue,
    NotARollback,
)
from domain.event import Event
from domain.release import Release
from tests.builders import CI, NOON, digest, report, target

STARTED, SUCCEEDED, FAILED = DeploymentOutcome


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def release(number: int) -> Release:
    return Release(number, digest(f"release {number}"))


def recorded(attempts: Attempts | None = None, *, runs: int = 1, **said: Any) -> Deployment:
    """Record that a release runs since noon, but for what is *said*."""
    told: dict[str, Any] = {
        "version": 1,
        "occurred_at": NOON,
        "actor": CI,
        "told": report(f"{runs} {said}"),
        "target": target(),
        "slot_name": "main",
        "release": release(runs),
        "outcome": SUCCEEDED,
    }
    return deployment.record(attempts or Attempts(), **{**told, **said})


def folded(*events: Event) -> Attempts:
    return reduce(deployment.fold, events, Attempts())


def withdrawal(event: Event) -> Event:
    return correction.record(
        event,
        version=2,
        occurred_at=NOON,
        actor=CI,
        told=report("withdrawal"),
        of=1,
        reason="it was not so",
        replaced=False,
    )


@pytest.mark.parametrize(
    ("outcome", "kind", "alters"),
    [
        (STARTED, DeploymentStarted, False),
        (SUCCEEDED, DeploymentSucceeded, True),
        (FAILED, DeploymentFailed, False),
    ],
)
def test_only_a_success_alters_what_runs(
    outcome: DeploymentOutcome, kind: type[Deployment], alters: bool
) -> None:
    event = recorded(outcome=outcome, deployment="d-1")
    assert type(event) is kind
    assert event.alters is alters
    assert event.runs == 1


def test_a_deployment_speaks_about_its_release() -> None:
    assert [subject.hex for subject in recorded().subjects()] == [release(1).digest.hex]


def test_an_attempt_without_a_name_is_named_after_its_report() -> None:
    event = recorded(told=report("a report"))
    assert event.deployment == f"d-{digest('a report').hex[:20]}"


def test_a_start_and_an_end_are_told_about_once_each() -> None:
    keys = {recorded(outcome=outcome, deployment="d-1").natural_key() for outcome in DeploymentOutcome}
    assert len(keys) == 2


def test_a_replacement_has_no_key_of_its_own() -> None:
    assert recorded(corrects=7).natural_key() is None


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"outcome": STARTED}, ContradictoryReport),
        ({"deployment": "d 1"}, MalformedValue),
        ({"slot_name": "EU"}, MalformedValue),
        ({"slot_name": ""}, MalformedValue),
        ({"reason": ""}, MalformedValue),
        ({"sequence": -1}, MalformedValue),
        ({"sequence": 2**31}, MalformedValue),
    ],
)
def test_a_report_that_cannot_be_is_refused(said: dict[str, Any], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        recorded(**said)


# -- starts and ends


def started(**said: Any) -> Deployment:
    return recorded(outcome=STARTED, deployment="d-1", **said)


def test_an_attempt_that_started_can_end() -> None:
    for outcome in (SUCCEEDED, FAILED):
        end = recorded(folded(started()), outcome=outcome, deployment="d-1", occurred_at=at(1))
        assert folded(started(), end).open == {}


def test_an_end_without_a_start_is_accepted() -> None:
    assert recorded(deployment="d-1").deployment == "d-1"


def test_an_attempt_cannot_start_twice() -> None:
    with pytest.raises(DeploymentClosed):
        recorded(folded(started()), outcome=STARTED, deployment="d-1", occurred_at=at(1))


@pytest.mark.parametrize("said", [{"runs": 2}, {"slot_name": "canary"}])
def test_the_end_names_the_release_and_the_slot_of_the_start(said: dict[str, Any]) -> None:
    with pytest.raises(DeploymentMismatch):
        recorded(folded(started()), deployment="d-1", **said)


def test_several_attempts_may_be_under_way() -> None:
    other = recorded(outcome=STARTED, deployment="d-2", runs=2)
    attempts = folded(started(), other)
    assert set(attempts.open) == {"d-1", "d-2"}
    assert set(folded(started(), other, recorded(attempts, deployment="d-2", runs=2)).open) == {"d-1"}


def test_a_start_that_was_withdrawn_binds_its_end_no_more() -> None:
    attempts = folded(started(), withdrawal(started()))
    assert recorded(attempts, deployment="d-1", runs=2).runs == 2


# -- rollbacks


def back_to(number: int, *before: Event, **said: Any) -> Deployment:
    return recorded(folded(*before), runs=number, rollback=True, occurred_at=at(60), **said)


def test_a_rollback_runs_an_earlier_release() -> None:
    assert back_to(1, recorded(runs=2)).rollback


@pytest.mark.parametrize("number", [2, 3])
def test_a_rollback_to_what_is_not_earlier_is_refused(number: int) -> None:
    with pytest.raises(NotARollback, match=f"runs release 2; release {number} is not earlier"):
        back_to(number, recorded(runs=2))


def test_a_deployment_that_says_nothing_of_rolling_back_may_run_any_release() -> None:
    assert recorded(folded(recorded(runs=2)), runs=1).runs == 1


def test_only_what_runs_in_the_slot_counts() -> None:
    elsewhere = recorded(runs=1, slot_name="canary")
    assert back_to(2, elsewhere).runs == 2


def test_what_only_started_or_failed_does_not_count() -> None:
    attempts = (started(), recorded(outcome=FAILED, deployment="d-2"))
    assert back_to(2, *attempts).runs == 2


def test_the_newest_counts_whatever_order_they_were_told_in() -> None:
    early, late = recorded(runs=1, occurred_at=at(1)), recorded(runs=3, occurred_at=at(2))
    assert back_to(2, late, early).runs == back_to(2, early, late).runs == 2
    with pytest.raises(NotARollback):
        back_to(3, late, early)


def test_a_rollback_before_the_newest_report_is_not_held_to_it() -> None:
    later = recorded(runs=1, occurred_at=at(90))
    assert back_to(2, later).runs == 2


def test_a_withdrawn_deployment_does_not_count() -> None:
    wrong = recorded(runs=1, occurred_at=at(2))
    assert back_to(2, wrong, withdrawal(wrong)).runs == 2


def test_what_is_told_late_does_not_hide_that_a_correction_made_it_unclear() -> None:
    true, wrong = recorded(runs=3, occurred_at=at(1)), recorded(runs=5, occurred_at=at(2))
    late = recorded(runs=1, occurred_at=at(0))
    assert back_to(2, true, wrong, withdrawal(wrong), late).runs == 2


def test_what_happened_after_a_withdrawn_deployment_counts_again() -> None:
    wrong, true = recorded(runs=5, occurred_at=at(2)), recorded(runs=1, occurred_at=at(3))
    with pytest.raises(NotARollback):
        back_to(2, wrong, withdrawal(wrong), true)
