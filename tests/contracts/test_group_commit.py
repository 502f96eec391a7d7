"""Many writers of one process share commits; each gets its own answer, and no one's conflict is another's."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.group_commit import GroupCommit
from adapters.ledger.ledger import EventLedger
from adapters.ledger.sql_recorder import SqlRecorder
from domain.errors import ConflictingAppend, FromTheFuture, LedgerUnavailable
from tests.builders import NOON, ledger
from tests.contracts.ledger_contract import noted

WRITERS = 8
EACH = 15
WAIT_SECONDS_MAX = 60

Commit = Callable[[Callable[[], Sequence[int]]], Sequence[str]]


class Shop:
    """Commits numbers. Refuses 13, is closed for 404, and for 400 and 401 alone.

    A test may hold the door until all have queued.
    """

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.in_vain = 0
        """How often it was closed."""
        self.door = threading.Event()
        self.door.set()
        self.entered = threading.Event()

    def commit(self, take: Callable[[], Sequence[int]]) -> Sequence[str]:
        self.entered.set()
        assert self.door.wait(WAIT_SECONDS_MAX)
        numbers = list(take())
        if 404 in numbers or numbers in ([400], [401]):
            self.in_vain += 1
            raise LedgerUnavailable("closed")
        if 13 in numbers:
            raise ConflictingAppend("13 is taken")
        self.commits.append(numbers)
        return [f"did {number}" for number in numbers]


def _together(shop: Shop, numbers: Sequence[int], commit: Commit | None = None) -> list[str]:
    """Carry out the first number while the others queue behind it; return what became of each."""
    group: GroupCommit[int, str] = GroupCommit(commit or shop.commit)
    shop.door.clear()
    queued = threading.Semaphore(0)

    def carry_out(number: int) -> str:
        queued.release()
        try:
            return group.carry_out(number)
        except (ConflictingAppend, LedgerUnavailable, KeyboardInterrupt) as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(len(numbers)) as threads:
        done = [threads.submit(carry_out, numbers[0])]
        assert shop.entered.wait(WAIT_SECONDS_MAX)
        done += [threads.submit(carry_out, number) for number in numbers[1:]]
        for _ in numbers:
            assert queued.acquire(timeout=WAIT_SECONDS_MAX)
        while len(group._queue) < len(numbers):
            pass
        shop.door.set()
        return [each.result() for each in done]


def test_a_lone_writer_commits_at_once() -> None:
    shop = Shop()
    assert GroupCommit(shop.commit).carry_out(1) == "did 1"
    assert shop.commits == [[1]]


def test_whoever_queued_meanwhile_is_taken_along() -> None:
    shop = Shop()
    assert _together(shop, [1, 2, 3]) == ["did 1", "did 2", "did 3"]
    assert [sorted(numbers) for numbers in shop.commits] == [[1, 2, 3]]


def test_those_who_came_too_late_share_the_next_commit() -> None:
    group, late = _led_by_one(lambda take: [f"did {number}" for number in take()])
    assert late == ["did 2", "did 3", "did 4"]
    assert group == [[1], [2, 3, 4]]


def test_when_a_leader_is_interrupted_the_next_one_leads() -> None:
    def interrupted_at_first(take: Callable[[], Sequence[int]]) -> Sequence[str]:
        numbers = take()
        if 1 in numbers:
            raise KeyboardInterrupt
        return [f"did {number}" for number in numbers]

    group, late = _led_by_one(interrupted_at_first)
    assert late == ["did 2", "did 3", "did 4"]
    assert group == [[1], [2, 3, 4]]


def test_when_a_leader_is_interrupted_while_it_gives_out_answers_nobody_is_left_waiting() -> None:
    shop = Shop()

    def cut_short(take: Callable[[], Sequence[int]]) -> Sequence[str]:
        class Answers(list[str]):
            def __iter__(self) -> Iterator[str]:
                yield self[0]
                raise KeyboardInterrupt

        return Answers(shop.commit(take))

    assert _together(shop, [1, 2, 3], cut_short) == ["KeyboardInterrupt"] * 3
    assert len(shop.commits) == 1


def _led_by_one(commit: Commit) -> tuple[list[list[int]], list[str]]:
    """Let three queue once the first has taken what there was; return the commits, and what they heard."""
    taken, queued = threading.Event(), threading.Event()
    commits: list[list[int]] = []

    def held(take: Callable[[], Sequence[int]]) -> Sequence[str]:
        numbers = list(take())
        commits.append(sorted(numbers))
        taken.set()
        assert queued.wait(WAIT_SECONDS_MAX)
        return commit(lambda: numbers)

    group: GroupCommit[int, str] = GroupCommit(held)
    with ThreadPoolExecutor(4) as threads:
        threads.submit(group.carry_out, 1)
        assert taken.wait(WAIT_SECONDS_MAX)
        late = [threads.submit(group.carry_out, number) for number in (2, 3, 4)]
        while len(group._queue) < len(late):
            pass
        queued.set()
        return commits, [each.result(WAIT_SECONDS_MAX) for each in late]


def test_one_in_conflict_does_not_stand_in_the_way_of_the_others() -> None:
    shop = Shop()
    assert _together(shop, [1, 13, 3]) == ["did 1", "ConflictingAppend", "did 3"]
    assert sorted(shop.commits) == [[1], [3]]


def test_when_the_database_is_gone_all_hear_it_and_nobody_waits_for_it_again() -> None:
    shop = Shop()
    assert _together(shop, [1, 404, 3]) == ["LedgerUnavailable"] * 3
    assert shop.commits == []


def test_when_it_goes_while_each_is_tried_alone_nobody_waits_for_it_again() -> None:
    shop = Shop()
    assert _together(shop, [1, 13, 400, 401])[2:] == ["LedgerUnavailable"] * 2
    assert shop.in_vain == 1


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    file = f"sqlite:///{tmp_path / 'ledger.db'}"
    database = Database(request.getfixturevalue("postgres_url") if request.param == "postgres" else file)
    schema.create(database)
    yield database
    database.close()


def test_many_writers_lose_nothing_and_are_refused_one_by_one(database: Database) -> None:
    book = ledger(SqlRecorder(database))
    start = threading.Barrier(WRITERS, timeout=WAIT_SECONDS_MAX)

    def write(writer: int) -> int:
        start.wait()
        refused = 0
        for version in range(1, EACH + 1):
            book.append([noted(version, f"of writer {writer}")])
            try:
                _claim(book, writer, version)
            except (ConflictingAppend, FromTheFuture):
                refused += 1
        return refused

    with ThreadPoolExecutor(WRITERS) as threads:
        refused = sum(threads.map(write, range(WRITERS)))
    recorded = book.recorded(0, 10_000)
    assert refused > 0
    assert len(recorded) == 2 * WRITERS * EACH - refused
    assert [each.position for each in recorded] == list(range(1, len(recorded) + 1))


def _claim(book: EventLedger, writer: int, version: int) -> None:
    """Claim a version of a stream that all fight for; now and then, claim it for the future."""
    event = noted(version, "shared", told=f"{writer} {version}")
    if version % 5 == 0:
        event = replace(noted(1, f"ahead of {writer}"), occurred_at=NOON + timedelta(hours=1))
    book.append([event])


def test_whoever_is_interrupted_before_the_lock_is_had_leaves_nothing_in_the_queue() -> None:
    def interrupted(_take: Callable[[], Sequence[int]]) -> Sequence[str]:
        raise KeyboardInterrupt

    group: GroupCommit[int, str] = GroupCommit(interrupted)
    with pytest.raises(KeyboardInterrupt):
        group.carry_out(1)
    assert not group._queue
