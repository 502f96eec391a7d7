"""A release joins one build with one configuration, is numbered without gaps, and never changes."""

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from domain import release
from domain.build import BuildOutcome, BuildRecorded, Source
from domain.errors import FailedBuild, UnknownRelease
from domain.release import BuildName, Identity, ReleaseCut, Releases
from tests.builders import CI, COMMIT, NOON, artifact, digest, report, target


def built(build: str = "b-1", *made: str, outcome: BuildOutcome = BuildOutcome.SUCCEEDED) -> BuildRecorded:
    return BuildRecorded(
        stream=f"build:payments-api/{build}",
        version=1,
        occurred_at=NOON,
        actor=CI,
        report=report(build),
        service="payments-api",
        build=build,
        outcome=outcome,
        source=Source("https://git.example/acme/payments-api", COMMIT),
        artifacts=tuple(artifact(name) for name in made or ("payments-api",)),
    )


def decided(
    releases: Releases | None = None, build: BuildRecorded | None = None, **said: Any
) -> ReleaseCut | None:
    told: dict[str, Any] = {
        "version": 1,
        "occurred_at": NOON,
        "actor": CI,
        "told": report(),
        "target": target(),
        "build": build or built(),
        "config": (1, digest("config 1")),
    }
    return release.cut(releases or Releases(), **{**told, **said})


def cut(releases: Releases | None = None, build: BuildRecorded | None = None, **said: Any) -> ReleaseCut:
    event = decided(releases, build, **said)
    assert event is not None
    return event


def folded(*events: ReleaseCut) -> Releases:
    return reduce(release.fold, events, Releases())


def test_the_first_release_of_a_target_is_number_one() -> None:
    event = cut()
    assert (event.stream, event.release.number) == ("target:payments-api@prod", 1)


def test_a_new_build_makes_the_next_release() -> None:
    assert cut(folded(cut()), built("b-2")).release.number == 2


def test_a_new_configuration_makes_the_next_release() -> None:
    assert cut(folded(cut()), config=(2, digest("config 2"))).release.number == 2


def test_the_same_build_and_configuration_are_released_once() -> None:
    assert decided(folded(cut())) is None


def test_a_failed_build_is_never_released() -> None:
    with pytest.raises(FailedBuild, match="b-1 of payments-api failed"):
        decided(build=built(outcome=BuildOutcome.FAILED))


def test_the_digest_covers_target_number_build_and_configuration() -> None:
    first = cut()
    others = [
        cut(target=target("payments-api@staging")),
        cut(folded(cut(build=built("b-0")))),
        cut(build=built("b-2")),
        cut(build=built("b-1", "another artifact")),
        cut(config=(2, digest("config 2"))),
    ]
    assert cut().release == first.release
    assert len({first.release.digest, *(other.release.digest for other in others)}) == 6


def test_a_release_speaks_about_itself_its_artifacts_and_its_configuration() -> None:
    event = cut(build=built("b-1", "api", "worker"))
    assert [subject.hex for subject in event.subjects()] == [
        event.release.digest.hex,
        digest("api").hex,
        digest("worker").hex,
        digest("config 1").hex,
    ]


def test_a_release_is_found_by_its_number() -> None:
    first = cut()
    second = cut(folded(first), built("b-2"))
    releases = folded(first, second)
    assert release.numbered(releases, 1, target()) == first.release
    assert release.numbered(releases, 2, target()) == second.release


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_number_without_a_release_is_unknown(number: int) -> None:
    with pytest.raises(UnknownRelease, match=f"payments-api@prod has no release {number}, it has 1 so far"):
        release.numbered(folded(cut()), number, target())


def test_a_gap_between_releases_is_a_bug() -> None:
    later = cut(folded(cut()), built("b-2"))
    with pytest.raises(AssertionError, match="without gaps"):
        folded(later)


def test_a_declared_build_is_another_than_a_reported_one_of_the_same_name() -> None:
    releases = folded(cut())
    config = digest("config 1")
    assert release.found(releases, BuildName("b-1", Identity.REPORTED), config) is not None
    assert release.found(releases, BuildName("b-1", Identity.DECLARED), config) is None


def test_other_events_leave_releases_alone() -> None:
    known = folded(cut())
    assert release.fold(known, built()) is known


def test_the_key_of_a_joint_is_that_of_its_target_build_and_configuration() -> None:
    event = cut()
    assert event.natural_key() == replace(event, occurred_at=NOON.replace(hour=13)).natural_key()
    assert event.natural_key() != cut(target=target("payments-api@staging")).natural_key()
