"""The clock is stepped back and forward: recorded_at still increases, and no answer known before changes."""

from datetime import timedelta
from pathlib import Path

import pytest

from api.settings import Settings
from domain import instant
from tests.builders import NOON
from tests.http import world as worlds
from tests.http.world import World
from tests.resilience import audit

STEPS_HOURS = (0, -24, 0, 48, -0.5, 24 * 365, 1)
"""From noon; each is a step of the clock, with reports before and after."""
EACH = 3


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return worlds.make(tmp_path / "home", database_url=url)


def told(world: World, number: int) -> dict[str, int]:
    """Report what happened before every step; return where it is."""
    about = {"service": "api", "environment": "prod", "label": f"v{number}", "id": f"run-{number}"}
    answer = world.recorded("declarations", **about, occurred_at=instant.text(NOON - timedelta(days=2)))
    return {f"run-{number}": answer["position"]}


def test_however_the_clock_is_stepped_order_and_answers_stay(settings: Settings, tmp_path: Path) -> None:
    acknowledged: dict[str, int] = {}
    known: dict[str, bytes] = {}
    with worlds.opened(settings) as world:
        for hours in STEPS_HOURS:
            world.clock.at = NOON + timedelta(hours=hours)
            for _ in range(EACH):
                acknowledged |= told(world, len(acknowledged))
            asked = world.answer("state")["ledger"]["known_at"]
            question = f"state?as_of={instant.text(NOON)}&known_at={asked}"
            answer = world.ask(question)
            assert answer.status_code == 200, answer.text
            known[question] = answer.data
            assert world.client.get("/readyz").status_code == 200
        assert [world.ask(question).data for question in known] == list(known.values())
    with worlds.opened(settings, at=NOON - timedelta(days=1)) as world:  # a restart, by a slow clock
        acknowledged |= told(world, len(acknowledged))
        assert [world.ask(question).data for question in known] == list(known.values())
    audit.check(settings, acknowledged, told=set(acknowledged), folder=tmp_path)


def test_a_claim_is_measured_by_the_clock_of_its_moment(settings: Settings) -> None:
    with worlds.opened(settings) as world:
        about = {"service": "api", "environment": "prod", "label": "v1"}
        later = instant.text(NOON + timedelta(hours=1))
        refused = world.report("declarations", **about, occurred_at=later)
        assert refused.get_json()["type"] == "/problems/from-the-future"
        world.clock.at += timedelta(hours=1)
        told = world.recorded("declarations", **about, occurred_at=later)
        world.clock.at -= timedelta(hours=1)
        again = world.report("declarations", **about, occurred_at=later)
        assert again.status_code == 200, "a retry is recognised before it is judged by a clock that went back"
        assert again.get_json()["position"] == told["position"]
