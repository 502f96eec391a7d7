"""A connection cut around COMMIT: the caller hears the right answer or a refusal, and there is one event."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import orjson
import pytest
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from api.settings import Settings
from tests.http import world as worlds
from tests.http.world import World
from tests.resilience import audit
from tests.resilience.cutting import Cut, Proxy, cutting

WRITERS = 8
WAIT_SECONDS_MAX = 60
DECLARED = {
    "service": "api",
    "environment": "prod",
    "label": "v1",
    "id": "run-1",
    "occurred_at": "2026-03-01T11:00:00Z",
}


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    return worlds.make(tmp_path / "home", database_url=postgres_url)


@pytest.fixture
def proxy(settings: Settings) -> Iterator[Proxy]:
    url = make_url(settings.database_url)
    assert url.host is not None
    assert url.port is not None
    with cutting(url.host, url.port) as proxy:
        yield proxy


@pytest.fixture
def world(settings: Settings, proxy: Proxy) -> Iterator[World]:
    """The service, behind the proxy."""
    behind = make_url(settings.database_url).set(host="127.0.0.1", port=proxy.port)
    url = behind.render_as_string(hide_password=False)
    with worlds.opened(Settings(home=settings.home, database_url=url)) as world:
        world.ask("ledger")
        yield world


def told(world: World, key: str | None = None, **changes: str) -> TestResponse:
    """Report once; from any thread."""
    headers = {} if key is None else {"Idempotency-Key": key}
    client = world.client.application.test_client()
    return client.post("/v1/declarations", json={**DECLARED, **changes}, headers=headers)


def events(settings: Settings, folder: Path, acknowledged: dict[str, int]) -> int:
    """Check the ledger past the proxy; return how many events it has."""
    return len(audit.check(settings, acknowledged, told=set(acknowledged), folder=folder))


@pytest.mark.parametrize("cut", Cut)
def test_told_again_after_a_cut_it_is_one_event(
    world: World, settings: Settings, proxy: Proxy, tmp_path: Path, cut: Cut
) -> None:
    proxy.arm(cut)
    first = told(world)
    assert proxy.cuts == 1
    assert first.status_code in {Cut.BEFORE: {503}, Cut.AT_ONCE: {200, 503}, Cut.AFTER: {200}}[cut], (
        first.text
    )
    again = told(world)
    assert again.status_code in {Cut.BEFORE: {201}, Cut.AT_ONCE: {200, 201}, Cut.AFTER: {200}}[cut], (
        again.text
    )
    assert again.get_json()["position"] == 2
    if first.status_code == 200:
        assert first.get_json() == again.get_json()
    assert events(settings, tmp_path, {"run-1": 2}) == 2


@pytest.mark.parametrize("spared", range(3), ids=["key taken", "event recorded", "answer kept"])
@pytest.mark.parametrize("cut", Cut)
def test_under_a_key_it_is_one_event_whichever_commit_is_cut(  # noqa: PLR0917 - fixtures and cases
    world: World, settings: Settings, proxy: Proxy, tmp_path: Path, cut: Cut, spared: int
) -> None:
    proxy.arm(cut, spared=spared)
    first = told(world, "key-1")
    assert proxy.cuts == 1
    assert first.status_code in {200, 201, 503}, first.text
    again = told(world, "key-1")
    assert again.status_code in {200, 201}, again.text
    assert again.get_json()["position"] == 2
    if first.status_code != 503:
        assert first.get_json()["position"] == 2
    another = told(world, "key-1", label="v2")
    assert another.get_json()["type"] == "/problems/idempotency-key-reused"
    assert events(settings, tmp_path, {"run-1": 2}) == 2


def test_while_the_database_stays_away_it_is_a_refusal_and_then_the_event(
    world: World, settings: Settings, proxy: Proxy, tmp_path: Path
) -> None:
    proxy.arm(Cut.AFTER)
    proxy.closed = True
    assert told(world).status_code == 503
    refused = told(world, id="run-2", label="v2")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert world.client.get("/readyz").status_code == 503
    proxy.closed = False
    assert world.client.get("/readyz").status_code == 200
    assert told(world).get_json()["position"] == 2
    assert told(world, id="run-2", label="v2").get_json()["position"] == 3
    assert events(settings, tmp_path, {"run-1": 2, "run-2": 3}) == 3


@pytest.mark.parametrize("cut", Cut)
def test_of_many_that_shared_the_commit_each_hears_its_own(
    world: World, settings: Settings, proxy: Proxy, tmp_path: Path, cut: Cut
) -> None:
    start = Barrier(WRITERS, timeout=WAIT_SECONDS_MAX)
    proxy.arm(cut, spared=1)

    def tell(writer: int) -> dict[str, int]:
        start.wait()
        said = {"id": f"run-{writer}", "label": f"v{writer}"}
        first, again = told(world, **said), told(world, **said)
        assert first.status_code in (200, 201, 503), first.text
        assert again.status_code in (200, 201), again.text
        if first.status_code != 503:
            assert again.get_json()["position"] == first.get_json()["position"]
        return {said["id"]: again.get_json()["position"]}

    with ThreadPoolExecutor(WRITERS) as threads:
        acknowledged = dict(each for told in threads.map(tell, range(WRITERS)) for each in told.items())
    assert proxy.cuts == 1
    assert events(settings, tmp_path, acknowledged) == 1 + WRITERS


@pytest.mark.parametrize("mode", ["atomic", "each"])
@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
def test_a_batch_is_there_as_a_whole_or_not_at_all(  # noqa: PLR0917 - fixtures and cases
    world: World, settings: Settings, proxy: Proxy, tmp_path: Path, cut: Cut, mode: str
) -> None:
    lines = [{**DECLARED, "type": "declared", "id": f"run-{n}", "sequence": n} for n in range(5)]
    body = b"\n".join(orjson.dumps(line) for line in lines)
    proxy.arm(cut)
    assert world.batch(body, mode).status_code == 503
    again = world.batch(body, mode).get_json()
    assert (again["new"], again["existing"]) == ((5, 0) if cut is Cut.BEFORE else (0, 5))
    at = {f"run-{line['line'] - 1}": line["recorded"]["position"] for line in again["results"]}
    assert events(settings, tmp_path, at) == 6


def test_a_question_across_a_cut_is_refused_and_then_answered(world: World, proxy: Proxy) -> None:
    position = told(world).get_json()["position"]
    proxy.arm(Cut.BEFORE)
    asked = {"path": "environments/prod/state", "known_at": world.now}
    assert world.ask(**asked).status_code == 503, "an instant is closed with a commit"
    assert world.answer(**asked)["ledger"]["position"] == position
