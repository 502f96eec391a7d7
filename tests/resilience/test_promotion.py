"""A primary is lost under load and its synchronous standby promoted: nothing acknowledged is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url

from api.settings import Settings
from tests.conftest import required
from tests.http import world as worlds
from tests.resilience import audit
from tests.resilience.clusters import Cluster, replicated
from tests.resilience.conftest import opened
from tests.resilience.reporters import reporting
from tests.resilience.serving import served

WRITERS = 12
SEED = 3

Pair = tuple[Cluster, Cluster]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary, and its synchronous standby."""
    with required(replicated()) as both:
        yield both


def either(*clusters: Cluster) -> str:
    """Return the URL of whichever of *clusters* takes writes."""
    hosts = [f"{each.url.host}:{each.url.port}" for each in clusters]
    url = clusters[0].url.set(host=None, port=None)
    return url.update_query_dict({"host": hosts, "target_session_attrs": "read-write"}).render_as_string(
        hide_password=False
    )


@pytest.mark.timeout(600)
def test_a_standby_is_promoted_under_load_and_nothing_is_lost(pair: Pair, tmp_path: Path) -> None:
    primary, standby = pair
    settings = opened(tmp_path / "home", either(primary, standby))
    with served(settings) as one, served(settings) as other:
        with reporting(WRITERS, one.address, other.address, seed=SEED) as reporters:
            reporters.wait_for(300)
            primary.kill()
            before = dict(reporters.acknowledged)
            standby.promote()
            reporters.wait_for(300)
            other.kill()
            other.start()  # a server that starts finds the new primary as well
            reporters.go_to(one.address, other.address)
            reporters.wait_for(100)
            reporters.finish()
        for server in (one, other):
            server.stop()
    after = Settings(home=settings.home, database_url=standby.url.render_as_string(hide_password=False))
    with audit.audited(after) as audited:
        audited.check_reports(before, told=reporters.told)
        audited.check(reporters.acknowledged, told=reporters.told, folder=tmp_path)
    assert reporters.heard["503"] + reporters.heard["lost"] > 0, "the load was on when the primary was lost"


def test_without_its_standby_a_primary_acknowledges_nothing(pair: Pair, tmp_path: Path) -> None:
    primary, standby = pair
    settings = opened(tmp_path / "home", make_url(either(primary)).render_as_string(hide_password=False))
    with worlds.opened(settings) as world, ThreadPoolExecutor(1) as thread:
        standby.stop("fast")
        told = thread.submit(
            world.report, "declarations", service="api", environment="prod", label="v1", id="run-1"
        )
        primary.wait_until("EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')")
        assert not told.done()
        standby.start()
        assert told.result().status_code == 201
    assert standby.ask("SELECT max(position) FROM event") == 2


def test_a_standby_that_was_not_promoted_refuses_to_write(pair: Pair, tmp_path: Path) -> None:
    primary, standby = pair
    home = opened(tmp_path / "home", primary.url.render_as_string(hide_password=False)).home
    url = standby.url.render_as_string(hide_password=False)
    with worlds.opened(Settings(home=home, database_url=url)) as world:
        refused = world.report("declarations", service="api", environment="prod", label="v1")
        assert refused.get_json()["type"] == "/problems/ledger-unavailable", refused.text
        assert world.answer("ledger")["ledger"]["position"] == 1


def test_a_commit_whose_wait_for_the_standby_was_cancelled_is_not_acknowledged(
    pair: Pair, tmp_path: Path
) -> None:
    primary, standby = pair
    settings = opened(tmp_path / "home", make_url(either(primary)).render_as_string(hide_password=False))
    said = {"service": "api", "environment": "prod", "label": "v1", "occurred_at": "2026-03-01T12:00:00Z"}
    waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with worlds.opened(settings) as world, ThreadPoolExecutor(1) as thread:
        standby.stop("fast")
        told = thread.submit(world.report, "declarations", **said)
        primary.wait_until(f"EXISTS (SELECT {waiting})")
        primary.ask(f"SELECT bool_and(pg_cancel_backend(pid)) {waiting}")
        assert told.result().status_code == 503
        standby.start()
        assert world.report("declarations", **said).status_code == 200
