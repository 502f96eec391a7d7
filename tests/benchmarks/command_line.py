"""How long a person waits at the keyboard: `python -m tests.benchmarks.command_line`.

Whole processes over a ledger of 10,000 declarations, the median of several. Beside each, a Python that loads
the same libraries and ends.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

from tests.benchmarks.figures import Figure, command
from tests.http import world as worlds

RUNS, QUICK_RUNS = 9, 3
LINES, QUICK_LINES = 10_000, 1_000
WORDS = (("--help",), ("at", "prod"), ("timeline", "svc-7"), ("verify",))


def measured(asked: Namespace) -> Iterator[Figure]:
    """Fill a ledger, and wait for each command."""
    runs = QUICK_RUNS if asked.quick else RUNS
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        home = Path(folder) / "home"
        lines = Path(folder) / "lines.jsonl"
        lines.write_text("".join(_line(number) for number in range(QUICK_LINES if asked.quick else LINES)))
        with worlds.opened(worlds.make(home)):
            pass
        environment = {**os.environ, "SHIPLOG_HOME": str(home)}
        _wait(_shiplog("import", "jsonl", str(lines)), environment)
        bare, _ = _median([sys.executable, "-c", "import flask, pydantic, sqlalchemy"], environment, runs)
        for words in WORDS:
            took, processor = _median(_shiplog(*words), environment, runs)
            yield Figure(
                f"command line: shiplog {' '.join(words)}",
                took,
                "s",
                baseline=bare,
                beside="Python with the same libraries, loaded",
                processor=processor,
            )


def _line(number: int) -> str:
    instant = f"2025-{1 + number // 2000:02}-01T{number // 60 % 24:02}:{number % 60:02}:00Z"
    return (
        f'{{"type":"declared","service":"svc-{number % 50}","environment":"prod",'
        f'"occurred_at":"{instant}","label":"v{number}"}}\n'
    )


def _shiplog(*words: str) -> list[str]:
    return [sys.executable, "-m", "api.cli.main", *words]


def _median(command_line: list[str], environment: dict[str, str], runs: int) -> tuple[float, float]:
    """Return the seconds a run takes, and the microseconds of processor."""
    taken = [_wait(command_line, environment) for _ in range(runs)]
    return statistics.median(wall for wall, _ in taken), statistics.median(spent for _, spent in taken) * 1e6


def _wait(command_line: list[str], environment: dict[str, str]) -> tuple[float, float]:
    began, before = perf_counter(), getrusage(RUSAGE_CHILDREN)
    subprocess.run(command_line, env=environment, check=True, capture_output=True)  # noqa: S603 - our own words
    wall, after = perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
