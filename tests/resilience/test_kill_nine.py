"""Killed fifty times under load: every acknowledged report is there once, and nothing is half done."""

import subprocess
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from api.settings import Settings
from tests.resilience import audit
from tests.resilience.reporters import reporting
from tests.resilience.serving import CONSOLE, served

KILLS = 50
WRITERS = 6
SEED = 1
EVERY = 10


@pytest.mark.timeout(600)
def test_killed_fifty_times_under_load_nothing_is_lost_or_doubled(settings: Settings, tmp_path: Path) -> None:
    dice = Random(SEED)  # noqa: S311 - to be repeated
    with served(settings) as server, reporting(WRITERS, server.address, seed=SEED) as reporters:
        for kill in range(1, KILLS + 1):
            reporters.wait_for(dice.randint(1, 40))
            reporters.go_to()
            server.kill()
            if kill % EVERY == 0:
                audit.check(settings, dict(reporters.acknowledged), told=reporters.told, folder=tmp_path)
            reporters.go_to(server.start())
        reporters.finish()
        server.stop()
        recorded = audit.check(settings, reporters.acknowledged, told=reporters.told, folder=tmp_path)
    assert reporters.heard["lost"] >= KILLS, "the load was on when it was killed"
    assert {each.event.report.id for each in recorded if each.event.report} >= reporters.told
    assert said(settings, "verify")["events"] == len(recorded)
    assert said(settings, "rebuild", "--check")["equal"]


def said(settings: Settings, *command: str) -> Any:
    """Run `shiplog`, which must find nothing wrong; return what it says."""
    environment = {"SHIPLOG_HOME": str(settings.home)}
    if settings.database_url:
        environment["SHIPLOG_DATABASE_URL"] = settings.database_url
    ran = subprocess.run(  # noqa: S603 - our own console script
        [CONSOLE, *command, "-o", "json"], env=environment, capture_output=True, check=True
    )
    return orjson.loads(ran.stdout)
