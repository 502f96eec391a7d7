"""When tokens were used last: the later one stays, on both databases; nobody waits for it."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.sessions.token_uses import SqlTokenUses
from api.access import last_used
from api.access.last_used import LastUsed, Use
from domain.errors import LedgerUnavailable
from tests.builders import NOON, Clock
from tests.contracts.opened import Opened

HERE, THERE = "192.0.2.0/24", "2001:db8:1::/48"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def uses(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> SqlTokenUses:
    on_sqlite = request.param == "sqlite"
    database = opened(
        f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    )
    schema.create(database)
    return SqlTokenUses(database)


def at_once(write: Callable[[], None]) -> None:
    write()


def noting(uses: last_used.TokenUses, clock: Clock) -> LastUsed:
    return LastUsed(uses, now=clock, beside=at_once)


def test_the_last_use_of_each_is_found(uses: SqlTokenUses) -> None:
    assert uses.of(["a", "b"]) == {}
    uses.keep({"a": (NOON, HERE), "b": (NOON, THERE)})
    uses.keep({"a": (NOON + timedelta(minutes=1), THERE)})
    assert uses.of(["a", "b", "c"]) == {"a": (NOON + timedelta(minutes=1), THERE), "b": (NOON, THERE)}
    assert uses.of(["c"]) == uses.of([]) == {}
    uses.keep({})


def test_a_server_that_is_late_does_not_turn_it_back(uses: SqlTokenUses) -> None:
    uses.keep({"a": (NOON, HERE)})
    uses.keep({"a": (NOON - timedelta(seconds=30), THERE)})
    assert uses.of(["a"]) == {"a": (NOON, HERE)}


def test_many_are_kept_at_once(uses: SqlTokenUses) -> None:
    many = {f"token{number:05}": (NOON, HERE) for number in range(2000)}
    uses.keep(many)
    assert uses.of(many) == many


def test_it_is_written_once_a_minute(uses: SqlTokenUses, clock: Clock) -> None:
    noted = noting(uses, clock)
    for _ in range(61):
        noted.used("a", lambda: ip_address("192.0.2.7"))
        clock.advance()
    assert uses.of(["a"])["a"] == (NOON + timedelta(minutes=1), HERE)
    noted.used("b", lambda: ip_address("2001:db8:1:2::3"))
    assert uses.of(["b"])["b"] == (clock.at, THERE)


class Failing:
    """Keeps nothing, and counts how often it was asked to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[Mapping[str, Use]] = []

    def keep(self, uses: Mapping[str, Use]) -> None:
        self.asked.append(uses)
        if self.failure is not None:
            raise self.failure

    def of(self, _: Iterable[str]) -> Mapping[str, Use]:
        return {}


@pytest.mark.parametrize("failure", [LedgerUnavailable("the disk is full"), RuntimeError("a bug")])
def test_when_it_cannot_be_written_only_the_log_says_so(
    clock: Clock, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    failing = Failing(failure)
    noted = noting(failing, clock)
    with caplog.at_level(logging.WARNING):
        noted.used("a", lambda: ip_address("192.0.2.7"))
    assert "1 tokens was not written down" in caplog.text
    clock.at += timedelta(minutes=1)
    noted.used("a", lambda: ip_address("192.0.2.7"))
    assert len(failing.asked) == 2, "the next use tries again"


def test_those_who_come_while_it_is_written_wait_for_nobody(clock: Clock) -> None:
    handed: list[Callable[[], None]] = []
    keeping = Failing()
    noted = LastUsed(keeping, now=clock, beside=handed.append)
    for token in ("a", "b", "c"):
        noted.used(token, lambda: ip_address("192.0.2.7"))
    assert (len(handed), keeping.asked) == (1, [])
    handed[0]()
    assert [sorted(each) for each in keeping.asked] == [["a", "b", "c"]]


def test_what_a_server_remembers_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_used, "TOKENS_MAX", 10)
    keeping = Failing()
    noted = noting(keeping, clock)
    for number in range(95):
        noted.used(f"{number}", lambda: ip_address("192.0.2.7"))
        assert len(noted._written) <= 10
    assert len(keeping.asked) == 95
