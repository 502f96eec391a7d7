"""How long it takes to say where a component ran: `python -m tests.benchmarks.components [--quick]`.

The organisation of `tests.benchmarks.population`, with ten million placements in a year, and what SBOMs
list of 95 in 100 of its builds: 150 components for a service, of which three or four change from one of
its hundred SBOMs to the next, which makes 2.5 million runs.
"""

import statistics
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.readmodels.component_tables import (
    BUILD_SBOM,
    COMPONENT,
    COMPONENT_METADATA,
    ONGOING,
    RUN,
    SERIES,
)
from adapters.readmodels.containing import containing, meant, unlisted
from adapters.sbom.question import asked as question
from tests import postgres
from tests.benchmarks.figures import Figure, command
from tests.benchmarks.population import (
    BEFORE_FACTS,
    BUILDS,
    ENVIRONMENTS,
    SERVICES,
    START,
    YEAR_MICROSECONDS,
    Row,
    _insert,
    fill,
    seeded,
    settle,
)

FACTS, FACTS_QUICK = 10_000_000, 200_000
SBOMS = BUILDS * len(ENVIRONMENTS)
LISTED, CHANGES = 150, 350
PACKAGES, VERSIONS = 4_600, 10
LOG4J = "pkg:maven/org.apache.logging.log4j/log4j-core"
DAY_MICROSECONDS = YEAR_MICROSECONDS // 365
AT_MOST_MILLISECONDS = 100
TIMES = 9

QUESTIONS = {
    "one version of log4j-core": f"{LOG4J}@2.14.1",
    "a range of log4j-core": f"{LOG4J}@vers:maven/>=2.10.0|<2.17.0",
    "what everybody uses": "pkg:npm/package-1",
    "what few use": "pkg:npm/package-4000@1.3.0",
}


def runs() -> Iterator[Row]:
    """Yield the runs of every series: component, series, first, last."""
    chance = seeded(5)
    for series in range(1, SERVICES + 1):
        # The first packages are in every service, those that follow in fewer and fewer.
        using = [int(PACKAGES * chance.random() ** 4) for _ in range(LISTED)]
        using = list(dict.fromkeys([1, *([0] if chance.random() < 0.3 else []), *using]))
        now = {package: (chance.randrange(VERSIONS), 1) for package in using}
        done: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for change in range(CHANGES):
            number = 2 + change * (SBOMS - 1) // CHANGES
            package = using[chance.randrange(len(using))]
            version, first = now[package]
            if first < number:
                done.setdefault((package, version), []).append((first, number - 1))
                now[package] = ((version + 1 + chance.randrange(VERSIONS - 1)) % VERSIONS, number)
        for (package, version), ended in done.items():
            for first, last in ended:
                yield 1 + package * VERSIONS + version, series, first, last
        for package, (version, first) in now.items():
            yield 1 + package * VERSIONS + version, series, first, ONGOING


def speaks() -> Iterator[Row]:
    """Yield which build has which SBOM; the builds of a service take turns in its environments."""
    chance = seeded(6)
    for service in range(SERVICES):
        for number in range(1, SBOMS + 1):
            target = service + SERVICES * ((number - 1) % len(ENVIRONMENTS))
            if chance.random() < 0.95:
                yield target * BUILDS + 1 + (number - 1) // len(ENVIRONMENTS), service + 1, number, 1


def listed(database: Database) -> int:
    """Fill the tables; return the number of runs."""
    with database.appending() as connection:
        COMPONENT_METADATA.create_all(connection)
    components = (
        (
            1 + package * VERSIONS + version,
            f"pkg:npm/package-{package}" if package else LOG4J,
            f"1.{version}.0" if package else f"2.{10 + version}.1",
            "",
        )
        for package in range(PACKAGES)
        for version in range(VERSIONS)
    )
    _insert(database, COMPONENT, "id package version qualifiers", components)
    _insert(
        database,
        SERIES,
        "id service artifact",
        ((s + 1, f"service-{s}", f"service-{s}") for s in range(SERVICES)),
    )
    _insert(database, BUILD_SBOM, "build_id series_id number position", speaks())
    _insert(database, RUN, "component_id series_id first last", sorted(runs()))
    settle(database)
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(RUN)) or 0


def median_milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    """Return the median of the wall's time and of this thread's."""
    took = []
    call()
    for _ in range(TIMES):
        begun = time.perf_counter_ns(), time.thread_time_ns()
        call()
        took.append((time.perf_counter_ns() - begun[0], time.thread_time_ns() - begun[1]))
    wall, processor = zip(*took, strict=True)
    return statistics.median(wall) / 1e6, statistics.median(processor) / 1e6


def asked_of(database: Database, on: str, facts: int) -> Iterator[Figure]:
    """Yield how long each question takes, for windows of a day, a month and a year."""
    known = BEFORE_FACTS + facts
    end = START + YEAR_MICROSECONDS
    for name, text in QUESTIONS.items():
        for days in (1, 30, 365):
            start = end - days * DAY_MICROSECONDS
            with database.reading() as connection:

                def ask(
                    text: str = text, start: int = start, connection: sa.Connection = connection
                ) -> object:
                    wanted = question(text)
                    found = meant(connection, wanted.package, wanted.means)
                    return containing(
                        connection, found.components, start=start, end=end, known=known, environment="prod"
                    )

                rows = ask()
                wall, processor = median_milliseconds(ask)
            assert isinstance(rows, list), "an answer is a list"
            yield Figure(
                f"components: {name}, {days} days",
                wall,
                "ms",
                on=on,
                size=facts,
                processor=processor * 1000,
                at_most=AT_MOST_MILLISECONDS if "log4j" in name and days <= 30 else None,
                note=f"{len(rows):,} placements",
            )
    with database.reading() as connection:
        at = {"start": end - 1, "end": end, "known": known}
        wall, processor = median_milliseconds(lambda: unlisted(connection, environment="prod", **at))
        rows = unlisted(connection, environment="prod", **at)
    yield Figure(
        "components: what runs now without an SBOM",
        wall,
        "ms",
        on=on,
        size=facts,
        processor=processor * 1000,
        note=f"{len(rows):,} placements",
    )


@contextmanager
def databases(asked: Namespace) -> Iterator[Iterator[tuple[str, Database]]]:
    """Lend an empty database of each kind."""
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server, server.database() as url:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'ledger.db'}", "PostgreSQL": url}
        yield ((on, Database(each)) for on, each in urls.items() if asked.on in (None, on))


def measured(asked: Namespace) -> Iterator[Figure]:
    """Fill each database once and ask."""
    facts = FACTS_QUICK if asked.quick else asked.facts
    with databases(asked) as each:
        for on, database in each:
            schema.create(database)
            fill(database, facts)
            count = listed(database)
            yield Figure("components: runs", count, "rows", on=on, size=facts)
            yield from asked_of(database, on, facts)
            database.close()


def options(parser: ArgumentParser) -> None:
    """Add what this benchmark can be asked besides."""
    parser.add_argument("--facts", type=int, default=FACTS, help="how many placements")
    parser.add_argument("--on", choices=["SQLite", "PostgreSQL"], help="only this database")


if __name__ == "__main__":
    sys.exit(command(measured, __doc__, options))
