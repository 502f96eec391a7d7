"""A toy server for the layer, and real ledgers for the API: an empty one, and one that was told a story."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api.settings import Settings
from tests.http import world as worlds
from tests.http.toy import MemoryAnswers, toy_app
from tests.http.world import World


@pytest.fixture
def answers() -> MemoryAnswers:
    return MemoryAnswers()


@pytest.fixture
def anyone(answers: MemoryAnswers) -> FlaskClient:
    """A client without a credential."""
    return toy_app(answers).test_client()


@pytest.fixture
def client(anyone: FlaskClient) -> FlaskClient:
    """A client with the scopes `report` and `read`."""
    anyone.environ_base["HTTP_AUTHORIZATION"] = "Bearer ci"
    return anyone


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger with its first event only, to be copied."""
    return worlds.make(tmp_path_factory.mktemp("empty") / "home")


@pytest.fixture(scope="session")
def told_ledger(empty_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger that was told the story, to be copied."""
    with worlds.copied(empty_ledger, tmp_path_factory.mktemp("told") / "home") as world:
        worlds.tell_story(world)
        return world.settings


@pytest.fixture
def world(empty_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    """A ledger of this test's own, empty."""
    with worlds.copied(empty_ledger, tmp_path / "home") as lent:
        yield lent
