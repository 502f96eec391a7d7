"""Waiting for the ledger to grow: woken by whoever appends, and nothing is held while nothing happens."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger import following as module
from adapters.ledger import listening
from adapters.ledger.following import SqlFollowing
from adapters.ledger.ledger import EventLedger
from adapters.ledger.sql_recorder import SqlRecorder
from tests import builders
from tests.contracts.ledger_contract import noted
from tests.contracts.opened import Opened
from tests.contracts.test_postgres_ledger import append_when_reconnected, end_every_other_connection

FOR_EVER_SECONDS = 3600.0
"""Whoever waits so long fails the test by its time limit."""
BOUND_SECONDS = 60.0


class Watched(SqlFollowing):
    """Says when somebody is about to wait."""

    def __init__(self, recorder: SqlRecorder) -> None:
        super().__init__(recorder)
        self.came = threading.Semaphore(0)

    def _have_somebody_look(self) -> None:
        super()._have_somebody_look()
        self.came.release()


@dataclass
class Followed:
    """A ledger that somebody follows, and the same one as another server has it open."""

    following: Watched
    ledger: EventLedger
    elsewhere: EventLedger
    url: str

    @contextmanager
    def waiting(self, after: int, *, threads: int = 1) -> Iterator[Callable[[], set[bool]]]:
        """Have so many wait; what is lent returns what became of that."""
        with ThreadPoolExecutor(threads) as pool:
            waits = [pool.submit(self.following.wait, after, FOR_EVER_SECONDS) for _ in range(threads)]
            for _ in range(threads):
                assert self.following.came.acquire(timeout=BOUND_SECONDS)
            with self.following._known:
                pass  # who came waits: it let go of this
            try:
                yield lambda: {each.result(timeout=BOUND_SECONDS) for each in waits}
            finally:
                self.following.close()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def followed(url: str, opened: Opened) -> Iterator[Followed]:
    schema.create(opened(url))
    small = Database(url, pool_connections=1)
    recorder = SqlRecorder(small)
    elsewhere = builders.ledger(SqlRecorder(opened(url)))
    yield Followed(Watched(recorder), builders.ledger(recorder), elsewhere, url)
    small.close()


def test_what_this_process_appends_is_known_without_a_look(followed: Followed) -> None:
    followed.ledger.append([noted(1), noted(2)])
    assert followed.following.wait(1, FOR_EVER_SECONDS)
    assert followed.following._looking is None
    assert not followed.following.wait(2, 0)
    followed.following.close()


def test_everybody_who_waits_is_woken_by_an_append_of_this_process(followed: Followed) -> None:
    """With a pool of two connections: nobody who waits holds one."""
    with followed.waiting(0, threads=20) as woken:
        followed.ledger.append([noted(1)])
        assert woken() == {True}
        assert followed.ledger.prefix(None).position == 1


def test_everybody_who_waits_is_woken_by_an_append_of_another(followed: Followed) -> None:
    with followed.waiting(0, threads=20) as woken:
        assert [each.name for each in threading.enumerate()].count("following") == 1
        followed.elsewhere.append([noted(1)])
        assert woken() == {True}


def test_what_was_appended_by_another_before_anybody_waited_is_seen(followed: Followed) -> None:
    followed.elsewhere.append([noted(1)])
    with followed.waiting(0) as woken:
        assert woken() == {True}


def test_who_waits_for_more_goes_on_waiting(followed: Followed) -> None:
    with followed.waiting(1) as woken:
        followed.ledger.append([noted(1)])
        assert followed.following.wait(0, 0)
        assert not followed.following.wait(1, 0)
        followed.elsewhere.append([noted(2)])
        assert woken() == {True}


def test_time_is_up_when_nothing_happens(followed: Followed) -> None:
    assert not followed.following.wait(0, 0.01)
    assert not followed.following.wait(10**15, 0)
    followed.following.close()


def test_closing_lets_everybody_go_and_nobody_wait_again(followed: Followed) -> None:
    with followed.waiting(0, threads=5) as woken:
        followed.following.close()
        assert woken() == {False}
    assert followed.following.closed
    assert not followed.following.wait(0, FOR_EVER_SECONDS)
    assert "following" not in [each.name for each in threading.enumerate()]
    followed.following.close()


def test_nobody_looks_for_nobody_for_long(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKS_FOR_NOBODY", 1)
    followed.following.wait(0, 0)
    looked = followed.following._looking
    assert looked is not None
    looked.join(BOUND_SECONDS)
    assert followed.following._looking is None
    with followed.waiting(0) as woken:
        followed.elsewhere.append([noted(1)])
        assert woken() == {True}, "and the next who waits has somebody look again"


def test_word_of_a_commit_is_enough_where_there_is_word(
    opened: Opened, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "POLL_SECONDS", FOR_EVER_SECONDS)
    schema.create(opened(postgres_url))
    following = Watched(SqlRecorder(opened(postgres_url)))
    elsewhere = builders.ledger(SqlRecorder(opened(postgres_url)))
    followed = Followed(following, elsewhere, elsewhere, postgres_url)
    elsewhere.append([noted(1)])
    with followed.waiting(0) as woken:
        assert woken() == {True}, "by the first look"
        elsewhere.append([noted(2)])
        assert following.wait(1, BOUND_SECONDS)
        end_every_other_connection(postgres_url)  # or it would listen for ever


def test_a_follower_outlives_its_connection(opened: Opened, postgres_url: str) -> None:
    schema.create(opened(postgres_url))
    following = Watched(SqlRecorder(opened(postgres_url)))
    elsewhere = builders.ledger(SqlRecorder(opened(postgres_url)))
    followed = Followed(following, elsewhere, elsewhere, postgres_url)
    elsewhere.append([noted(1)])
    with followed.waiting(0) as woken:
        assert woken() == {True}
        end_every_other_connection(postgres_url)
        append_when_reconnected(elsewhere, noted(2))
        assert following.wait(1, FOR_EVER_SECONDS)


def test_without_a_database_somebody_looks_again_until_there_is_one(opened: Opened, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.create(opened(url))
    elsewhere = builders.ledger(SqlRecorder(opened(url)))
    followed = Followed(Watched(SqlRecorder(opened(url))), elsewhere, elsewhere, url)
    followed.following.wait(0, 0)
    file, aside = tmp_path / "ledger.db", tmp_path / "aside.db"
    followed.elsewhere.append([noted(1)])
    file.rename(aside)
    with followed.waiting(1) as woken:
        aside.rename(file)
        followed.elsewhere.append([noted(2)])
        assert woken() == {True}
