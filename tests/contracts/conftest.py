"""Fixtures of the contract suites."""

from collections.abc import Iterator

import pytest

from adapters.blobs.s3 import S3Blobs
from tests import s3_server as s3
from tests.contracts.opened import Opened


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open databases with this; they are closed after the test."""
    databases = Opened()
    yield databases
    databases.close()


@pytest.fixture
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[s3.S3Server]:
    """A store on this machine, with whoever we are in the environment."""
    s3.sign_in(monkeypatch)
    with s3.running() as server:
        yield server


@pytest.fixture
def s3_blobs(s3_server: s3.S3Server) -> S3Blobs:
    """What keeps content there."""
    return S3Blobs(s3.BUCKET, "of/the/team", endpoint=s3_server.endpoint, region=s3.REGION)
