"""How fast signed events are appended, by how many writers: `python -m tests.benchmarks.append`.

Each writer appends single events to streams of its own. Beside it, in the same run, the same rows
as raw INSERTs, one transaction each, by one writer; and what commits shared bring.
"""

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import sqlalchemy as sa

from adapters.clock import utc_now
from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.ledger.tables import EVENT
from tests import postgres
from tests.builders import ledger
from tests.contracts.ledger_contract import noted

EVENTS = 3000
WRITERS = (1, 4, 16, 64)
BATCH = 1000


def main() -> None:
    """Print events a second, for each database and number of writers."""
    with tempfile.TemporaryDirectory() as folder:
        _report("SQLite, synchronous=FULL", f"sqlite:///{Path(folder) / 'ledger.db'}")
    with postgres.server() as server, server.database() as url:
        _report("PostgreSQL", url)


def _report(name: str, url: str) -> None:
    _say(f"\n{name}")
    with _opened(url) as (database, book):
        for writers in WRITERS:
            rate = EVENTS / _appended(book, writers)
            _say(f"  {writers:3} writers, single events   {rate:9,.0f} events/s")
        began = perf_counter()
        for start in range(0, EVENTS, BATCH):
            book.append([noted(1, f"batch {start + n}") for n in range(BATCH)])
        _say(f"    1 writer, batches of {BATCH}   {EVENTS / (perf_counter() - began):9,.0f} events/s")
        raw = _raw_inserts(database, book)
        _say(f"    1 writer, raw INSERTs      {raw:9,.0f} rows/s")


def _appended(book: EventLedger, writers: int) -> float:
    each = EVENTS // writers

    def write(writer: int) -> None:
        for version in range(1, each + 1):
            book.append([noted(version, f"{writers} writers, number {writer}")])

    began = perf_counter()
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(write, range(writers)))
    return perf_counter() - began


def _raw_inserts(database: Database, book: EventLedger) -> float:
    """Insert rows of the same bytes into a table like the ledger's, a transaction each."""
    copy = sa.Table(
        "raw",
        sa.MetaData(),
        *(sa.Column(column.name, column.type) for column in EVENT.columns),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("stream", "version"),
    )
    copy.create(database.engine)
    rows = book.sealed(after=0, limit=1000)
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


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
