"""Fixtures of the contract suites."""

from collections.abc import Iterator

import pytest

from tests.contracts.opened import Opened


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open databases with this; they are closed after the test."""
    databases = Opened()
    yield databases
    databases.close()
