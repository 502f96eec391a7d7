"""How long it takes to say what ran: `python -m tests.benchmarks.as_of [placements] [SQLAlchemy URL]`.

One environment of 5,000 services and three of the same size beside it. Each figure is the median
of several runs, next to a raw SELECT of the same row on the same connection.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.readmodels import placed, rows, state
from adapters.readmodels.projector import Projector
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.tables import (
    BELIEVED,
    BUILD,
    CHANGE,
    CONFIG,
    ENVIRONMENT,
    PLACEMENT,
    RELEASE,
    SLOT,
    TARGET,
)
from adapters.readmodels.visible import INSTANT, holding
from domain import canonical
from domain.instant import from_micros, micros
from domain.ports import Scope
from domain.prefix import Prefix
from tests.builders import NOON

SERVICES = 5_000
ENVIRONMENTS = ("prod", "staging", "test", "dev")
YEAR_MICROSECONDS = 365 * 24 * 3600 * 1_000_000
RELEASES = 20
PAGE = 20_000
START = micros(NOON)

ONE = Scope("prod", "service-7", "main")
HELD = sa.select(CHANGE.c.release, CHANGE.c.occurred_at).where(
    CHANGE.c.position == holding(sa.bindparam("slot_id", type_=sa.BigInteger))
)
"""One target's release and nothing else."""
ROW = sa.select(*placed.COLUMNS[:-4]).select_from(rows.with_release(placed.HELD))
"""What runs, without what ran before and what was observed."""


def seeded(seed: int) -> random.Random:
    """Return the same chances every time."""
    return random.Random(seed)  # noqa: S311 - figures, not keys


def names() -> Iterator[tuple[int, str, str]]:
    """Every target: id, service, environment."""
    pairs = [(s, e) for e in ENVIRONMENTS for s in range(SERVICES)]
    for number, (service, environment) in enumerate(pairs, 1):
        yield number, f"service-{service}", environment


def things() -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """Yield rows of everything but placements; every id is the number of a target."""
    yield ENVIRONMENT, [{"name": name, "position": 1} for name in ENVIRONMENTS]
    for number, service, environment in names():
        made = canonical.encode([[service, f"{number:064x}", None]])
        built = {"id": number, "service": service, "name": f"b-{number}", "identity": "reported"}
        source = {"repository": "https://git.example/acme", "commit": f"{number:040x}", "ref": "main"}
        cut = {
            "target_id": number,
            "build_id": number,
            "config_number": 1,
            "first_of_build": 1,
            "build_since": 1,
        }
        blob = number.to_bytes(32)
        yield TARGET, [{"id": number, "service": service, "environment": environment}]
        yield SLOT, [{"id": number, "target_id": number, "name": "main"}]
        yield BUILD, [{**built, **source, "occurred_at": START, "artifacts": made}]
        yield CONFIG, [{"target_id": number, "number": 1, "digest": blob, "position": number}]
        yield (
            RELEASE,
            [
                {**cut, "number": n + 1, "digest": blob, "cut_at": START, "position": number}
                for n in range(RELEASES)
            ],
        )


