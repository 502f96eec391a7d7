"""Fresh authentication: of people, by the clock, at the instant it is asked for."""

from datetime import timedelta

import pytest

from domain.access.fresh import LEEWAY_SECONDS, SECONDS_MAX, check_fresh
from domain.actor import Actor, ActorKind
from domain.errors import FreshLoginNeeded
from tests.access import NOON, OPERATOR, person


@pytest.mark.parametrize("seconds", [0, 1, SECONDS_MAX, -LEEWAY_SECONDS])
def test_who_proved_it_lately_may(seconds: int) -> None:
    check_fresh(person("ann", auth_time=NOON), NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [SECONDS_MAX + 1, 86_400, -LEEWAY_SECONDS - 1])
def test_who_proved_it_at_another_time_may_not(seconds: int) -> None:
    with pytest.raises(FreshLoginNeeded, match=f"within the last {SECONDS_MAX} s"):
        check_fresh(person("ann", auth_time=NOON), NOON + timedelta(seconds=seconds))


def test_who_never_said_when_may_not() -> None:
    with pytest.raises(FreshLoginNeeded, match="is not known"):
        check_fresh(person("ann"), NOON)


def test_a_shorter_time_can_be_asked_for() -> None:
    ann = person("ann", auth_time=NOON)
    check_fresh(ann, NOON + timedelta(seconds=10), seconds=10)
    with pytest.raises(FreshLoginNeeded):
        check_fresh(ann, NOON + timedelta(seconds=11), seconds=10)


@pytest.mark.parametrize("kind", [kind for kind in ActorKind if kind is not ActorKind.PERSON])
def test_whoever_is_no_person_has_nothing_to_prove_again(kind: ActorKind) -> None:
    check_fresh(Actor(kind, OPERATOR.issuer, OPERATOR.subject), NOON)
