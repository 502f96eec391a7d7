"""A long history over HTTP, how fast and in how much memory: `python -m tests.benchmarks.import_jsonl`.

`shiplog import jsonl` sends files of declarations, each to a new ledger on SQLite, with `--results` and
`--resume`. Memory is the most that the client had, and what the server has at the end.
"""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from tests.benchmarks.figures import Figure, command
from tests.benchmarks.http_as_of import FILLED, line
from tests.benchmarks.http_load import Served, served
from tests.http import world as worlds

MEGABYTE = 1 << 20


def figures(folder: Path, lines: int) -> Iterator[Figure]:
    """Take in so many *lines*."""
    file = folder / "history.jsonl"
    with file.open("wb") as out:
        out.writelines(line(number) + b"\n" for number in range(lines))
    with served(worlds.make(folder / "home", at=FILLED)) as server:
        spent, began = server.processor_seconds(), perf_counter()
        client = subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "api.cli.main", "import", "jsonl", str(file)),
                *("--results", str(folder / "results"), "--resume", str(folder / "state"), "-o", "json"),
            ],
            env={**os.environ, "SHIPLOG_SERVER": f"http://127.0.0.1:{server.port}"},
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
        assert client.returncode == 0, "every line is recorded"
        seconds, spent = perf_counter() - began, server.processor_seconds() - spent
        on = {"on": "SQLite", "size": lines, "sized": "lines"}
        client_seconds = used.ru_utime + used.ru_stime
        yield Figure(
            "import jsonl over HTTP",
            lines / seconds,
            "events/s",
            **on,  # type: ignore[arg-type]  # a str, an int and a str
            processor=(spent + client_seconds) / lines * 1e6,
            note=f"{client_seconds / lines * 1e6:.0f} µs of it the client's",
        )
        yield Figure("import jsonl: memory of the client", used.ru_maxrss / 1024, "MB", **on)  # type: ignore[arg-type]  # as above
        yield Figure("import jsonl: memory of the server", _resident(server), "MB", **on)  # type: ignore[arg-type]  # as above


def _resident(server: Served) -> float:
    """Return the resident megabytes of the largest process of *server* (Linux, proc(5))."""
    children = Path(f"/proc/{server.process}/task/{server.process}/children").read_text().split()
    pages = [int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in children]
    return max(pages) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure for each number of lines."""
    for lines in asked.lines or ([2_000, 10_000] if asked.quick else [10_000, 100_000]):
        with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
            yield from figures(Path(folder), lines)


def options(parser: ArgumentParser) -> None:
    """Let someone with the time ask for more."""
    parser.add_argument("--lines", type=int, nargs="+", help="how many lines each file has")


if __name__ == "__main__":
    sys.exit(command(measured, __doc__, options))
