"""How fast a ledger of 100,000 events is filled and asked over HTTP: `python -m tests.benchmarks.http_as_of`.

1. Declared lines are sent in batches of 10,000, in process; lines a second, and with `--profile` where
   the time of the last batch goes.
2. `shiplog serve` answers what ran in one target at an instant, over one connection on loopback: now
   known, and known at an instant of the past. Each answer is set against selecting the same row from
   the database file, in the same run.
"""

import argparse
import cProfile
import http.client
import json
import os
import pstats
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from urllib.parse import urlencode

from api.settings import PREFIX, Settings
from domain import instant
from tests.http import world as worlds

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
FILLED = datetime(2026, 3, 1, tzinfo=UTC)
BATCH_LINES = 10_000
SERVICES, ENVIRONMENTS = 200, 5
STEP = timedelta(minutes=10)
QUESTIONS = 2000

HELD = """
SELECT c.release, c.topic, c.actor, r.digest, b.name FROM placement p
JOIN change c ON c.position = p.position
JOIN slot s ON s.id = p.slot_id JOIN target t ON t.id = s.target_id
JOIN release r ON r.target_id = t.id AND r.number = p.release
JOIN build b ON b.id = r.build_id
WHERE t.service = ? AND t.environment = ? AND s.name = 'main'
AND p.valid_from <= ? AND p.position <= ? AND p.superseded > ?
ORDER BY p.valid_from DESC, p.rank DESC, p.position DESC LIMIT 1
"""


def say(text: str) -> None:
    """Write *text* at once, for someone who is waiting."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def line(number: int) -> bytes:
    """Return declaration *number*: every target gets another label each time round."""
    target = number % (SERVICES * ENVIRONMENTS)
    return json.dumps(
        {
            "type": "declared",
            "service": f"service-{target % SERVICES:03}",
            "environment": f"env-{target // SERVICES}",
            "occurred_at": instant.text(BEGAN + number * STEP),
            "label": f"v{number // (SERVICES * ENVIRONMENTS)}",
            "config": f"git-blob:{number // (SERVICES * ENVIRONMENTS * 2)}",
            "commit": f"{number:040x}",
            "source": "https://git.example/deployments",
        }
    ).encode()


def fill(home: Path, events: int, *, profiled: bool) -> Settings:
    """Fill the ledger in *home* and say how fast."""
    with worlds.opened(worlds.make(home, at=FILLED), at=FILLED) as world:
        profile = cProfile.Profile()
        for start in range(0, events, BATCH_LINES):
            last = start + BATCH_LINES >= events
            lines = b"\n".join(line(n) for n in range(start, min(start + BATCH_LINES, events)))
            begun, worked = perf_counter(), process_time()
            if last and profiled:
                profile.enable()
            answer = world.batch(lines)
            profile.disable()
            seconds, work = perf_counter() - begun, process_time() - worked
            assert answer.status_code == 200, answer.text[:500]
            rates = f"{BATCH_LINES / seconds:6,.0f} lines/s, {BATCH_LINES / work:6,.0f} a second of processor"
            say(f"batch at {start:>7,}: {rates}")
        if profiled:
            pstats.Stats(profile).sort_stats("tottime").print_stats(15)
            pstats.Stats(profile).sort_stats("cumtime").print_stats(r"/(adapters|domain|api)/", 30)
        return world.settings


@contextmanager
def served(settings: Settings) -> Iterator[http.client.HTTPConnection]:
    """Lend a connection to `shiplog serve` over the ledger that *settings* name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [str(Path(sys.executable).with_name("shiplog")), "serve", "--bind", "127.0.0.1:0"]
    environment = {**kept, "SHIPLOG_HOME": str(settings.home)}
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
    for n in range(100):
        ask(n)
    taken = []
    for n in range(QUESTIONS):
        begun = perf_counter()
        ask(n)
        taken.append((perf_counter() - begun) * 1000)
    return sorted(taken)


def told(what: str, taken: list[float]) -> float:
    """Say p50 and p99 of *taken*, and return p50."""
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    say(f"{what:44} p50 {p50:7.3f} ms   p99 {p99:7.3f} ms")
    return p50


def ask(settings: Settings, events: int) -> None:
    """Ask the ledger that *settings* name, by HTTP and by SQL."""
    draw = random.Random(7)  # noqa: S311 - the same questions each time
    targets = [divmod(draw.randrange(SERVICES * ENVIRONMENTS), SERVICES) for _ in range(QUESTIONS)]
    instants = [BEGAN + draw.uniform(0.1, 1) * events * STEP for _ in range(QUESTIONS)]
    positions = [draw.randrange(events // 2, events) for _ in range(QUESTIONS)]

    with served(settings) as connection, closing(sqlite3.connect(settings.home / "ledger.db")) as database:

        def over_http(n: int, known: dict[str, str] | None = None, *, path: str = "") -> None:
            environment, service = targets[n]
            query = urlencode(
                {"service": f"service-{service:03}", "as_of": instant.text(instants[n]), **(known or {})}
            )
            connection.request("GET", path or f"/v1/environments/env-{environment}/state?{query}")
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content[:500]
            assert path or len(json.loads(content)["running"]) == 1

        def by_sql(n: int) -> None:
            environment, service = targets[n]
            asked = (
                f"service-{service:03}",
                f"env-{environment}",
                instant.micros(instants[n]),
                events + 1,
                events + 1,
            )
            assert database.execute(HELD, asked).fetchone()

        raw = told("the row selected from the file", timed(by_sql))
        alive = told("GET /livez", timed(lambda n: over_http(n, path="/livez")))
        for what, known in (
            ("one target as of an instant", lambda _: None),
            ("the same, known at a position", lambda n: {"known_at": f"position:{positions[n]}"}),
        ):
            p50 = told(what, timed(lambda n, known=known: over_http(n, known(n))))  # type: ignore[misc]  # bound in this turn
            say(f"{'':44} {p50 / raw:7.1f} times the row, {p50 - alive:.3f} ms more than /livez")
        whole = timed(lambda n: over_http(n, path=f"/v1/environments/env-{n % ENVIRONMENTS}/state"))
        told(f"all {SERVICES} targets of an environment, now", whole)


def main() -> None:
    """Fill, then ask."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true", help="say where the time of the last batch goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        settings = fill(Path(folder) / "home", given.events, profiled=given.profile)
        ask(settings, given.events)


if __name__ == "__main__":
    main()
