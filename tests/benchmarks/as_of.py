"""How long it takes to say what ran: `python -m tests.benchmarks.as_of [--sizes 10000 …]`.

The read models of an organisation of 20,000 targets are filled with 10,000 to 10,000,000 facts, late
ones and corrections included (`tests.benchmarks.population`), on each database, and asked at random
instants of a year.

`as-of` is one statement through SQLAlchemy Core, from its parameters to the rows in Python: service,
environment, slot, and number and digest of the release that ran, its build, commit and configuration's
digest. Beside it stands a raw SELECT, through the driver alone, of the same rows out of a table that
holds nothing else.

`whole answer` is all that the domain is told when it asks: since when, by whom and why, what it was
against what ran before, artifacts, what was observed; made into its values.

10,000,000 facts take about 5 GB on each database, and some minutes to load.
"""

import statistics
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter, thread_time
from typing import Any

import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.readmodels import placed
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.tables import PLACEMENT, RELEASE, SLOT, TARGET
from adapters.readmodels.visible import INSTANT, newest_first
from domain.instant import from_micros
from domain.ports import Scope
from domain.prefix import Prefix
from tests import postgres
from tests.benchmarks import population
from tests.benchmarks.figures import Figure, command, say
from tests.benchmarks.population import BEFORE_FACTS, SERVICES, START, TARGETS, YEAR_MICROSECONDS

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
QUICK_SIZES = (10_000, 100_000)
REQUIRED_AT = 10_000_000
POSTGRES = {"shared_buffers": "2GB", "max_wal_size": "8GB", "maintenance_work_mem": "512MB"}
BESIDE = "raw SELECT of the same rows"


@dataclass(frozen=True)
class Question:
    """A scope to ask about, how often, and what is required of the answer on each database."""

    name: str
    scope: Scope
    times: int
    unit: str
    required: dict[str, float]


QUESTIONS = (
    Question("one target", Scope("prod", "service-7", "main"), 1000, "µs", {"SQLite": 50, "PostgreSQL": 300}),
    Question("an environment of 5,000 services", Scope("prod"), 15, "ms", {"SQLite": 30, "PostgreSQL": 50}),
    Question("an organisation of 20,000 targets", Scope(), 7, "ms", {"SQLite": 150, "PostgreSQL": 250}),
)
MICROSECONDS = {"µs": 1, "ms": 1000}


def ran(scope: Scope) -> sa.Select[Any]:
    """Return the statement for what ran in *scope* at `INSTANT`: one descent and one look-up a slot."""
    held = PLACEMENT.alias("held")
    number = (
        newest_first(sa.select(held.c.release), held)
        .where(held.c.slot_id == SLOT.c.id, held.c.valid_from <= INSTANT)
        .correlate_except(held)
        .scalar_subquery()
    )
    release = sa.and_(RELEASE.c.target_id == TARGET.c.id, RELEASE.c.number == number)
    named = (TARGET.c.service, TARGET.c.environment, SLOT.c.name)
    content = (RELEASE.c.number, RELEASE.c.digest, RELEASE.c.build, RELEASE.c.commit, RELEASE.c.config_digest)
    slots = TARGET.join(SLOT, SLOT.c.target_id == TARGET.c.id)
    return placed.within(sa.select(*named, *content).select_from(slots.join(RELEASE, release)), scope)


@dataclass(frozen=True)
class Took:
    """Medians, in microseconds."""

    wall: float
    processor: float
    """Of this thread, and of the database's process where it is another one."""


