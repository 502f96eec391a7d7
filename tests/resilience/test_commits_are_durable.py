"""What is acknowledged is on disk, whatever a database, a role or a server has for a default."""

import pytest
from sqlalchemy import make_url

from tests.contracts.opened import Opened


@pytest.mark.parametrize(
    ("default", "used"),
    [
        ("off", "on"),
        ("on", "on"),
        ("local", "local"),
        ("remote_write", "remote_write"),
        ("remote_apply",) * 2,
    ],
)
def test_a_commit_is_never_answered_before_it_is_on_disk(postgres_url: str, default: str, used: str) -> None:
    opened = Opened()
    try:
        name = make_url(postgres_url).database
        with opened(postgres_url).appending() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = {default}')
        with opened(postgres_url).appending() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == used
    finally:
        opened.close()
