"""An organisation of 20,000 targets with up to ten million facts, put straight into the read models.

Four environments of 5,000 services; each target has up to 25 builds, 50 releases and 10 configurations.
First every target is placed once, those of production first; then a year of placements at random,
in the order of recording. One in forty is reported up to a month late, one in two hundred is
corrected fifty reports later, one in five hundred is a removal.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels.projector import Projector
from adapters.readmodels.tables import (
    BELIEVED,
    BUILD,
    CHANGE,
    CONFIG,
    ENVIRONMENT,
    PLACEMENT,
    PROJECTION,
    RELEASE,
    SERVICE,
    SLOT,
    TARGET,
)
from domain import canonical
from domain.instant import micros
from tests.builders import NOON

SERVICES = 5_000
ENVIRONMENTS = ("prod", "staging", "test", "dev")
TARGETS = SERVICES * len(ENVIRONMENTS)
BUILDS, RELEASES, CONFIGS = 25, 50, 10
"""Of each target, once there are a million facts; fewer before."""
START = micros(NOON)
YEAR_MICROSECONDS = 365 * 24 * 3600 * 1_000_000
BEFORE_FACTS = TARGETS * BUILDS
"""Positions up to here are taken by what is placed later."""
CORRECTED_AFTER = 50
PAGE = 100_000
ACTOR = '{"issuer":"https://ci.example","kind":"workload","subject":"repo:acme/payments"}'

Row = tuple[Any, ...]


def seeded(seed: int) -> random.Random:
    """Return the same chances every time."""
    return random.Random(seed)  # noqa: S311 - figures, not keys


def fill(database: Database, facts: int) -> None:
    """Insert everything as fast as the database can; indexes are made afterwards."""
    tables = (ENVIRONMENT, SERVICE, TARGET, SLOT, BUILD, CONFIG, RELEASE, PLACEMENT, CHANGE)
    indexes = [index for table in tables for index in table.indexes]
    Projector(database).prepare()
    with database.appending() as connection:
        connection.execute(sa.update(PROJECTION).values(position=BEFORE_FACTS + facts))
        for index in indexes:
            index.drop(connection)
    for table, columns, rows in _things(releases_of(facts)):
        _insert(database, table, columns, rows)
    placed = placements(facts)
    while page := list(islice(placed, PAGE)):
        _insert(database, PLACEMENT, _PLACED, sorted(placement for placement, _ in page))
        _insert(database, CHANGE, _CHANGED, [change for _, change in page])
    with database.appending() as connection:
        _take_your_time(connection, database)
        for index in indexes:
            index.create(connection)
    settle(database)


def settle(database: Database) -> None:
    """Let the database look at what it was given, as it does by itself after a while."""
    with database.reading() as connection:
        _take_your_time(connection, database)
        connection.exec_driver_sql("VACUUM (ANALYZE)" if database.is_postgres else "PRAGMA optimize")


def _take_your_time(connection: sa.Connection, database: Database) -> None:
    """Lift the bound on a statement's time: an index of ten million rows takes longer."""
    if database.is_postgres:
        connection.exec_driver_sql("SET statement_timeout = 0")


