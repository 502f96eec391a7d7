"""Fixtures every folder of the suite may ask for."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

import pytest

from tests import postgres

Lent = TypeVar("Lent")


@contextmanager
def required(postgres_made: AbstractContextManager[Lent]) -> Iterator[Lent]:
    """Lend what needs PostgreSQL; a skip where there is none, unless it is required."""
    try:
        with postgres_made as made:
            yield made
    except postgres.NoPostgres as missing:
        if os.environ.get("SHIPLOG_TEST_POSTGRES_REQUIRED") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One PostgreSQL for this worker."""
    with required(postgres.server()) as running:
        yield running


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of this test's own."""
    with postgres_server.database() as url:
        yield url
