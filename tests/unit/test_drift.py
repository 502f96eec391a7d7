"""Drift, kind by kind: a case that is one, and the case beside it that is none."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from domain import drift
from domain.coverage import Unknown
from domain.drift import FindingKind, LastSeen, Listed, Origin, Place
from domain.placement import Cause, Kind, Placement, RanArtifact, RanBuild, RanConfig, RanRelease
from domain.release import Identity
from domain.target import Target
from tests.builders import CI, NOON, digest, target

API: Place = ("payments-api", "main")
LATER = NOON + timedelta(hours=1)


def placed(
    number: int = 1,
    *made: str,
    slot: str = "main",
    since: datetime = NOON,
    cut_at: datetime = NOON,
    identity: Identity = Identity.REPORTED,
    at: Target | None = None,
) -> Placement:
    artifacts = tuple(RanArtifact(name, digest(name)) for name in made)
    build = RanBuild("b-1", identity, artifacts=artifacts)
    config = RanConfig(1, digest("config"))
    where = at or target()
    release = RanRelease(where, number, digest("release"), cut_at, 4, build, config, number, cut_at)
    cause = Cause(5, 1, "deployment-succeeded.v1", None, None, CI, NOON)
    return Placement(where, slot, since, None, release, Kind.DEPLOY, cause)


def saw(listed: Mapping[Place, Sequence[str]], *, observer: str = "agent", at: datetime = LATER) -> LastSeen:
    running = {place: tuple(digest(name) for name in names) for place, names in listed.items()}
    return LastSeen(observer, at, running)


def found(
    *running: Placement,
    seen: Sequence[LastSeen] = (),
    emptied: Mapping[Place, datetime] | None = None,
    origins: Mapping[tuple[str, Listed], Origin] | None = None,
    unknown: Sequence[Unknown] = (),
) -> list[tuple[FindingKind, str | None, str | None]]:
    compared = drift.differing(running, emptied or {}, seen)
    findings = drift.findings("prod", running, compared, origins or {}, unknown)
    return [(each.kind, each.service, each.slot) for each in findings]


def from_release(number: int, *names: str) -> dict[tuple[str, Listed], Origin]:
    return {("payments-api", tuple(digest(name) for name in names)): Origin(number, "b-7")}


@pytest.mark.parametrize(
    "listed", [["x", "y"], ["x"], ["y"]], ids=["all of it", "a part of it", "another part"]
)
def test_what_is_deployed_and_seen_is_no_drift(listed: Sequence[str]) -> None:
    assert found(placed(1, "x", "y"), seen=[saw({API: listed})]) == []


def test_where_nobody_looked_since_nothing_differs() -> None:
    early = saw({API: ["other"]}, at=NOON - timedelta(seconds=1))
    assert found(placed(1, "x"), seen=[early]) == []
    assert found(placed(1, "x"), seen=[saw({API: ["other"]}, at=NOON)]) != []


def test_what_no_release_contains_is_a_finding() -> None:
    kind = FindingKind.OBSERVED_NOT_RELEASED
    assert found(placed(1, "x"), seen=[saw({API: ["x", "injected"]})]) == [(kind, *API)]
    assert found(seen=[saw({API: ["x"]})]) == [(kind, *API)]
    assert found(seen=[saw({API: ["x"]})], emptied={API: NOON}) == [(kind, *API)]
    assert found(seen=[saw({API: ["x"]})], emptied={API: LATER + timedelta(hours=1)}) == []


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (Origin(None, "b-9"), "agent saw what no release of payments-api@prod contains; build b-9 made it"),
        (drift.NOWHERE, "agent saw what no release of payments-api@prod contains; no build of payments-api"),
    ],
    ids=["built", "not even built"],
)
def test_it_is_said_whether_a_build_made_it(origin: Origin, said: str) -> None:
    compared = drift.differing([], {}, [saw({API: ["x"]})])
    (finding,) = drift.findings("prod", [], compared, {("payments-api", (digest("x"),)): origin}, [])
    assert finding.why.startswith(said)
    assert (finding.build, finding.runs, finding.release) == (origin.build, None, None)
    assert (finding.observed, finding.seen_at, finding.since) == ((digest("x"),), LATER, None)


def test_another_release_than_the_deployed_one_is_named() -> None:
    running = placed(2, "x")
    compared = drift.differing([running], {}, [saw({API: ["old"]})])
    (finding,) = drift.findings("prod", [running], compared, from_release(1, "old"), [])
    assert (finding.kind, finding.release, finding.runs) == (FindingKind.DIFFERS, 2, 1)
    assert finding.why == "agent saw the build of release 1, and release 2 is deployed"


def test_a_release_that_runs_where_nothing_is_deployed_differs() -> None:
    seen = [saw({API: ["old"]})]
    compared = drift.differing([], {API: NOON}, seen)
    (finding,) = drift.findings("prod", [], compared, from_release(1, "old"), [])
    assert (finding.kind, finding.since) == (FindingKind.DIFFERS, NOON)
    assert finding.why == "agent saw the build of release 1, and nothing is deployed there"


def test_what_is_deployed_and_not_listed_is_a_finding() -> None:
    assert found(placed(1, "x"), seen=[saw({})]) == [(FindingKind.RELEASED_NOT_OBSERVED, *API)]
    assert found(placed(1, "x"), seen=[]) == []
    assert found(seen=[saw({})], emptied={API: NOON}) == []


def test_of_several_observers_the_latest_that_lists_the_slot_decides() -> None:
    lists, does_not = saw({API: ["x"]}, observer="a"), saw({}, observer="b", at=LATER + timedelta(hours=1))
    assert found(placed(1, "x"), seen=[does_not, lists]) == []
    wrong = saw({API: ["other"]}, observer="c", at=LATER + timedelta(minutes=1))
    assert found(placed(1, "x"), seen=[does_not, wrong, lists]) == [(FindingKind.OBSERVED_NOT_RELEASED, *API)]


def test_what_is_known_by_its_label_alone_cannot_differ_but_can_be_missing() -> None:
    declared = placed(1, identity=Identity.DECLARED)
    assert found(declared, seen=[saw({API: ["anything"]})]) == []
    assert found(declared, seen=[saw({})]) == [(FindingKind.RELEASED_NOT_OBSERVED, *API)]


def test_a_deployment_dated_before_its_release_was_cut_is_a_finding() -> None:
    assert found(placed(1, "x", cut_at=LATER)) == [(FindingKind.DATED_BEFORE_RELEASE, *API)]
    assert found(placed(1, "x", cut_at=NOON)) == []
    assert found(placed(1, cut_at=LATER, identity=Identity.DECLARED)) == []


def test_that_nobody_looks_is_a_finding_and_comes_first() -> None:
    silent = Unknown("prod", NOON, None, "no report from agent")
    kinds = found(placed(1, "x", cut_at=LATER), seen=[saw({})], unknown=[silent])
    assert [kind for kind, *_ in kinds] == [
        FindingKind.UNKNOWN,
        FindingKind.DATED_BEFORE_RELEASE,
        FindingKind.RELEASED_NOT_OBSERVED,
    ]
