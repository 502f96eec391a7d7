"""A request whose n-th statement fails, for every n: refused as a whole, or answered right."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.http import world as worlds
from tests.http.world import World
from tests.resilience import audit
from tests.resilience.failing import Fault, Seams
from tests.resilience.stories import groundwork

STATEMENTS_MAX = 300
LINES = groundwork(1)
DECLARED = {
    "service": "hot",
    "environment": "prod",
    "label": "v1",
    "id": "run-1",
    "occurred_at": "2026-03-01T11:00:00Z",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        yield world


def each_refused(world: World, fault: Fault, ask: Callable[[], TestResponse]) -> Iterator[tuple[int, int]]:
    """Let *ask* fail at the first chance, then at the second …; yield what is recorded before and after.

    Ends with the first that nothing was left to fail for, which must be answered.
    """
    seams = Seams(world.services)
    for chance in range(1, STATEMENTS_MAX):
        before = world.position
        seams.arm(fault, chance)
        answer = ask()
        seams.disarm()
        if not seams.struck:
            assert answer.status_code in (200, 201), answer.text
            return
        if answer.status_code not in (200, 201):
            assert answer.get_json()["type"] == "/problems/ledger-unavailable", answer.text
        yield before, world.position
    raise AssertionError("it never ran out of statements")


@pytest.mark.parametrize("mode", ["atomic", "each"])
@pytest.mark.parametrize("fault", [Fault.STATEMENT, Fault.COMMIT, Fault.ANSWER])
def test_a_batch_is_recorded_as_a_whole_or_not_at_all(
    world: World, tmp_path: Path, mode: str, fault: Fault
) -> None:
    steps = {
        after - before for before, after in each_refused(world, fault, lambda: world.batch(LINES.body, mode))
    }
    assert steps <= {0, len(LINES.ids)}, "never a part of it"
    assert world.position == 1 + len(LINES.ids)
    acknowledged = {name: position for position, name in enumerate(LINES.ids, 2)}
    audit.check(world.settings, acknowledged, told=set(LINES.ids), folder=tmp_path)


@pytest.mark.parametrize("key", [None, "key-1"], ids=["by content", "by key"])
@pytest.mark.parametrize("fault", [Fault.STATEMENT, Fault.COMMIT, Fault.ANSWER])
def test_a_report_is_recorded_once(world: World, tmp_path: Path, fault: Fault, key: str | None) -> None:
    headers = {"Idempotency-Key": key} if key else {}

    def report() -> TestResponse:
        return world.client.post("/v1/declarations", json=DECLARED, headers=headers)

    struck = list(each_refused(world, fault, report))
    assert struck
    assert world.position == 2
    audit.check(world.settings, {"run-1": 2}, told={"run-1"}, folder=tmp_path)