def releases_of(facts: int) -> int:
    """Return how many releases each target has."""
    return min(RELEASES, max(2, 2 * facts // TARGETS))


def _things(releases: int) -> Iterator[tuple[sa.Table, str, Iterable[Row]]]:
    """Yield rows of everything but placements. Target n is slot n; its builds start at 25 (n - 1) + 1."""
    names = [
        (number, f"service-{(number - 1) % SERVICES}", ENVIRONMENTS[(number - 1) // SERVICES])
        for number in range(1, TARGETS + 1)
    ]
    yield ENVIRONMENT, "name position", ((name, 1) for name in ENVIRONMENTS)
    yield SERVICE, "name position", ((f"service-{n}", 1) for n in range(SERVICES))
    yield TARGET, "id service environment", names
    yield SLOT, "id target_id name", ((number, number, "main") for number, _, _ in names)
    yield (
        BUILD,
        "id service name identity repository commit ref occurred_at artifacts",
        (
            (
                build,
                service,
                f"b-{build}",
                "reported",
                "https://git.example/acme",
                f"{build:040x}",
                "main",
                START,
                canonical.encode([[service, f"{build:064x}", None]]),
            )
            for number, service, _ in names
            for build in range((number - 1) * BUILDS + 1, (number - 1) * BUILDS + releases // 2 + 1)
        ),
    )
    yield (
        CONFIG,
        "target_id number digest position",
        (
            (target, number, _config_digest(target, number), target)
            for target, _, _ in names
            for number in range(1, min(CONFIGS, releases + 1) + 1)
        ),
    )
    yield (
        RELEASE,
        _RELEASED,
        (_release(target, number) for target, _, _ in names for number in range(1, releases + 1)),
    )


def _release(target: int, number: int) -> Row:
    """Return a release; two after one another have the same build."""
    build, config = (target - 1) * BUILDS + (number + 1) // 2, 1 + number % CONFIGS
    first = number - 1 + number % 2
    return (
        target,
        number,
        (target * RELEASES + number).to_bytes(32),
        build,
        f"b-{build}",
        f"{build:040x}",
        config,
        _config_digest(target, config),
        first,
        START + first,
        START + number,
        target,
    )


def _config_digest(target: int, number: int) -> bytes:
    return (target * CONFIGS + number).to_bytes(32)


_RELEASED = (
    "target_id number digest build_id build commit config_number config_digest first_of_build build_since"
    " cut_at position"
)
_PLACED = "slot_id valid_from rank position superseded release recorded_at"
_CHANGED = (
    "position environment number slot_id occurred_at release topic deployment actor recorded_at withdrawn_by"
)


def placements(facts: int) -> Iterator[tuple[Row, Row]]:
    """Yield each placement with its change, in the order of recording."""
    chance, releases = seeded(7), releases_of(facts)
    numbers = dict.fromkeys(ENVIRONMENTS, 0)
    corrected: dict[int, tuple[int, int]] = {}
    for n in range(facts):
        position = BEFORE_FACTS + n + 1
        if n < TARGETS:
            slot, since, recorded_at = n + 1, START + n, START + n
            release: int | None = 1
        else:
            recorded_at = START + TARGETS + YEAR_MICROSECONDS * (n - TARGETS) // (facts - TARGETS)
            late = chance.randrange(YEAR_MICROSECONDS // 12) if n % 40 == 0 else 0
            slot, since = 1 + chance.randrange(TARGETS), recorded_at - late
            release = None if n % 500 == 1 else 1 + chance.randrange(releases)
            slot, since = corrected.pop(n, (slot, since))
        withdrawn = None
        if n >= TARGETS and n % 200 == 2 and n + CORRECTED_AFTER < facts:
            corrected[n + CORRECTED_AFTER] = slot, since
            withdrawn = position + CORRECTED_AFTER
        environment = ENVIRONMENTS[(slot - 1) // SERVICES]
        numbers[environment] += 1
        yield (
            (slot, since, chance.getrandbits(40), position, withdrawn or BELIEVED, release, recorded_at),
            (
                position,
                environment,
                numbers[environment],
                slot,
                since,
                release,
                "deployment-succeeded.v1",
                f"d-{n}",
                ACTOR,
                recorded_at,
                withdrawn,
            ),
        )


def _insert(database: Database, table: sa.Table, columns: str, rows: Iterable[Row]) -> None:
    """Insert *rows* of *columns* the way the driver does it fastest."""
    names: Sequence[str] = columns.split()
    quote = database.engine.dialect.identifier_preparer
    listed = ", ".join(quote.quote(name) for name in names)
    where = f"{quote.format_table(table)} ({listed})"
    with database.appending() as connection:
        cursor: Any = connection.connection.cursor()
        if database.is_postgres:
            with cursor.copy(f"COPY {where} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(names))
            cursor.executemany(f"INSERT INTO {where} VALUES ({marks})", rows)  # noqa: S608 - our own names
