"""What ran in one target, asked a thousand times a second: `python -m tests.benchmarks.http_questions`.

A ledger of declarations is asked over HTTP as of random instants, 1,000 times a second on 32 connections,
whether or not the server keeps up; an answer's time counts from when its question was due. On SQLite one
process answers, on PostgreSQL one for each core. The baseline is `/livez` at the same rate.
"""

import random
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from api.settings import Settings
from domain import instant
from tests import postgres
from tests.benchmarks.figures import Figure, command
from tests.benchmarks.http_as_of import BEGAN, ENVIRONMENTS, FILLED, SERVICES, STEP, line
from tests.benchmarks.http_load import got, offered, served
from tests.http import world as worlds

RATE = 1000
CONNECTIONS = 32
BATCH_LINES = 1000


def filled(home: Path, facts: int, database_url: str = "") -> Settings:
    """Return a ledger of so many *facts*."""
    made = worlds.make(home, database_url=database_url, at=FILLED)
    with worlds.opened(made, at=FILLED) as world:
        for start in range(0, facts, BATCH_LINES):
            answer = world.batch(b"\n".join(line(n) for n in range(start, start + BATCH_LINES)))
            assert answer.status_code == 200, answer.text[:500]
    return made


def figures(settings: Settings, on: str, facts: int, seconds: float) -> Iterator[Figure]:
    """Ask the ledger that *settings* name."""
    draw = random.Random(7)  # noqa: S311 - the same questions each time

    def question() -> bytes:
        as_of = instant.text(BEGAN + draw.uniform(0.5, 1) * facts * STEP)
        asked = urlencode({"service": f"service-{draw.randrange(SERVICES):03}", "as_of": as_of})
        return got(f"/v1/environments/env-{draw.randrange(ENVIRONMENTS)}/state?{asked}")

    with served(settings) as server:
        alive = offered(server, lambda: got("/livez"), rate=RATE, connections=CONNECTIONS, seconds=seconds)
        asked = offered(server, question, rate=RATE, connections=CONNECTIONS, seconds=seconds)
    yield Figure(
        f"as-of over HTTP: one target, p99 at {RATE:,} requests/s offered",
        asked.percentile(99),
        "ms",
        on=on,
        size=facts,
        baseline=alive.percentile(99),
        beside="/livez at the same rate",
        at_most=25,
        processor=asked.server,
        note=f"{asked.rate:.0f} requests/s answered, p50 {asked.percentile(50):.1f} ms,"
        f" {alive.server:.0f} µs of processor for /livez",
    )


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure on both databases."""
    facts, seconds = (5_000, 4.0) if asked.quick else (50_000, 15.0)
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        yield from figures(filled(Path(folder) / "sqlite", facts), "SQLite", facts, seconds)
        with postgres.server() as server, server.database() as url:
            made = filled(Path(folder) / "postgres", facts, url)
            yield from figures(made, "PostgreSQL", facts, seconds)


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
