"""Which tokens are in use, as whoever looks after them sees it."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api.access.last_used import LastUsed
from api.access.proxies import Proxies
from api.app import create_app
from api.settings import Settings
from domain import instant
from tests import credentials
from tests.credentials import BEARER, token_text
from tests.http import world as worlds
from tests.http.bootstrap import bearer
from tests.http.world import Document, World, by_credential

UNUSED = token_text("NeverUsedABC")


@pytest.fixture
def server(world: World) -> FlaskClient:
    """A server on the ledger of `world`, that notes the use of tokens, and does so at once."""
    credentials.issue(world.services.ledger)
    credentials.issue(world.services.ledger, UNUSED)
    noting = LastUsed(world.services.token_uses.uses, now=world.clock, beside=lambda write: write())
    guard = noting.noting(by_credential(world.services), Proxies())
    return create_app(world.services, guard).test_client()


def listed(world: World, **query: str) -> dict[str, Document]:
    answer = world.answer("access/tokens", **query)
    return {each["id"]: each for each in answer["tokens"]}


def test_the_last_use_is_shown(world: World, server: FlaskClient) -> None:
    at = instant.text(world.clock())
    ask = {"headers": BEARER, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    assert server.get("/v1/ledger", **ask).status_code == 200
    world.clock.at += timedelta(seconds=59)
    assert server.get("/v1/ledger", **ask).status_code == 200
    shown = listed(world)
    assert shown["ForTheseTest"]["last_used_at"] == at
    assert shown["ForTheseTest"]["last_used_from"] == "192.0.2.0/24"
    assert (shown["NeverUsedABC"]["last_used_at"], shown["NeverUsedABC"]["last_used_from"]) == (None, None)
    world.clock.at += timedelta(seconds=1)
    server.get("/v1/ledger", **ask)
    assert listed(world)["ForTheseTest"]["last_used_at"] == instant.text(world.clock())


def test_what_is_refused_is_no_use(world: World, server: FlaskClient) -> None:
    assert server.get("/v1/ledger", headers=bearer(token_text("NeverUsedABC", "B"))).status_code == 401
    assert listed(world)["NeverUsedABC"]["last_used_at"] is None


def test_an_answer_about_another_moment_is_the_same_for_ever(world: World, server: FlaskClient) -> None:
    world.clock.advance()
    for query in ({"as_of": world.now}, {"known_at": f"position:{world.position}"}):
        before = world.ask("access/tokens", **query)
        server.get("/v1/ledger", headers=BEARER)
        world.clock.at += timedelta(minutes=2)
        assert world.ask("access/tokens", **query).get_json()["tokens"] == before.get_json()["tokens"]
    assert world.ask("access/tokens").headers["Cache-Control"] == "no-store"
    first = world.ask("access/tokens", limit=1).get_json()
    following = world.ask("access/tokens", limit=1, cursor=first["next"])
    assert following.headers["Cache-Control"] == "no-store"
    assert first["tokens"][0]["last_used_at"] is not None


def test_a_server_writes_it_down_and_takes_its_time(empty_ledger: Settings, tmp_path: Path) -> None:
    """As `api.wsgi` has it: in a thread of its own, which is waited for when the server closes."""
    with worlds.copied(empty_ledger, tmp_path / "home") as world:
        credentials.issue(world.services.ledger)
        noted = world.services.token_uses.noting(by_credential(world.services), Proxies())
        client = create_app(world.services, noted).test_client()
        assert client.get("/v1/ledger", headers=BEARER).status_code == 200
        settings, now = world.settings, world.clock.at
    with worlds.opened(settings, at=now) as again:
        assert listed(again)["ForTheseTest"]["last_used_at"] == instant.text(now)