class Stopwatch:
    """Measures calls on one connection, together with what they cost its server."""

    def __init__(self, connection: sa.Connection, database: Database) -> None:
        self._backend = None
        if database.is_postgres:
            self._backend = Path(f"/proc/{connection.scalar(sa.text('SELECT pg_backend_pid()'))}/schedstat")

    def median(self, call: Callable[[int], object], times: int) -> Took:
        """Return what the median of *times* calls took, after a tenth as many to warm up."""
        for turn in range(max(times // 10, 2)):
            call(-turn)
        took = []
        for turn in range(times):
            processor = self._processor()
            begun = perf_counter()
            call(turn)
            took.append((perf_counter() - begun, self._processor() - processor))
        walls, processors = zip(*took, strict=True)
        return Took(statistics.median(walls) * 1e6, statistics.median(processors) * 1e6)

    def _processor(self) -> float:
        """Return the seconds spent; the server's where Linux tells them (`schedstat`, nanoseconds)."""
        spent = thread_time()
        if self._backend is not None and self._backend.exists():
            spent += int(self._backend.read_text().split()[0]) / 1e9
        return spent


@dataclass(frozen=True)
class Filled:
    """A database with so many facts, and random instants to ask about."""

    database: Database
    name: str
    facts: int

    def figure(self, name: str, took: Took, unit: str, **told: Any) -> Figure:
        """Return what *took* says, in *unit*."""
        value = took.wall / MICROSECONDS[unit]
        return Figure(name, value, unit, on=self.name, size=self.facts, processor=took.processor, **told)

    @property
    def mark(self) -> str:
        """How the driver marks a parameter."""
        return "%s" if self.database.is_postgres else "?"

    @property
    def prefix(self) -> Prefix:
        """Everything."""
        return Prefix(BEFORE_FACTS + self.facts, from_micros(START + TARGETS + YEAR_MICROSECONDS), None)

    @property
    def old(self) -> Prefix:
        """What was known after half a year."""
        half = min(self.facts, (TARGETS + self.facts) // 2)
        return Prefix(BEFORE_FACTS + half, from_micros(START + TARGETS + YEAR_MICROSECONDS // 2), None)

    def asked(self, scope: Scope, turn: int) -> dict[str, Any]:
        """Return the parameters of a question; of one service another each time."""
        instant = START + TARGETS + _random(turn, YEAR_MICROSECONDS)
        parameters = {**placed.parameters(scope, self.prefix), "instant": instant}
        if scope.service is not None:
            parameters["service"] = f"service-{_random(turn + 1, SERVICES)}"
        return parameters


def _random(turn: int, below: int) -> int:
    return Random(turn).randrange(below)  # noqa: S311 - the same questions on each database


def cores(filled: Filled) -> Iterator[Figure]:
    """Yield the statements through SQLAlchemy Core, each beside the raw rows."""
    prepare(filled)
    with filled.database.reading() as connection:
        watch = Stopwatch(connection, filled.database)
        beside = raws(filled, connection, watch)
        for question in QUESTIONS:
            statement = ran(question.scope)
            asked = [filled.asked(question.scope, turn) for turn in range(question.times)]

            def call(
                turn: int,
                statement: sa.Select[Any] = statement,
                asked: Sequence[dict[str, Any]] = asked,
            ) -> object:
                return connection.execute(statement, asked[turn]).all()

            took = watch.median(call, question.times)
            yield filled.figure(
                f"as-of: {question.name}",
                took,
                question.unit,
                baseline=beside[question.name].wall / MICROSECONDS[question.unit],
                beside=BESIDE,
                at_most=question.required[filled.name] if filled.facts == REQUIRED_AT else None,
            )


def prepare(filled: Filled) -> None:
    """Copy what ran everywhere into a table that holds nothing else."""
    with filled.database.reading() as connection:
        rows = [tuple(row) for row in connection.execute(ran(Scope()), filled.asked(Scope(), 1))]
    blob = "bytea" if filled.database.is_postgres else "blob"
    columns = f"service text, environment text, slot text, number bigint, digest {blob}, build text"
    marks = ", ".join([filled.mark] * len(rows[0]))
    with filled.database.appending() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE raw ({columns}, revision text, config {blob},"
            " PRIMARY KEY (environment, service, slot))"
        )
        connection.exec_driver_sql(f"INSERT INTO raw VALUES ({marks})", rows)  # noqa: S608 - our own names


def raws(filled: Filled, connection: sa.Connection, watch: Stopwatch) -> dict[str, Took]:
    """Measure, for each question, the same rows selected by the driver from a table of their own."""
    cursor = connection.connection.cursor()
    took = {}
    for question in QUESTIONS:
        named = {"environment": question.scope.environment, "service": question.scope.service}
        given = {name: value for name, value in named.items() if value is not None}
        where = " AND ".join(f"{name} = {filled.mark}" for name in given) or "1 = 1"
        select = f"SELECT * FROM raw WHERE {where}"  # noqa: S608 - our own names
        parameters = tuple(given.values())

        def call(_turn: int, select: str = select, parameters: Sequence[object] = parameters) -> object:
            cursor.execute(select, parameters)
            return cursor.fetchall()

        took[question.name] = watch.median(call, question.times)
    return took


def answers(filled: Filled) -> Iterator[Figure]:
    """Yield what the domain's own questions take, every value made."""
    reads = ReadModels(filled.database)
    known, old = filled.prefix, filled.old

    def running(scope: Scope, prefix: Prefix) -> Callable[[int], object]:
        def call(turn: int) -> object:
            asked = filled.asked(scope, turn)
            where = Scope(scope.environment, asked.get("service"), scope.slot)
            return reads.running(where, from_micros(asked["instant"]), prefix)

        return call

    span: dict[str, Any] = {"start": None, "end": None, "limit": 100}
    with filled.database.reading() as connection:
        # There is one connection in the pool: what is asked below gets it again.
        watch = Stopwatch(connection, filled.database)
    for question in QUESTIONS:
        times = max(question.times // 3, 3)
        took = watch.median(running(question.scope, known), times)
        yield filled.figure(f"whole answer: {question.name}", took, question.unit)
    took = watch.median(running(QUESTIONS[0].scope, old), 300)
    yield filled.figure("whole answer: one target, known half a year ago", took, "µs")
    prod = Scope("prod")
    took = watch.median(lambda _: reads.timeline(prod, known, after=None, **span), 20)
    yield filled.figure("whole answer: timeline of an environment, newest 100", took, "µs")
    took = watch.median(lambda _: reads.changes("prod", known, below=None, **span), 50)
    yield filled.figure("whole answer: newest 100 changes", took, "µs")


@contextmanager
def opened(name: str) -> Iterator[Database]:
    """Lend an empty database."""
    if name == "SQLite":
        with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
            yield from _database(f"sqlite:///{Path(folder) / 'ledger.db'}")
        return
    with postgres.server(POSTGRES) as server, server.database() as url:
        yield from _database(url)


def _database(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        schema.create(database)
        yield database
    finally:
        database.close()


def measured(asked: Namespace) -> Iterator[Figure]:
    """Fill each database to each size, and ask it."""
    for name in asked.on:
        for facts in asked.sizes or (QUICK_SIZES if asked.quick else SIZES):
            with opened(name) as database:
                began = perf_counter()
                population.fill(database, facts)
                say(f"{name}: {facts:,} facts loaded in {perf_counter() - began:.0f} s")
                filled = Filled(database, name, facts)
                yield from cores(filled)
                yield from answers(filled)


def options(parser: ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of facts")
    parser.add_argument("--on", nargs="+", default=["SQLite", "PostgreSQL"], help="the databases")


if __name__ == "__main__":
    sys.exit(command(measured, __doc__, options))
