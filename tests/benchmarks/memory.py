"""Whether a server's memory stays flat under load: `python -m tests.benchmarks.memory [--minutes N]`.

`shiplog serve` with one process takes reports and batches from four clients, about a target that all of
them share and targets of their own, while a fifth asks what runs. Every few seconds the resident memory of
all its processes is read (proc(5), VmRSS). The slope is the least-squares line through the second half: in
the first, caches fill. Those of SQLite take longest, for they hold pages of a file that grows, 16 MB for each
connection at the most (docs/operating.md, "Memory").

Targets have few releases here: what the server remembers of one grows with each release and configuration,
up to 300,000 of all together, and not with how often they are deployed.
"""

import http.client
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from api import wiring
from api.settings import Settings
from tests import postgres
from tests.benchmarks.figures import Figure, command, say
from tests.credentials import BEARER
from tests.resilience.reporters import reporting
from tests.resilience.serving import Served, served

MINUTES = 10.0
QUICK_MINUTES = 0.5
REPORTERS = 4
SAMPLE_SECONDS = 5.0
SEED = 6

Sample = tuple[float, int]
"""Seconds since the load began, and KiB."""


def measured(asked: Namespace) -> Iterator[Figure]:
    """Load a server on each database that is asked for."""
    minutes = QUICK_MINUTES if asked.quick else asked.minutes
    with tempfile.TemporaryDirectory() as folder:
        yield from _loaded("SQLite", Settings(home=Path(folder) / "home"), minutes)
        if not asked.sqlite:
            with postgres.server() as server, server.database() as url:
                yield from _loaded(
                    "PostgreSQL", Settings(home=Path(folder) / "other", database_url=url), minutes
                )


def _loaded(name: str, settings: Settings, minutes: float) -> Iterator[Figure]:
    wiring.initialise(settings)
    with (
        served(settings) as server,
        reporting(REPORTERS, server.address, seed=SEED) as reporters,
        _asking(server.address),
    ):
        samples = list(_samples(server, minutes * 60))
        recorded = len(reporters.acknowledged)
        reporters.finish()
    slope = _slope(samples[len(samples) // 2 :])
    for seconds, size in samples:
        yield Figure("memory: server under load", size / 1024, "MB", on=name, size=round(seconds), sized="s")
    yield Figure(
        "memory: slope in the second half",
        slope,
        "KiB/min",
        on=name,
        note=f"{recorded:,} reports in {minutes:g} minutes",
    )


def _samples(server: Served, seconds: float) -> Iterator[Sample]:
    began = time.perf_counter()
    while (at := time.perf_counter() - began) <= seconds:
        yield at, server.resident_kib
        time.sleep(SAMPLE_SECONDS)


def _slope(samples: list[Sample]) -> float:
    """Return KiB a minute, by least squares."""
    middle = sum(at for at, _ in samples) / len(samples)
    spread = sum((at - middle) ** 2 for at, _ in samples)
    return 60 * sum((at - middle) * size for at, size in samples) / spread if spread else 0.0


class _asking:  # noqa: N801 - used as a function
    """Ask what runs, again and again, until left."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        with closing(http.client.HTTPConnection(self._address, timeout=60)) as connection:
            while not self._stop.wait(0.05):
                connection.request("GET", "/v1/environments/prod/state", headers=BEARER)
                with connection.getresponse() as answer:
                    answer.read()


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of load, for each database")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite alone")


if __name__ == "__main__":
    say("resident memory of `shiplog serve`, all its processes")
    sys.exit(command(measured, __doc__, _options))
