"""A ledger of 100,000 events, filled and asked over HTTP: `python -m tests.benchmarks.http_as_of`.

1. Declared lines are sent in batches of 10,000, in process.
2. `shiplog serve` answers what ran in one target at an instant, over one connection on loopback: now
   known, and known at a position of the past. Each answer stands beside selecting the same row from the
   database file, in the same run.
"""

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from urllib.parse import urlencode

from adapters.readmodels.tables import CHANGE, PLACEMENT, RELEASE, SLOT, TARGET
from api.settings import PREFIX, Settings
from domain import instant
from tests.benchmarks.figures import Figure, command
from tests.credentials import BEARER
from tests.http import world as worlds
from tests.http.world import World

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
FILLED = datetime(2026, 3, 1, tzinfo=UTC)
BATCH_LINES = 10_000
SERVICES, ENVIRONMENTS = 200, 5
STEP = timedelta(minutes=10)
EVENTS, QUICK_EVENTS = 100_000, 10_000
QUESTIONS, WARMING = 2000, 100
ON = "SQLite"

HELD = f"""
SELECT c.release, c.topic, c.actor, r.digest, r.build FROM {PLACEMENT} p
JOIN {CHANGE} c ON c.position = p.position
JOIN {SLOT} s ON s.id = p.slot_id JOIN {TARGET} t ON t.id = s.target_id
JOIN {RELEASE} r ON r.target_id = t.id AND r.number = p.release
WHERE t.service = ? AND t.environment = ? AND s.name = 'main'
AND p.valid_from <= ? AND p.position <= ? AND p.superseded > ?
ORDER BY p.valid_from DESC, p.rank DESC, p.position DESC LIMIT 1
"""  # noqa: S608 - names of our own tables


def line(number: int, step: timedelta = STEP) -> bytes:
    """Return declaration *number*: every target gets another label each time round."""
    target = number % (SERVICES * ENVIRONMENTS)
    return json.dumps(
        {
            "type": "declared",
            "service": f"service-{target % SERVICES:03}",
            "environment": f"env-{target // SERVICES}",
            "occurred_at": instant.text(BEGAN + number * step),
            "label": f"v{number // (SERVICES * ENVIRONMENTS)}",
            "config": f"git-blob:{number // (SERVICES * ENVIRONMENTS * 2)}",
            "commit": f"{number:040x}",
            "source": "https://git.example/deployments",
        }
    ).encode()


def fill(world: World, events: int) -> Iterator[Figure]:
    """Fill the ledger; yield how fast each batch was taken in."""
    for start in range(0, events, BATCH_LINES):
        count = min(BATCH_LINES, events - start)
        lines = b"\n".join(line(n) for n in range(start, start + count))
        begun, worked = perf_counter(), process_time()
        answer = world.batch(lines)
        seconds, work = perf_counter() - begun, process_time() - worked
        assert answer.status_code == 200, answer.text[:500]
        yield Figure(
            f"batch: {BATCH_LINES:,} declared lines in process",
            count / seconds,
            "lines/s",
            on=ON,
            size=start + count,
            sized="events",
            processor=work / count * 1e6,
        )


@contextmanager
def served(settings: Settings) -> Iterator[http.client.HTTPConnection]:
    """Lend a connection to `shiplog serve` over the ledger that *settings* name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [str(Path(sys.executable).with_name("shiplog")), "serve", "--bind", "127.0.0.1:0"]
    unlimited = dict.fromkeys(("SHIPLOG_RATE_ADDRESS", "SHIPLOG_RATE_CREDENTIAL"), "1000000")
    environment = {**kept, **unlimited, "SHIPLOG_HOME": str(settings.home)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
    try:
        assert server.stderr is not None, "it is a pipe"
        where = next(said for said in server.stderr if "listening on" in said).split()[2:]
        port = int("".join(where).rpartition(":")[2].strip("'\"(),"))
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            yield connection
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def timed(ask: Callable[[int], object]) -> list[float]:
    """Return how many milliseconds each question took, shortest first, after a warm-up."""
    for n in range(WARMING):
        ask(n)
    taken = []
    for n in range(QUESTIONS):
        begun = perf_counter()
        ask(n)
        taken.append((perf_counter() - begun) * 1000)
    return sorted(taken)


def ask(settings: Settings, events: int) -> Iterator[Figure]:
    """Ask the ledger that *settings* name, by HTTP and by SQL."""
    draw = random.Random(7)  # noqa: S311 - the same questions each time
    targets = [divmod(draw.randrange(SERVICES * ENVIRONMENTS), SERVICES) for _ in range(QUESTIONS)]
    instants = [BEGAN + draw.uniform(0.1, 1) * events * STEP for _ in range(QUESTIONS)]
    positions = [draw.randrange(events // 2, events) for _ in range(QUESTIONS)]

    with served(settings) as connection, closing(sqlite3.connect(settings.home / "ledger.db")) as database:

        def got(path: str) -> bytes:
            connection.request("GET", path, headers=BEARER)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content[:500]
            return content

        def one(n: int, **known: str) -> None:
            environment, service = targets[n]
            asked = {"service": f"service-{service:03}", "as_of": instant.text(instants[n]), **known}
            content = got(f"/v1/environments/env-{environment}/state?{urlencode(asked)}")
            assert len(json.loads(content)["running"]) == 1

        def by_sql(n: int) -> None:
            environment, service = targets[n]
            at = instant.micros(instants[n])
            asked = (f"service-{service:03}", f"env-{environment}", at, events + 1, events + 1)
            assert database.execute(HELD, asked).fetchone()

        raw = timed(by_sql)[QUESTIONS // 2]
        alive = timed(lambda _: got("/livez"))[QUESTIONS // 2]
        for name, call in (
            ("one target", one),
            ("one target, known at a position", lambda n: one(n, known_at=f"position:{positions[n]}")),
        ):
            taken = timed(call)
            yield Figure(
                f"as-of over HTTP, one connection: {name}",
                taken[QUESTIONS // 2],
                "ms",
                on=ON,
                size=events,
                sized="events",
                baseline=raw,
                beside="raw SELECT of the same row",
                note=f"p99 {taken[QUESTIONS * 99 // 100]:.2f} ms; /livez {alive:.2f} ms",
            )
        whole = timed(lambda n: got(f"/v1/environments/env-{n % ENVIRONMENTS}/state"))
        yield Figure(
            f"as-of over HTTP, one connection: all {SERVICES} targets of an environment, now",
            whole[QUESTIONS // 2],
            "ms",
            on=ON,
            size=events,
            sized="events",
            note=f"p99 {whole[QUESTIONS * 99 // 100]:.2f} ms",
        )


def measured(asked: Namespace) -> Iterator[Figure]:
    """Fill, then ask."""
    events = asked.events or (QUICK_EVENTS if asked.quick else EVENTS)
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        made = worlds.make(Path(folder) / "home", at=FILLED)
        with worlds.opened(made, at=FILLED) as world:
            yield from fill(world, events)
        yield from ask(made, events)


def options(parser: ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--events", type=int)


if __name__ == "__main__":
    sys.exit(command(measured, __doc__, options))
