"""Four years of a real delivery history, in and out again: `python -m tests.benchmarks.govuk`.

1. Every line, in batches of 1,000, in process, on SQLite with read models; lines a second.
2. The 500 questions whose answer is known, for label and configuration.
3. The thirteen rollbacks of production on 2026-08-14: in the difference, and as such in timelines.
4. `shiplog verify` of the result; events a second.

`--changes N` takes the first N label changes alone; then 3 is left out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from time import perf_counter

import orjson

from tests import govuk
from tests.http import world as worlds
from tests.http.world import World

BATCH_LINES = 1000
TOLD_EVERY_LINES = 20_000
ROLLED_BACK = 13


def say(text: str) -> None:
    """Write *text* at once, for someone who is waiting."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fill(world: World, changes: int | None) -> int:
    """Send every line and say how fast; return how many there were."""
    lines = govuk.lines(changes)
    sent, making, began, told = 0, 0.0, perf_counter(), perf_counter()
    while True:
        begun = perf_counter()
        batch = [orjson.dumps(line) for line in islice(lines, BATCH_LINES)]
        making += perf_counter() - begun
        if not batch:
            break
        answer = world.batch(b"\n".join(batch), mode="each")
        assert answer.get_json()["new"] == len(batch), answer.text[:1000]
        sent += len(batch)
        if sent % TOLD_EVERY_LINES == 0:
            say(f"  {sent:>7,} lines, the last {TOLD_EVERY_LINES / (perf_counter() - told):6,.0f}/s")
            told = perf_counter()
    seconds = perf_counter() - began
    say(f"{sent:,} lines in {seconds:.1f} s: {sent / seconds:,.0f} lines/s; making them took {making:.1f} s")
    return sent


def probe(world: World, until: str | None) -> int:
    """Ask every question with a known answer, and return how many were answered wrongly."""
    probes = govuk.probes(until)
    began = perf_counter()
    wrong = [each for asked in probes if (each := govuk.wrong(asked, world))]
    seconds = perf_counter() - began
    right = len(probes) - len(wrong)
    say(f"{right} of {len(probes)} probes right, {seconds / len(probes) * 1000:.2f} ms each")
    for each in wrong[:5]:
        say(f"  {each}")
    return len(wrong)


def rollbacks(world: World) -> int:
    """Find the rollbacks, and return how many of them are not told as they were."""
    found, shown = govuk.rollbacks(world)
    say(f"{len(found)} rollbacks in the difference, {len(shown)} of them in timelines too")
    return abs(ROLLED_BACK - len(found)) + len(found - shown)


def verify(home: Path, lines: int) -> int:
    """Verify the ledger in a process of its own, say how fast, and return the exit code."""
    began = perf_counter()
    command = [sys.executable, "-m", "api.cli.main", "verify"]
    ran = subprocess.run(command, env={**os.environ, "SHIPLOG_HOME": str(home)}, check=False)  # noqa: S603 - our own
    seconds = perf_counter() - began
    say(f"verified in {seconds:.1f} s: {lines / seconds:,.0f} events/s, starting Python included")
    return ran.returncode


def main() -> int:
    """Fill, ask, verify; the exit code says whether everything was right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--changes", type=int, help="only the first label changes")
    parser.add_argument("--home", type=Path, help="keep the ledger in this folder, which must not exist")
    given = parser.parse_args()
    if not govuk.FOLDER.is_dir():
        say(govuk.ABSENT)
        return 0
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        home = given.home or Path(folder) / "home"
        with worlds.opened(worlds.make(home, at=govuk.READ), at=govuk.READ) as world:
            lines = fill(world, given.changes)
            until = None
            if given.changes is not None:
                *_, last = govuk.lines(given.changes)
                until = str(last["occurred_at"])
            wrong = probe(world, until)
            if given.changes is None:
                wrong += rollbacks(world) + abs(lines - govuk.LINES)
        return 1 if verify(home, lines) or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
