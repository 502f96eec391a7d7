"""The rules of build, release and run (12factor.net, V), each as the sentence it is."""

from datetime import timedelta

import pytest

from adapters.ledger.ledger import EventLedger
from domain import history
from domain.deployment import Deployment
from domain.digest import Digest
from domain.errors import (
    AlreadyRecorded,
    FailedBuild,
    NotARollback,
    NotCorrectable,
    UnknownConfig,
    UnknownRelease,
)
from domain.history import TargetHistory
from domain.ports import Receipt
from domain.release import ReleaseCut
from domain.removal import Removed
from tests.builders import (
    NOON,
    a_build,
    a_config,
    a_correction,
    a_deployment,
    a_failed_build,
    a_release,
    a_removal,
    ledger,
    target,
    tell,
)

LATER = NOON + timedelta(seconds=1)


@pytest.fixture
def released() -> EventLedger:
    """A ledger whose prod has release 1."""
    fresh = ledger()
    tell(fresh, a_build(), a_config(), a_release())
    return fresh


def known(of: EventLedger, where: str = "payments-api@prod") -> TargetHistory:
    return of.load(f"target:{where}", history.fold) or TargetHistory()


def numbers(of: EventLedger, where: str = "payments-api@prod") -> list[int]:
    return [release.number for release in known(of, where).releases.cut]


def newest(of: EventLedger, slot: str = "main") -> int | None:
    return known(of).attempts.newest[slot].release


def only(receipts: list[Receipt]) -> Receipt:
    (receipt,) = receipts
    return receipt


def test_a_failed_build_never_becomes_a_release() -> None:
    fresh = ledger()
    tell(fresh, a_failed_build(), a_config())
    with pytest.raises(FailedBuild):
        tell(fresh, a_release())
    assert numbers(fresh) == []


def test_a_release_needs_a_configuration() -> None:
    fresh = ledger()
    tell(fresh, a_build())
    with pytest.raises(UnknownConfig):
        tell(fresh, a_release())


def test_only_what_was_released_runs(released: EventLedger) -> None:
    with pytest.raises(UnknownRelease):
        tell(released, a_deployment(2))


def test_a_release_is_immutable(released: EventLedger) -> None:
    with pytest.raises(NotCorrectable):
        tell(released, a_correction(3))


def test_a_release_keeps_its_configuration_when_a_new_one_is_recorded(released: EventLedger) -> None:
    before = known(released).releases.cut[0]
    tell(released, a_config(plain={"LOG_LEVEL": "debug"}))
    assert known(released).releases.cut == [before]


def test_a_new_build_makes_a_new_release(released: EventLedger) -> None:
    tell(released, a_build("b-2"), a_release("b-2"))
    assert numbers(released) == [1, 2]


def test_a_new_configuration_makes_a_new_release(released: EventLedger) -> None:
    tell(released, a_config(plain={"LOG_LEVEL": "debug"}), a_release(occurred_at=LATER))
    assert numbers(released) == [1, 2]


def test_the_same_build_and_configuration_are_the_same_release(released: EventLedger) -> None:
    again = only(tell(released, a_release(occurred_at=LATER)))
    assert (again.existing, again.position) == (True, 3)
    assert numbers(released) == [1]


def test_a_release_told_again_is_the_same_though_a_late_configuration_came_between(
    released: EventLedger,
) -> None:
    tell(released, a_config(plain={"LOG_LEVEL": "debug"}, occurred_at=NOON - timedelta(seconds=1)))
    tell(released, a_config(plain={"LOG_LEVEL": "trace"}))
    again = only(tell(released, a_release()))
    assert (again.existing, again.position) == (True, 3)
    assert numbers(released) == [1]


def test_an_id_that_named_one_release_cannot_name_another(released: EventLedger) -> None:
    tell(released, a_build("b-2"), a_release("b-2", id="run-1"))
    with pytest.raises(AlreadyRecorded):
        tell(released, a_release(id="run-1", occurred_at=LATER))


def test_going_back_to_an_earlier_configuration_is_the_release_it_was(released: EventLedger) -> None:
    tell(released, a_config(plain={"LOG_LEVEL": "debug"}), a_release(config=2))
    tell(released, a_config(occurred_at=LATER))
    again = only(tell(released, a_release(occurred_at=LATER)))
    assert (again.existing, again.position) == (True, 3)


def test_releases_are_numbered_per_target_without_gaps(released: EventLedger) -> None:
    staging = target("payments-api@staging")
    tell(released, a_build("b-2"), a_failed_build("b-3"), a_config(target=staging))
    tell(released, a_release("b-2"))
    with pytest.raises(FailedBuild):
        tell(released, a_release("b-3"))
    tell(released, a_release("b-2", target=staging), a_release(target=staging))
    tell(released, a_config(plain={"LOG_LEVEL": "debug"}), a_release("b-2", occurred_at=LATER))
    assert numbers(released) == [1, 2, 3]
    assert numbers(released, "payments-api@staging") == [1, 2]


def test_a_release_may_be_cut_with_a_configuration_by_number_or_digest(released: EventLedger) -> None:
    tell(released, a_config(plain={"LOG_LEVEL": "debug"}))
    first, second = map(Digest, known(released).configs.numbers)
    assert only(tell(released, a_release(config=1))).existing
    assert only(tell(released, a_release(config=first))).existing
    cut = only(tell(released, a_release(config=second))).event
    assert isinstance(cut, ReleaseCut)
    assert cut.config_number == 2


def test_rolling_back_runs_an_earlier_release(released: EventLedger) -> None:
    tell(released, a_build("b-2"), a_release("b-2"), a_deployment(2))
    tell(released, a_deployment(1, rollback=True, occurred_at=LATER))
    assert newest(released) == 1
    assert numbers(released) == [1, 2]


def test_rolling_back_never_runs_a_later_release(released: EventLedger) -> None:
    tell(released, a_build("b-2"), a_release("b-2"), a_deployment(1))
    with pytest.raises(NotARollback):
        tell(released, a_deployment(2, rollback=True, occurred_at=LATER))


def test_the_same_build_can_be_deployed_twice(released: EventLedger) -> None:
    first, second = tell(released, a_deployment(1), a_deployment(1, occurred_at=LATER))
    assert not second.existing
    assert isinstance(second.event, Deployment)
    assert second.position == first.position + 1


def test_the_same_build_runs_in_two_environments(released: EventLedger) -> None:
    staging = target("payments-api@staging")
    tell(released, a_config(target=staging), a_release(target=staging), a_deployment(1, target=staging))
    assert numbers(released, "payments-api@staging") == [1]


def test_slots_run_different_releases_at_once(released: EventLedger) -> None:
    tell(released, a_build("b-2"), a_release("b-2"))
    tell(released, a_deployment(1), a_deployment(2, slot="canary"))
    assert (newest(released), newest(released, "canary")) == (1, 2)


def test_removal_is_an_event(released: EventLedger) -> None:
    tell(released, a_deployment(1))
    removal = only(tell(released, a_removal(occurred_at=LATER)))
    assert isinstance(removal.event, Removed)
    assert newest(released) is None
    assert numbers(released) == [1]


def test_an_id_that_named_one_deployment_is_no_retry_of_another(released: EventLedger) -> None:
    tell(released, a_removal(), a_removal(occurred_at=LATER, id="run-1"))
    with pytest.raises(AlreadyRecorded):
        tell(released, a_removal(id="run-1"))
