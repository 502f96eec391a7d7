"""Fixtures every folder of the suite may ask for."""

import os
from collections.abc import Iterator

import pytest

from tests import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One PostgreSQL for this worker; a skip where there is none, unless it is required."""
    try:
        with postgres.server() as running:
            yield running
    except postgres.NoPostgres as missing:
        if os.environ.get("SHIPLOG_TEST_POSTGRES_REQUIRED") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of this test's own."""
    with postgres_server.database() as url:
        yield url
