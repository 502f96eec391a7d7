"""How many reports a second a server records over HTTP: `python -m tests.benchmarks.http_reports`.

`shiplog serve`, on SQLite and on PostgreSQL, is sent builds, each of its own name:

1. by one client, a report at a time, with group commit and without;
2. by 16 clients, a report at a time;
3. by one client, in batches of 1,000;
4. and `/livez` by 16 clients: what a request costs that asks nothing of the ledger.

The baseline is the bytes of as many events inserted into a table by one writer, a transaction each.
"""

import json
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.ledger.tables import EVENT
from api.settings import Settings
from tests import postgres
from tests.benchmarks.figures import Figure, command
from tests.benchmarks.http_load import Load, got, load, posted, served
from tests.http import world as worlds

CLIENTS = 16
BATCH_LINES = 1000
RAW_ROWS = 2000
TURNS = 3
RAW = "raw INSERTs of the same bytes, a transaction each"


def build(number: int) -> bytes:
    """Return the report of a build of its own name."""
    return json.dumps(
        {
            "service": f"service-{number % 50:02}",
            "build": f"ci/{number}",
            "occurred_at": "2026-03-01T12:00:00Z",
            "source": {
                "repository": "https://git.example/acme/payments-api",
                "commit": f"{number:040x}",
                "ref": "refs/heads/main",
            },
            "builder": "https://ci.example/builder@v3",
            "artifacts": [{"name": "payments-api", "digest": f"sha256:{number:064x}"}],
        }
    ).encode()


def raw_inserts(settings: Settings) -> float:
    """Return how many rows a second are inserted, of the bytes of events, each on its own."""
    database = Database(settings.url)
    with closing(database):
        columns = (sa.Column(column.name, column.type) for column in EVENT.columns)
        unique = (sa.PrimaryKeyConstraint("position"), sa.UniqueConstraint("stream", "version"))
        copy = sa.Table("raw", sa.MetaData(), *columns, *unique)
        copy.create(database.engine)
        with database.reading() as connection:
            rows = connection.execute(sa.select(*EVENT.columns).limit(RAW_ROWS)).mappings().all()
        began = perf_counter()
        for row in rows:
            with database.appending() as connection:
                connection.execute(copy.insert(), dict(row))
        seconds = perf_counter() - began
        copy.drop(database.engine)
        return len(rows) / seconds


def lone_client(settings: Settings, on: str, one: Callable[[], bytes], seconds: float) -> Figure:
    """Compare servers with group commit and without, in turns: the ledger grows, and machines have moods."""
    with_it: list[Load] = []
    without: list[Load] = []
    for turn in range(TURNS):
        for alone in (turn % 2 == 0, turn % 2 == 1):
            with served(settings, alone=alone) as server:
                (without if alone else with_it).append(load(server, one, clients=1, seconds=seconds / TURNS))
    waits, baseline = (median(each.percentile(50) for each in loads) for loads in (with_it, without))
    return Figure(
        "reports over HTTP: how long a lone client waits",
        waits,
        "ms",
        on=on,
        baseline=baseline,
        beside="a server without group commit",
        at_most=1.2 * baseline,
        processor=median(each.server for each in with_it),
    )


def figures(settings: Settings, on: str, seconds: float) -> Iterator[Figure]:
    """Load servers over the ledger that *settings* name."""
    numbers = count()

    def one() -> bytes:
        return posted("/v1/builds", build(next(numbers)))

    def thousand() -> bytes:
        lines = (b'{"type":"build",' + build(next(numbers))[1:] for _ in range(BATCH_LINES))
        return posted("/v1/reports:batch", b"\n".join(lines), "application/jsonl")

    yield lone_client(settings, on, one, seconds)
    raw = raw_inserts(settings)
    with served(settings) as server:
        many = load(server, one, clients=CLIENTS, seconds=seconds)
        told = f"p50 {many.percentile(50):.1f} ms, p99 {many.percentile(99):.1f} ms"
        yield Figure(
            f"reports over HTTP: {CLIENTS} clients, one at a time",
            many.rate,
            "events/s",
            on=on,
            baseline=raw,
            beside=RAW,
            at_least=600,
            processor=many.server,
            note=f"{told}, the client's own {many.client:.0f} µs beside",
        )
        whole = load(server, thousand, clients=1, seconds=seconds)
        yield Figure(
            f"reports over HTTP: batches of {BATCH_LINES:,}",
            whole.rate * BATCH_LINES,
            "events/s",
            on=on,
            baseline=raw,
            beside=RAW,
            at_least=6000,
            processor=whole.server / BATCH_LINES,
        )
        alive = load(server, lambda: got("/livez"), clients=CLIENTS, seconds=seconds / 2)
        yield Figure(
            f"/livez over HTTP: {CLIENTS} clients", alive.rate, "answers/s", on=on, processor=alive.server
        )


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure on both databases."""
    seconds = 3 if asked.quick else 10
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        yield from figures(worlds.make(Path(folder) / "sqlite"), "SQLite", seconds)
        with postgres.server() as server, server.database() as url:
            made = worlds.make(Path(folder) / "postgres", database_url=url)
            yield from figures(made, "PostgreSQL", seconds)


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
