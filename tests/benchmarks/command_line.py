"""How long a person waits at the keyboard: whole processes, median of several."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.http import world as worlds

RUNS = 7
LINES = 10_000


def main() -> None:
    """Print the median wall time of each command, and its ratio to only loading the libraries."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        lines = Path(folder) / "lines.jsonl"
        lines.write_text("".join(_line(number) for number in range(LINES)))
        with worlds.opened(worlds.make(home)):
            pass
        environment = {**os.environ, "SHIPLOG_HOME": str(home)}
        _wait(_shiplog("import", "jsonl", str(lines)), environment)
        bare = _median([sys.executable, "-c", "import flask, pydantic, sqlalchemy"], environment)
        print(f"{'python, libraries only':32} {bare:7.3f} s")  # noqa: T201 - the report
        for words in (("--help",), ("at", "prod"), ("timeline", "svc-7"), ("verify",)):
            took = _median(_shiplog(*words), environment)
            print(f"{'shiplog ' + ' '.join(words):32} {took:7.3f} s  {took / bare:5.2f} x")  # noqa: T201 - the report


def _line(number: int) -> str:
    instant = f"2025-{1 + number // 2000:02}-01T{number // 60 % 24:02}:{number % 60:02}:00Z"
    return (
        f'{{"type":"declared","service":"svc-{number % 50}","environment":"prod",'
        f'"occurred_at":"{instant}","label":"v{number}"}}\n'
    )


def _shiplog(*words: str) -> list[str]:
    return [sys.executable, "-m", "api.cli.main", *words]


def _median(command: list[str], environment: dict[str, str]) -> float:
    return statistics.median(_wait(command, environment) for _ in range(RUNS))


def _wait(command: list[str], environment: dict[str, str]) -> float:
    began = perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603 - our own words
    return perf_counter() - began


if __name__ == "__main__":
    main()
