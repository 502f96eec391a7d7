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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.readmodels.component_tables import (
    BUILD_LISTED,
    BUILD_SBOM,
    COMPONENT,
    ONGOING,
    RUN,
    SBOM,
    SERIES,
)
from adapters.readmodels.reader import ReadModels
from adapters.sbom.question import asked as question
from domain.instant import from_micros
from domain.prefix import Prefix
from domain.sbom_port import Window
from tests import postgres
from tests.benchmarks.as_of import POSTGRES
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
AT_MOST_MILLISECONDS = 100
DAYS_HELD = 30
PAGE = 100
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


def speaks() -> Iterator[tuple[int, int, int, bytes]]:
    """Yield which build has which SBOM; the builds of a service take turns in its environments."""
    chance = seeded(6)
    for service in range(SERVICES):
        for number in range(1, SBOMS + 1):
            target = service + SERVICES * ((number - 1) % len(ENVIRONMENTS))
            if chance.random() < 0.95:
                build = target * BUILDS + 1 + (number - 1) // len(ENVIRONMENTS)
                yield build, service + 1, number, bytes.fromhex(f"{build:064x}")


def listed(database: Database) -> int:
    """Fill the tables; return the number of runs."""
    components = (
        (
            1 + package * VERSIONS + version,
            f"pkg:npm/package-{package}" if package else LOG4J,
            f"1.{version}.0" if package else f"2.{10 + version}.1",
            "",
            1,
        )
        for package in range(PACKAGES)
        for version in range(VERSIONS)
    )
    _insert(database, COMPONENT, "id package version qualifiers position", components)
    _insert(
        database,
        SERIES,
        "id service artifact",
        ((s + 1, f"service-{s}", f"service-{s}") for s in range(SERVICES)),
    )
    spoken = list(speaks())
    evidence = ((series, number, artifact, -1, 1) for _, series, number, artifact in spoken)
    _insert(database, SBOM, "series_id number evidence piece position", evidence)
    _insert(
        database,
        BUILD_SBOM,
        "build_id series_id number artifact verified position",
        ((*each, 1, 1) for each in spoken),
    )
    _insert(database, BUILD_LISTED, "build_id position", sorted((build, 1) for build, *_ in spoken))
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
    """Yield how long a page of each answer takes, for windows of a day, a month and a year."""
    reads = ReadModels(database)
    end = from_micros(START + YEAR_MICROSECONDS)
    prefix = Prefix(BEFORE_FACTS + facts, end, None)
    for name, text in QUESTIONS.items():
        for days in (1, 30, 365):
            window = Window("prod", end - timedelta(days=days), end)

            def page(text: str = text, window: Window = window) -> Sequence[object]:
                meant = reads.meant(question(text), prefix)
                return reads.containing(meant.components, window, prefix, after=None, limit=PAGE + 1)

            yield _figure(
                f"components: {name}, {days} days",
                page,
                on=on,
                size=facts,
                at_most=AT_MOST_MILLISECONDS if days <= DAYS_HELD else None,
            )
    for days in (1, 30):
        window = Window("prod", end - timedelta(days=days), end)

        def unknown(window: Window = window) -> Sequence[object]:
            return reads.unlisted(window, prefix, limit=PAGE)[0]

        name = f"components: what ran without an SBOM, {days} days"
        yield _figure(name, unknown, on=on, size=facts, at_most=AT_MOST_MILLISECONDS)


def _figure(
    name: str, call: Callable[[], Sequence[object]], *, on: str, size: int, at_most: float | None
) -> Figure:
    wall, processor = median_milliseconds(call)
    return Figure(
        name,
        wall,
        "ms",
        on=on,
        size=size,
        processor=processor * 1000,
        at_most=at_most,
        note=f"{len(call()):,} placements",
    )


@contextmanager
def databases(asked: Namespace) -> Iterator[Iterator[tuple[str, Database]]]:
    """Lend an empty database of each kind."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.server(POSTGRES) as server,
        server.database() as url,
    ):
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
