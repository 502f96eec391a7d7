"""What is kept for a while: found until it expires, taken once, dropped for whoever had it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.sessions.passing import SWEEP_ADDED, SqlPassing
from tests.builders import Clock, digest
from tests.contracts.opened import Opened

KEY, OTHER, HOLDER = digest("a key"), digest("another key"), digest("somebody")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def passing(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path, clock: Clock) -> SqlPassing:
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    database = opened(url)
    schema.create(database)
    return SqlPassing(database, now=clock)


def test_something_is_found_under_its_purpose_until_it_expires(passing: SqlPassing, clock: Clock) -> None:
    assert passing.add("session", KEY, b"mine\0\xff", until=clock.at + timedelta(minutes=1))
    assert passing.get("session", KEY) == b"mine\0\xff"
    assert passing.get("login", KEY) is None
    assert passing.get("session", OTHER) is None
    clock.at += timedelta(minutes=1)
    assert passing.get("session", KEY) is None


def test_what_is_there_stays_until_it_has_expired(passing: SqlPassing, clock: Clock) -> None:
    until = clock.at + timedelta(minutes=1)
    assert passing.add("seen", KEY, b"1", until=until)
    assert not passing.add("seen", KEY, b"2", until=until)
    assert passing.get("seen", KEY) == b"1"
    clock.at = until
    assert passing.add("seen", KEY, b"3", until=until + timedelta(minutes=1))


def test_of_many_who_present_the_same_one_is_first(passing: SqlPassing, clock: Clock) -> None:
    until = clock.at + timedelta(minutes=1)
    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(lambda n: passing.add("seen", KEY, b"%d" % n, until=until), range(8)))
        taken = list(threads.map(lambda _: passing.take("seen", KEY), range(8)))
    assert added.count(True) == 1
    assert len([each for each in taken if each is not None]) == 1


def test_something_is_replaced_where_it_is(passing: SqlPassing, clock: Clock) -> None:
    until = clock.at + timedelta(minutes=1)
    assert not passing.replace("session", KEY, b"2", until=until)
    passing.add("session", KEY, b"1", until=until)
    assert passing.replace("session", KEY, b"2", until=until + timedelta(minutes=1))
    clock.at = until
    assert passing.get("session", KEY) == b"2"
    clock.at += timedelta(minutes=1)
    assert not passing.replace("session", KEY, b"3", until=clock.at + timedelta(minutes=1))


def test_all_of_somebody_is_dropped_and_of_nobody_else(passing: SqlPassing, clock: Clock) -> None:
    until = clock.at + timedelta(minutes=1)
    for number in range(3):
        passing.add("session", digest(f"{number}"), b"", until=until, holder=HOLDER)
    passing.add("session", KEY, b"", until=until, holder=OTHER)
    passing.add("login", KEY, b"", until=until, holder=HOLDER)
    assert passing.drop_of("session", HOLDER) == 3
    assert passing.get("session", KEY) is not None
    assert passing.get("login", KEY) is not None
    passing.drop("session", KEY)
    assert passing.get("session", KEY) is None


def test_what_has_expired_does_not_pile_up(passing: SqlPassing, clock: Clock) -> None:
    until = clock.at + timedelta(minutes=1)
    for number in range(SWEEP_ADDED - 2):
        passing.add("seen", digest(f"{number}"), b"", until=until)
    clock.at = until
    later = until + timedelta(minutes=1)
    passing.add("seen", KEY, b"", until=later)
    passing.add("seen", OTHER, b"", until=later)
    clock.at = until - timedelta(seconds=1)  # as if they had not expired
    assert passing.get("seen", digest("0")) is None
    assert passing.get("seen", KEY) is not None
