"""Ledgers for journeys by HTTP: empty, and real down to the database file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http import world as worlds
from tests.http.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty ledger on SQLite."""
    with worlds.opened(worlds.make(tmp_path / "home")) as lent:
        yield lent


@pytest.fixture(params=["sqlite", "postgres"])
def any_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An empty ledger, on each database in turn."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with worlds.opened(worlds.make(tmp_path / "home", database_url=url)) as lent:
        yield lent
