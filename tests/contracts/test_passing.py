"""What is kept for a while: found until it expires, taken once, dropped for whoever had it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.sessions.passing import SWEEP_ADDED, SqlPassing
from adapters.sessions.tables import PASSING
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
    return SqlPassing(database, now=clock, secret=b"a key for what passes")


def written(passing: SqlPassing, **values: object) -> None:
    """Change every row, as whoever can write to the database may."""
    with passing._database.beside() as connection:
        connection.execute(sa.update(PASSING).values(**values))


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
    dropped = passing.drop_of("session", HOLDER)
    assert sorted(dropped) == sorted(digest(f"{number}") for number in range(3))
    assert passing.drop_of("session", HOLDER) == []
    assert passing.get("session", KEY) is not None
    assert passing.get("login", KEY) is not None
    assert passing.drop("session", KEY)
    assert passing.get("session", KEY) is None
    assert not passing.drop("session", KEY)


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


@pytest.mark.parametrize("changed", ["content", "short", "key", "purpose", "until", "after a replacement"])
def test_what_somebody_else_wrote_is_nothing(passing: SqlPassing, clock: Clock, changed: str) -> None:
    """Nobody becomes anybody by a row of a session, or an exchanged token, in the database."""
    until = clock.at + timedelta(minutes=1)
    passing.add("session", KEY, b'{"subject":"ann"}', until=until)
    purpose, key = "session", KEY
    match changed:
        case "content":
            written(passing, content=_kept(passing).replace(b"ann", b"ben"))
        case "short":
            written(passing, content=b'{"subject":"ben"}')
        case "key":
            key = OTHER
            written(passing, key=bytes.fromhex(OTHER.hex))
        case "purpose":
            purpose = "exchanged"
            written(passing, purpose=purpose)
        case "until":
            written(passing, expires_at=PASSING.c.expires_at + 1)
        case _:
            before = _kept(passing)
            passing.replace("session", KEY, b'{"subject":"ben"}', until=until + timedelta(minutes=1))
            written(passing, content=before)
    assert passing.get(purpose, key) is None
    assert passing.take(purpose, key) is None


def test_servers_with_one_key_believe_each_other(passing: SqlPassing, clock: Clock) -> None:
    database = passing._database
    passing.add("session", KEY, b"mine", until=clock.at + timedelta(minutes=1))
    same = SqlPassing(database, now=clock, secret=b"a key for what passes")
    other = SqlPassing(database, now=clock, secret=b"another key")
    assert (same.get("session", KEY), other.get("session", KEY)) == (b"mine", None)


def _kept(passing: SqlPassing) -> bytes:
    with passing._database.reading() as connection:
        return bytes(connection.execute(sa.select(PASSING.c.content)).scalar_one())