def placements(count: int, chance: random.Random) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """Yield placements with their changes, in the order of recording; one in forty is late."""
    actor = '{"issuer":"https://ci.example","kind":"workload","subject":"repo:acme/payments"}'
    targets = list(names())
    numbers = dict.fromkeys(ENVIRONMENTS, 0)
    for n in range(count):
        slot_id, _, environment = targets[chance.randrange(len(targets))]
        recorded_at = START + YEAR_MICROSECONDS * n // count
        late = chance.randrange(YEAR_MICROSECONDS // 12) if n % 40 == 0 else 0
        release = None if n % 500 == 0 else 1 + chance.randrange(RELEASES)
        numbers[environment] += 1
        both = {"position": SERVICES * 5 + n, "slot_id": slot_id, "release": release}
        at = {"valid_from": recorded_at - late, "rank": chance.getrandbits(40), "superseded": BELIEVED}
        yield PLACEMENT, [{**both, **at, "recorded_at": recorded_at}]
        why = {"topic": "deployment-succeeded.v1", "deployment": f"d-{n}", "actor": actor}
        place = {"environment": environment, "number": numbers[environment]}
        when = {"occurred_at": recorded_at - late, "recorded_at": recorded_at}
        yield CHANGE, [{**both, **why, **place, **when}]


def fill(database: Database, count: int) -> None:
    """Insert everything in large transactions."""
    waiting: dict[sa.Table, list[dict[str, Any]]] = {}
    held = 0
    for source in (things(), placements(count, seeded(7))):
        for table, some in source:
            waiting.setdefault(table, []).extend(some)
            held += len(some)
            if held >= PAGE:
                write(database, waiting)
                held = 0
    write(database, waiting)
    with database.reading() as connection:
        connection.exec_driver_sql("ANALYZE" if database.is_postgres else "PRAGMA optimize")


def write(database: Database, waiting: dict[sa.Table, list[dict[str, Any]]]) -> None:
    with database.appending() as connection:
        for table, listed in waiting.items():
            connection.execute(sa.insert(table), listed)
    waiting.clear()


@dataclass(frozen=True)
class Took:
    """Medians, in microseconds. The processor's time is of this thread alone."""

    wall: float
    processor: float


def median(call: Callable[[int], object], times: int) -> Took:
    """Return what the median of *times* runs took."""
    took = []
    for turn in range(times):
        begun = time.perf_counter_ns(), time.thread_time_ns()
        call(turn)
        took.append((time.perf_counter_ns() - begun[0], time.thread_time_ns() - begun[1]))
    wall, processor = zip(*took, strict=True)
    return Took(statistics.median(wall) / 1000, statistics.median(processor) / 1000)


def measure(database: Database, count: int) -> Iterator[tuple[str, Took]]:
    """Yield what was measured and how long it took."""
    reads = ReadModels(database)
    head = SERVICES * 5 + count
    prefix = Prefix(head, from_micros(START + YEAR_MICROSECONDS), None)
    old = Prefix(head // 2, from_micros(START + YEAR_MICROSECONDS // 2), None)
    chance = seeded(11)
    at = [START + chance.randrange(YEAR_MICROSECONDS) for _ in range(2000)]
    prod = Scope("prod")

    def asked(scope: Scope, turn: int, known: Prefix = prefix) -> dict[str, Any]:
        one = {"service": f"service-{turn % SERVICES}"} if scope.service else {}
        return {**placed.parameters(scope, known), **one, "instant": at[turn % len(at)]}

    def answer(scope: Scope, known: Prefix = prefix) -> Callable[[int], Sequence[object]]:
        return lambda turn: reads.running(scope, from_micros(at[turn % len(at)]), known)

    with database.reading() as connection:
        raw = sa.select(SLOT.c.target_id, SLOT.c.name).where(SLOT.c.id == sa.bindparam("slot_id"))
        row = placed.within(ROW, ONE)

        def execute(statement: sa.Select[Any], scope: Scope) -> Callable[[int], object]:
            return lambda turn: connection.execute(statement, asked(scope, turn)).all()

        def held(turn: int) -> object:
            known = {"slot_id": turn % SERVICES + 1, INSTANT.key: at[turn], "known": head}
            return connection.execute(HELD, known).all()

        yield (
            "raw SELECT of one row by its key",
            median(lambda turn: connection.execute(raw, {"slot_id": turn + 1}).all(), 2000),
        )
        yield "one target: the release that held", median(held, 2000)
        yield "one target: every column, without extras", median(execute(row, ONE), 2000)
        yield "one target: with what ran before", median(execute(state.statement(ONE), ONE), 2000)
        yield (
            "environment of 5,000: the releases that held",
            median(
                execute(placed.within(sa.select(CHANGE.c.release).select_from(placed.HELD), prod), prod), 9
            ),
        )
        yield (
            "environment of 5,000: every column, without extras",
            median(execute(placed.within(ROW, prod), prod), 9),
        )
        yield "environment of 5,000: with what ran before", median(execute(state.statement(prod), prod), 9)
    yield "answer: one target", median(answer(ONE), 500)
    yield "answer: one target, known half a year ago", median(answer(ONE, old), 500)
    yield "answer: environment of 5,000", median(answer(prod), 7)
    whole: dict[str, Any] = {"start": None, "end": None, "after": None, "limit": 100}
    yield (
        "answer: timeline of a service, newest 100",
        median(lambda turn: reads.timeline(Scope(service=f"service-{turn}"), prefix, **whole), 50),
    )
    yield (
        "answer: timeline of an environment, newest 100",
        median(lambda _: reads.timeline(prod, prefix, **whole), 20),
    )
    listed: dict[str, Any] = {"start": None, "end": None, "below": None, "limit": 100}
    yield "answer: newest 100 changes", median(lambda _: reads.changes("prod", prefix, **listed), 50)
    yield (
        "answer: last change, known half a year ago",
        median(lambda _: reads.last_change("prod", old), 200),
    )
    yield "projector: position", median(lambda _: Projector(database).position(), 200)


def main(count: int, url: str | None) -> None:
    """Fill a database and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{Path(folder) / 'ledger.db'}")
        schema.create(database)
        begun = time.perf_counter()
        fill(database, count)
        sys.stdout.write(f"{count} placements in {time.perf_counter() - begun:.0f} s\n")
        raw = None
        sys.stdout.write(f"{'microseconds':52} {'wall':>10} {'CPU':>10}\n")
        for what, took in measure(database, count):
            raw = raw or took.wall
            ratio = f"{took.wall / raw:8.1f} x"
            sys.stdout.write(f"{what:52} {took.wall:10.0f} {took.processor:10.0f} {ratio}\n")
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else None)
