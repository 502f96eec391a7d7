"""Somebody asks about a night in which nobody reported: every answer says so; and drift is found."""

from datetime import timedelta
from typing import Any

import pytest

from domain import instant
from tests.builders import NOON
from tests.http.world import FIRST, SECOND, Document, World, build, image

AGENT = "k8s-prod"
PROD = {"service": "payments-api", "environment": "prod"}


def runs(of: str, slot: str = "main", service: str = "payments-api") -> Document:
    return {"service": service, "slot": slot, "artifacts": [image(of)]}


def wait_until(world: World, minutes: float) -> None:
    world.clock.at = NOON + timedelta(minutes=minutes)


def at(minutes: float) -> str:
    return instant.text(NOON + timedelta(minutes=minutes))


@pytest.fixture
def watched(any_world: World) -> World:
    """A prod whose agent promises to be heard every two minutes, and is silent from :10 to :50."""
    world = any_world
    build(world, "ci/4711", FIRST)
    world.recorded("configs", **PROD, entries={"LOG_LEVEL": {"value": "info"}})
    world.recorded("releases", **PROD, build="ci/4711")
    wait_until(world, 1)
    world.recorded("deployments", **PROD, release=1, deployment="argo/1")
    for minute in (*range(2, 11), *range(50, 60)):
        wait_until(world, minute)
        world.recorded(
            "observations", environment="prod", reporter=AGENT, every=120, running=[runs("ci/4711")]
        )
    wait_until(world, 60)
    return world


GAP = {
    "environment": "prod",
    "from": at(12),
    "to": at(50),
    "why": f"no report from {AGENT} since {at(10)}",
}
BEFORE = {
    "environment": "prod",
    "from": None,
    "to": at(1),
    "why": f"nothing was reported about prod before {at(1)}",
}


def unknown(world: World, path: str, **asked: Any) -> list[Document]:
    answer = world.answer(path, **asked)
    assert not answer.get("unknown_truncated")
    return list(answer["unknown"])


def test_the_same_list_again_is_a_heartbeat_and_not_the_list_again(watched: World) -> None:
    topics = [each.get_json()["topic"] for each in watched.said[-19:]]
    assert topics == ["environment-observed.v1", *["environment-heartbeat.v1"] * 18]
    (running,) = watched.answer("environments/prod/state", as_of=at(59))["running"]
    assert running["observed"] == "match"


def test_a_night_without_reports_is_unknown_in_states_timelines_and_lists(watched: World) -> None:
    state = "environments/prod/state"
    assert unknown(watched, state, as_of=at(5)) == []
    assert unknown(watched, state, as_of=at(11.9)) == []
    for minute in (12, 30, 49.9):
        for path in (state, "services/payments-api/state", "state"):
            assert unknown(watched, path, as_of=at(minute)) == [GAP], path
    assert unknown(watched, state, as_of=at(50)) == []
    assert unknown(watched, state, as_of=at(0)) == [BEFORE]
    for path in ("services/payments-api/timeline", "environments/prod/changes"):
        assert unknown(watched, path) == [GAP, BEFORE], path
        assert unknown(watched, path, start=at(20), end=at(30)) == [GAP], path
        assert unknown(watched, path, start=at(3), end=at(12)) == [], path
    # What is not heard from now is unknown from the end of the promise on, without an end.
    assert unknown(watched, state, as_of=at(70)) == [
        {**GAP, "from": at(61), "to": None, "why": f"no report from {AGENT} since {at(59)}"}
    ]


def test_what_is_equal_where_nobody_looked_is_not_said_to_be_the_same(watched: World) -> None:
    told = watched.answer("environments/prod/diff", start=at(5), end=at(30))
    assert (told["differing"], told["same"]) == ([], 1)
    assert (told["before"]["unknown"], told["after"]["unknown"]) == ([], [GAP])


def test_a_late_report_changes_what_is_known_later_and_not_what_was_known(watched: World) -> None:
    asked = {"as_of": at(30), "known_at": f"position:{watched.position}"}
    before = watched.ask("environments/prod/state", **asked).get_data()
    for minute in range(12, 50, 2):
        watched.recorded("heartbeats", environment="prod", reporter=AGENT, every=120, occurred_at=at(minute))
    assert unknown(watched, "environments/prod/state", as_of=at(30)) == []
    assert unknown(watched, "services/payments-api/timeline") == [BEFORE]
    assert watched.ask("environments/prod/state", **asked).get_data() == before


def test_a_withdrawn_report_leaves_a_gap(watched: World) -> None:
    last = watched.said[-1].get_json()["position"]
    asked = {"path": "environments/prod/state", "as_of": at(56.5)}
    watched.recorded("corrections", of=last - 3, reason="the agent looked elsewhere")
    assert unknown(watched, **asked) == []
    watched.recorded("corrections", of=last - 4, reason="the agent looked elsewhere")
    (found,) = unknown(watched, **asked)
    assert (found["from"], found["to"]) == (at(56), at(57))
    assert unknown(watched, "services/payments-api/timeline") == [found, GAP, BEFORE]


def test_a_promise_that_turns_out_to_have_been_shorter_leaves_a_gap(watched: World) -> None:
    late = {"environment": "prod", "reporter": AGENT, "occurred_at": at(5.5)}
    watched.recorded("heartbeats", **late, every=10)
    found, *_ = unknown(watched, "environments/prod/state", as_of=at(5.9))
    assert (found["from"], found["to"]) == (instant.text(NOON + timedelta(seconds=340)), at(6))
    assert unknown(watched, "environments/prod/changes") == [GAP, found, BEFORE]


def kinds(world: World, **asked: Any) -> list[tuple[str, str | None, str | None]]:
    answer = world.answer("environments/prod/drift", **asked)
    assert answer["total"] == len(answer["findings"])
    return [(each["kind"], each["service"], each["slot"]) for each in answer["findings"]]


def test_what_drifts_is_found(watched: World) -> None:
    assert kinds(watched) == []
    assert kinds(watched, as_of=at(30)) == [("unknown", None, None)]

    build(watched, "ci/4712", SECOND)
    watched.recorded("releases", **PROD, build="ci/4712")
    watched.recorded("deployments", **PROD, release=2, deployment="argo/2")
    watched.recorded("deployments", **PROD, release=1, deployment="argo/3", slot="canary")
    early = watched.recorded("deployments", **PROD, release=1, slot="blue", occurred_at=at(-5))
    seen = [
        runs("ci/4711"),
        runs("ci/4713", slot="blue"),
        runs("ci/9", service="search-api"),
    ]
    watched.recorded("observations", environment="prod", reporter=AGENT, every=120, running=seen)
    assert kinds(watched) == [
        ("dated-before-release", "payments-api", "blue"),
        ("observed-not-released", "payments-api", "blue"),
        ("released-not-observed", "payments-api", "canary"),
        ("differs", "payments-api", "main"),
        ("observed-not-released", "search-api", "main"),
    ]
    findings = watched.answer("environments/prod/drift")["findings"]
    dated, blue, canary, main, search = findings
    assert dated["position"] == early["position"]
    assert (main["release"], main["runs"]) == (2, 1)
    assert main["why"] == f"{AGENT} saw the build of release 1, and release 2 is deployed"
    assert (blue["runs"], blue["build"]) == (None, None)
    assert canary["observer"] == AGENT
    assert search["release"] is None
    # An agent that lists what release 2 is made of finds no drift where that runs.
    watched.recorded("observations", environment="prod", reporter=AGENT, every=120, running=[runs("ci/4712")])
    assert ("differs", "payments-api", "main") not in kinds(watched)
