"""How fast signed events are appended, by how many writers: `python -m tests.benchmarks.append`.

Each writer is a thread that appends single events to streams of its own; and one writer appends batches.
Beside them, in the same run, rows of the same bytes as raw INSERTs, one transaction each, by one writer.
The processor's time is this process's; what a PostgreSQL server spends is not in it.
"""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time

import sqlalchemy as sa

from adapters.clock import utc_now
from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.ledger.tables import EVENT
from tests import postgres
from tests.benchmarks.figures import Figure, command
from tests.builders import ledger
from tests.contracts.ledger_contract import noted

EVENTS, QUICK_EVENTS = 6_000, 1_500
WRITERS = (1, 4, 16, 64)
BATCH = 500
RAW_ROWS = 1_000
REQUIRED = {("PostgreSQL", 16): 2_000}
"""Events a second, by database and writers."""


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure on both databases."""
    events = QUICK_EVENTS if asked.quick else EVENTS
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        yield from _appended("SQLite", f"sqlite:///{Path(folder) / 'ledger.db'}", events)
    with postgres.server() as server, server.database() as url:
        yield from _appended("PostgreSQL", url, events)


def _appended(name: str, url: str, events: int) -> Iterator[Figure]:
    with _opened(url) as (database, book):
        book.append([noted(n, "to warm up") for n in range(1, RAW_ROWS + 1)])
        raw = _raw_inserts(database, book)

        def figure(what: str, append: Callable[[], object], at_least: float | None = None) -> Figure:
            began, worked = perf_counter(), process_time()
            append()
            wall, worked = perf_counter() - began, process_time() - worked
            return Figure(
                f"append: {what}",
                events / wall,
                "events/s",
                on=name,
                baseline=raw,
                beside="raw INSERTs of the same bytes, a transaction each",
                at_least=at_least,
                processor=worked / events * 1e6,
            )

        for writers in WRITERS:
            one_by_one = _by_writers(book, writers, events // writers)
            told = "one writer" if writers == 1 else f"{writers} writers"
            yield figure(f"{told}, single events", one_by_one, REQUIRED.get((name, writers)))
        yield figure(f"one writer, batches of {BATCH}", _in_batches(book, events))


def _by_writers(book: EventLedger, writers: int, each: int) -> Callable[[], None]:
    def write(writer: int) -> None:
        for version in range(1, each + 1):
            book.append([noted(version, f"{writers} writers, number {writer}")])

    def run() -> None:
        with ThreadPoolExecutor(writers) as threads:
            list(threads.map(write, range(writers)))

    return run


def _in_batches(book: EventLedger, events: int) -> Callable[[], None]:
    def run() -> None:
        for start in range(0, events, BATCH):
            book.append([noted(1, f"batch {start + n}") for n in range(BATCH)])

    return run


def _raw_inserts(database: Database, book: EventLedger) -> float:
    """Return how many rows of the same bytes go into a table like the ledger's in a second."""
    copy = sa.Table(
        "raw",
        sa.MetaData(),
        *(sa.Column(column.name, column.type) for column in EVENT.columns),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("stream", "version"),
    )
    copy.create(database.engine)
    rows = book.sealed(after=0, limit=RAW_ROWS)
    began = perf_counter()
    for row in rows:
        with database.appending() as connection:
            values = {
                "position": row.position,
                "stream": row.stream,
                "version": row.version,
                "topic": row.topic,
                "recorded_at": row.position,
                "digest": row.digest,
                "state": row.payload + row.signature,
            }
            connection.execute(copy.insert(), values)
    return len(rows) / (perf_counter() - began)


@contextmanager
def _opened(url: str) -> Iterator[tuple[Database, EventLedger]]:
    database = Database(url)
    try:
        schema.create(database)
        yield database, ledger(SqlRecorder(database), clock=utc_now)
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
