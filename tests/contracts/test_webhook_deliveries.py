"""How far webhooks have been told: one server tells each, what it reached is kept, and the log is bounded."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.webhooks import deliveries as module
from adapters.webhooks.deliveries import SqlDeliveries
from domain.access.delivery import Attempt, Outcome, Standing, resumed
from tests.builders import NOON, Clock
from tests.contracts.opened import Opened

MINUTE = timedelta(minutes=1)
ATTEMPT = Attempt(
    webhook="chat",
    id="evt_8_chat",
    position=8,
    at=NOON,
    outcome=Outcome(status=500, said="so", milliseconds=3),
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def deliveries(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path, clock: Clock) -> SqlDeliveries:
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    database = opened(url)
    schema.create(database)
    kept = SqlDeliveries(database, now=clock)
    kept.begin("chat", 2, 7)
    return kept


def test_a_webhook_begins_once_and_is_forgotten_with_its_log(deliveries: SqlDeliveries) -> None:
    deliveries.begin("chat", 4, 100)
    deliveries.begin("another", 2, 3)
    assert deliveries.standing() == [
        Standing(name="another", begun=2, position=3),
        Standing(name="chat", begun=2, position=7),
    ]
    deliveries.log(ATTEMPT)
    deliveries.end("chat")
    assert [each.name for each in deliveries.standing()] == ["another"]
    assert deliveries.attempts("chat", before=None, limit=10) == []


def test_one_of_many_claims_it(deliveries: SqlDeliveries, clock: Clock) -> None:
    until = clock.at + MINUTE
    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(lambda n: deliveries.claim("chat", f"s{n}", until), range(8)))
    assert [each for each in claimed if each is not None] == [Standing(name="chat", begun=2, position=7)]
    assert deliveries.claim("nobody", "a", until) is None


def test_a_claim_holds_until_its_time_is_up_or_it_is_given_back(
    deliveries: SqlDeliveries, clock: Clock
) -> None:
    assert deliveries.claim("chat", "a", clock.at + MINUTE) is not None
    assert deliveries.claim("chat", "b", clock.at + MINUTE) is None
    assert deliveries.claim("chat", "a", clock.at + MINUTE) is not None, "it is its own"
    clock.at += MINUTE
    assert deliveries.claim("chat", "b", clock.at + MINUTE) is not None
    assert not deliveries.reached(Standing(name="chat", begun=2, position=9), "a", clock.at + MINUTE, ATTEMPT)
    deliveries.release("chat", "a")
    assert deliveries.claim("chat", "a", clock.at + MINUTE) is None, "it was not its to give back"
    deliveries.release("chat", "b")
    assert deliveries.claim("chat", "a", clock.at + MINUTE) == Standing(name="chat", begun=2, position=7)
    assert len(deliveries.attempts("chat", before=None, limit=10)) == 1, "what was tried was tried"


def test_what_was_reached_is_kept_and_prolongs_the_claim(deliveries: SqlDeliveries, clock: Clock) -> None:
    deliveries.claim("chat", "a", clock.at + MINUTE)
    clock.at += MINUTE / 2
    failing = Standing(
        name="chat", begun=2, position=8, due_at=clock.at + MINUTE, failures=2, failing_since=clock.at
    )
    assert deliveries.reached(failing, "a", clock.at + MINUTE)
    assert deliveries.standing() == [failing]
    clock.at += MINUTE / 2
    assert deliveries.claim("chat", "b", clock.at + MINUTE) is None
    deliveries.release("chat", "a")
    assert deliveries.claim("chat", "b", clock.at + MINUTE) is None, "it is not due"
    clock.at += MINUTE / 2
    assert deliveries.claim("chat", "b", clock.at + MINUTE) == failing


def test_what_is_paused_is_nobodys_until_somebody_resumes_it(deliveries: SqlDeliveries, clock: Clock) -> None:
    deliveries.claim("chat", "a", clock.at + MINUTE)
    paused = Standing(name="chat", begun=2, position=8, paused_at=clock.at, paused_why="gone")
    assert deliveries.reached(paused, "a", clock.at + MINUTE)
    deliveries.release("chat", "a")
    assert deliveries.claim("chat", "a", clock.at + MINUTE) is None
    deliveries.change("chat", lambda known: resumed(known, position=2))
    assert deliveries.claim("chat", "b", clock.at + MINUTE) == Standing(name="chat", begun=2, position=2)


def test_who_tells_it_while_it_is_changed_has_lost_it(deliveries: SqlDeliveries, clock: Clock) -> None:
    deliveries.claim("chat", "a", clock.at + MINUTE)
    assert deliveries.change("chat", lambda known: replace(known, position=3)) is not None
    assert not deliveries.reached(Standing(name="chat", begun=2, position=9), "a", clock.at + MINUTE)
    assert deliveries.standing() == [Standing(name="chat", begun=2, position=3)]
    assert deliveries.change("nobody", lambda known: known) is None


def test_the_log_is_read_page_by_page_the_newest_first(deliveries: SqlDeliveries) -> None:
    for number in range(5):
        deliveries.log(replace(ATTEMPT, id=f"evt_{number}_chat", position=number))
        deliveries.log(replace(ATTEMPT, webhook="another"))
    first = deliveries.attempts("chat", before=None, limit=3)
    assert [each.position for _, each in first] == [4, 3, 2]
    assert first[0][1] == replace(ATTEMPT, id="evt_4_chat", position=4)
    rest = deliveries.attempts("chat", before=first[-1][0], limit=3)
    assert [each.position for _, each in rest] == [1, 0]


def test_of_each_webhook_the_newest_lines_are_kept(
    deliveries: SqlDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_ATTEMPTS", 4)
    monkeypatch.setattr(module, "SWEEP_ADDED", 3)
    deliveries.log(replace(ATTEMPT, webhook="another"))
    for number in range(20):
        deliveries.log(replace(ATTEMPT, position=number))
    kept = [each.position for _, each in deliveries.attempts("chat", before=None, limit=100)]
    assert kept[0] == 19
    assert 4 <= len(kept) <= 4 + 3
    assert len(deliveries.attempts("another", before=None, limit=100)) == 1
