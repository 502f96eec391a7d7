"""Somebody asks where a commit ran, and is told when nobody looked: what ran there then, nobody can tell."""

from datetime import timedelta
from typing import Any

import pytest

from domain import instant
from tests.builders import NOON
from tests.http.world import FIRST, SECOND, Document, World, build, image

AGENT = "k8s-prod"
PROD = {"service": "payments-api", "environment": "prod"}


def wait_until(world: World, minutes: float) -> None:
    world.clock.at = NOON + timedelta(minutes=minutes)


def at(minutes: float) -> str:
    return instant.text(NOON + timedelta(minutes=minutes))


@pytest.fixture
def watched(any_world: World) -> World:
    """A prod whose agent promises at :10 to be heard by :12, is silent until :50, and promises :61 then."""
    world = any_world
    build(world, "ci/4711", FIRST)
    world.recorded("configs", **PROD, entries={"LOG_LEVEL": {"value": "info"}})
    world.recorded("releases", **PROD, build="ci/4711")
    wait_until(world, 1)
    world.recorded("deployments", **PROD, release=1, deployment="argo/1")
    for minute, every in ((10, 120), (50, 660)):
        wait_until(world, minute)
        world.recorded("heartbeats", environment="prod", reporter=AGENT, every=every)
    wait_until(world, 60)
    return world


GAP = {
    "environment": "prod",
    "from": at(12),
    "to": at(50),
    "why": f"no report from {AGENT} since {at(10)}",
}


def unknown(world: World, **asked: Any) -> list[Document]:
    answer = world.answer("where", **asked)
    assert not answer["unknown_truncated"]
    return list(answer["unknown"])


def test_where_something_ran_says_when_nobody_looked_and_cuts_no_interval(watched: World) -> None:
    for path, asked in (
        ("where", {"name": FIRST}),
        (f"commits/{FIRST}", {}),
        (f"artifacts/{image('ci/4711')}", {}),
    ):
        answer = watched.answer(path, **asked)
        assert [(each["since"], each["until"]) for each in answer["intervals"]] == [(at(1), None)], path
        assert (answer["unknown"], answer["unknown_truncated"]) == ([GAP], False), path
    assert answer["as_of"] == watched.now

    asked = {"name": FIRST, "known_at": f"position:{watched.position}"}
    before = watched.ask("where", **asked).get_data()
    build(watched, "ci/4712", SECOND)
    watched.recorded("releases", **PROD, build="ci/4712")
    watched.recorded("deployments", **PROD, release=2, deployment="argo/2")
    wait_until(watched, 70)
    silent = {**GAP, "from": at(61), "to": None, "why": f"no report from {AGENT} since {at(50)}"}
    # What was replaced may run again where nobody looks; what began after the gap is not told of it.
    assert unknown(watched, name=FIRST) == [silent, GAP]
    assert unknown(watched, name=SECOND) == [silent]
    assert watched.ask("where", **asked).get_data() == before


def test_where_something_ran_looks_at_its_own_environments_and_not_at_too_many(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = {"service": "payments-api", "environment": "staging"}
    watched.recorded("configs", **staging, entries={"LOG_LEVEL": {"value": "info"}})
    watched.recorded("releases", **staging, build="ci/4711")
    watched.recorded("heartbeats", environment="staging", reporter="other", every=60, occurred_at=at(20))
    assert unknown(watched, name=FIRST) == [GAP]
    watched.recorded("deployments", **staging, release=1, occurred_at=at(30))
    (other,) = unknown(watched, name="payments-api@staging#1")
    assert (other["environment"], other["from"], other["to"]) == ("staging", at(21), None)
    assert unknown(watched, name=FIRST) == [other, GAP]
    for bound, told in (("ENVIRONMENTS_MAX", [other]), ("UNKNOWN_MAX", [other])):
        with monkeypatch.context() as patched:
            patched.setattr(f"domain.queries.unreported.{bound}", 1)
            answer = watched.answer("where", name=FIRST)
            assert (answer["unknown"], answer["unknown_truncated"]) == (told, True)
