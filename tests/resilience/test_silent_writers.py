"""A writer that stops in the middle of an append: PostgreSQL lets go of it, and the others go on."""

import pytest

from adapters.database import postgres
from adapters.database.database import Database
from domain.errors import LedgerUnavailable


@pytest.fixture
def url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(postgres, "SILENCE_SECONDS_MAX", 1)
    return postgres_url


def test_a_writer_that_falls_silent_under_the_lock_does_not_hold_up_the_others(url: str) -> None:
    silent, other = Database(url), Database(url)
    went_on = []

    def fall_silent() -> None:
        with silent.appending() as stopped:
            stopped.exec_driver_sql("CREATE TABLE half (done int)")
            with other.appending() as connection:  # waits for the lock, and not for ever
                went_on.append(connection.exec_driver_sql("SELECT to_regclass('half')").scalar())

    try:
        with pytest.raises(LedgerUnavailable):
            fall_silent()
        assert went_on == [None], "nothing half done is left"
        with silent.appending() as again:
            assert again.exec_driver_sql("SELECT 1").scalar() == 1
    finally:
        silent.close()
        other.close()
