"""Ledgers to break: real ones, with the real clock, for servers in processes of their own."""

from pathlib import Path

import pytest

from api import wiring
from api.settings import Settings


def opened(home: Path, database_url: str = "") -> Settings:
    """Make a ledger in *home*, or in the database that is named."""
    settings = Settings(home=home, database_url=database_url)
    assert wiring.initialise(settings)
    return settings


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty ledger, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return opened(tmp_path / "home", url)
