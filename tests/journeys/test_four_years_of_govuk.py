"""The first months of a real delivery history go in, and every answer is the one its repository gives.

The whole of it is `python -m tests.benchmarks.govuk`.
"""

from collections.abc import Iterator
from itertools import islice

import orjson
import pytest

from tests import govuk
from tests.http import world as worlds
from tests.http.world import World

CHANGES = 1500
"""Twelve weeks. A change of configuration is told for every service there, so it is 8,000 lines."""
BATCH_LINES = 1000

pytestmark = pytest.mark.skipif(not govuk.FOLDER.is_dir(), reason=govuk.ABSENT)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A ledger with that history, and the time it was read up to."""
    lines = govuk.lines(CHANGES)
    last = ""
    with worlds.opened(
        worlds.make(tmp_path_factory.mktemp("govuk") / "home", at=govuk.READ), at=govuk.READ
    ) as world:
        while batch := list(islice(lines, BATCH_LINES)):
            last = str(batch[-1]["occurred_at"])
            answer = world.batch(b"\n".join(map(orjson.dumps, batch)), mode="each")
            counted = answer.get_json()
            assert (answer.status_code, counted["new"]) == (200, len(batch)), answer.text[:1000]
        yield world, last


def test_every_answer_is_the_one_the_repository_gives(told: tuple[World, str]) -> None:
    world, until = told
    probes = govuk.probes(until)
    assert len(probes) >= 20
    assert [wrong for probe in probes if (wrong := govuk.wrong(probe, world))] == []


def test_again_adds_nothing(told: tuple[World, str]) -> None:
    world, _ = told
    before = world.position
    batch = islice(govuk.lines(CHANGES), 300)
    counted = world.batch(b"\n".join(map(orjson.dumps, batch)), mode="each").get_json()
    assert (counted["existing"], counted["refused"], world.position) == (300, 0, before)


def test_the_thirteen_rollbacks_of_one_afternoon(world: World) -> None:
    world.clock.at = govuk.READ
    lines = (line for line in govuk.lines() if line["environment"] == "production")
    fortnight = [line for line in lines if "2026-08-01" < str(line["occurred_at"]) < "2026-08-15"]
    for start in range(0, len(fortnight), BATCH_LINES):
        batch = fortnight[start : start + BATCH_LINES]
        counted = world.batch(b"\n".join(map(orjson.dumps, batch)), mode="each").get_json()
        assert counted["new"] == len(batch)
    differing, in_timelines = govuk.rollbacks(world)
    assert len(differing) == 13
    assert in_timelines == differing
