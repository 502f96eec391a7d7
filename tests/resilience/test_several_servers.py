"""Two servers on one database, sixteen reporters on hot and cold targets: one order, nothing lost."""

from pathlib import Path

import pytest

from api.settings import Settings
from tests.resilience import audit
from tests.resilience.reporters import reporting
from tests.resilience.serving import served

WRITERS = 16
EACH = 25
SEED = 2


@pytest.mark.timeout(600)
def test_two_servers_keep_one_order(settings: Settings, tmp_path: Path) -> None:
    with served(settings) as one, served(settings) as other:
        with reporting(WRITERS, one.address, other.address, seed=SEED, each_max=EACH) as reporters:
            reporters.wait_for(WRITERS * EACH // 2)
            other.kill()  # whoever was its client goes on with the first
            reporters.wait_for(WRITERS)
            other.start()
            reporters.go_to(one.address, other.address)
            reporters.hear_everyone()
        for server in (one, other):
            server.stop()
        recorded = audit.check(settings, reporters.acknowledged, told=reporters.told, folder=tmp_path)
    assert {each.event.report.id for each in recorded if each.event.report} >= reporters.told
    assert reporters.heard["503"] == 0
