"""How fast the read models are made anew, and who notices: `python -m tests.benchmarks.rebuild`.

1. The rows of the events, read as they are, and the derived rows, written as they are, by the driver alone.
2. `shiplog rebuild`, in a process of its own: the chain checked, the new tables compared with the old ones.
3. One writer that appends an event at a time: alone, and beside a rebuild.
"""

import os
import resource
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.database.database import Database
from adapters.ledger.tables import EVENT
from adapters.readmodels import copies
from adapters.readmodels.projection import PLACEMENTS
from api.settings import Settings
from domain import instant
from tests import govuk, postgres
from tests.benchmarks.figures import Figure, command
from tests.builders import NOON
from tests.http import world as worlds

BATCH_LINES = 1000
BEGAN = NOON - timedelta(days=365)
EVENTS_PER_SECOND_MIN = 20_000
ALONE = 300
"""Appends whose time is taken without a rebuild beside them."""
CONSOLE = Path(sys.executable).with_name("shiplog")


def line(number: int) -> bytes:
    """Return declaration *number*: a thousand targets get another label in turn."""
    target = number % 1000
    said = {"type": "declared", "service": f"s-{target // 5}", "environment": f"e-{target % 5}"}
    at = instant.text(BEGAN + timedelta(minutes=number))
    return orjson.dumps({**said, "label": f"v{number}", "commit": f"{number:040x}", "occurred_at": at})


def fill(folder: Path, count: int, url: str) -> Settings:
    """Record *count* declarations, of a real history if that is here and so long."""
    settings = worlds.make(folder, at=govuk.READ, database_url=url)
    lines: Iterator[bytes] = map(line, range(count))
    if govuk.FOLDER.is_dir():
        lines = map(orjson.dumps, islice(govuk.lines(None), count))
    with worlds.opened(settings, at=govuk.READ) as world:
        while batch := list(islice(lines, BATCH_LINES)):
            counted = world.batch(b"\n".join(batch), mode="each").get_json()
            assert counted["new"] == len(batch), counted
    return settings


def raw(database: Database) -> tuple[float, float]:
    """Return the seconds of reading the events and of writing the derived rows, with the driver alone."""
    select = str(sa.select(EVENT).order_by(EVENT.c.position))
    with database.reading() as connection, closing(connection.connection.cursor()) as cursor:
        began = perf_counter()
        cursor.execute(select)
        while cursor.fetchmany(1000):
            pass
        reading = perf_counter() - began
        rows = {table: connection.execute(sa.select(table)).all() for table in PLACEMENTS.tables}
    with database.engine.connect() as connection, connection.begin() as transaction:
        copies.make(connection, PLACEMENTS.tables, "_raw")
        driver: Any = connection.connection.driver_connection
        began = perf_counter()
        with closing(driver.cursor()) as cursor:
            for table, found in rows.items():
                if found:
                    _write(cursor, table, list(map(tuple, found)), database)
        writing = perf_counter() - began
        transaction.rollback()
    return reading, writing


def _write(cursor: Any, table: sa.Table, rows: Sequence[tuple[Any, ...]], database: Database) -> None:
    if database.is_postgres:
        with cursor.copy(f"COPY {table.name}_raw FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(table.columns))
        cursor.executemany(f"INSERT INTO {table.name}_raw VALUES ({marks})", rows)  # noqa: S608 - our own names


@contextmanager
def rebuilding(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a rebuild beside the body."""
    environment = {"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(settings.home)}
    environment["SHIPLOG_DATABASE_URL"] = settings.url
    with subprocess.Popen(  # noqa: S603 - our own console script
        [str(CONSOLE), "rebuild", "-o", "json"], env=environment, stdout=subprocess.PIPE
    ) as process:
        yield process


def appends(settings: Settings, count: int | None, beside: "subprocess.Popen[bytes] | None") -> list[float]:
    """Return the seconds of each append, *count* of them or as long as *beside* runs."""
    took: list[float] = []
    with worlds.opened(settings, at=govuk.READ) as world:
        while (count is None or len(took) < count) and (beside is None or beside.poll() is None):
            name = f"lone-{os.getpid()}-{perf_counter()}"
            began = perf_counter()
            world.recorded("declarations", service=name, environment="lone", label="v1")
            took.append(perf_counter() - began)
    return sorted(took)


def rebuilt(settings: Settings) -> tuple[dict[str, Any], float]:
    """Rebuild once; return what it said, and the microseconds of our processor for each event."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with rebuilding(settings) as process:
        told = orjson.loads(process.communicate()[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert told["equal"] is True, told
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return told, used / told["events"] * 1e6


def lone(on: str, settings: Settings) -> Iterator[Figure]:
    """Measure a writer alone, and beside a rebuild."""
    alone = appends(settings, ALONE, None)
    with rebuilding(settings) as process:
        beside = appends(settings, None, process)
        assert orjson.loads(process.communicate()[0])["equal"] is True
    for share, name in ((0.5, "median"), (0.99, "p99"), (1.0, "longest")):
        value, baseline = (took[min(int(len(took) * share), len(took) - 1)] for took in (beside, alone))
        yield Figure(
            f"rebuild: an append beside it, {name}",
            value * 1000,
            "ms",
            on=on,
            baseline=baseline * 1000,
            beside="the same alone",
            note=f"{len(beside)} appends",
        )


def on(name: str, folder: Path, count: int, url: str) -> Iterator[Figure]:
    """Measure on one database."""
    settings = fill(folder, count, url)
    database = Database(settings.url)
    try:
        reading, writing = raw(database)
    finally:
        database.close()
    told, used = rebuilt(settings)
    for what, seconds in (
        ("SELECT of the same events by the driver alone", reading),
        ("INSERT of the same derived rows by the driver alone", writing),
    ):
        yield Figure(
            f"rebuild: chain checked, {what.split()[0]} beside it",
            told["events_per_second"],
            "events/s",
            on=name,
            size=count,
            sized="events",
            baseline=told["events"] / seconds,
            beside=what,
            at_least=EVENTS_PER_SECOND_MIN,
            processor=used,
        )
    yield from lone(name, settings)


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure on both databases."""
    count = 5_000 if asked.quick else asked.count
    with tempfile.TemporaryDirectory() as folder:
        yield from on("SQLite", Path(folder) / "sqlite", count, "")
        with postgres.server() as server, server.database() as url:
            yield from on("PostgreSQL", Path(folder) / "postgres", count, url)


if __name__ == "__main__":
    sys.exit(
        command(
            measured,
            __doc__,
            lambda parser: parser.add_argument("--count", type=int, default=100_000, help="events, 100,000"),
        )
    )
