"""Four years of a real delivery history, in and out again: `python -m tests.benchmarks.govuk`.

1. Every line, in batches of 1,000, in process, on SQLite with read models; lines a second.
2. The 500 questions whose answer is known, for label and configuration.
3. The thirteen rollbacks of production on 2026-08-14: in the difference, and as such in timelines.
4. `shiplog verify` of the result; events a second.

`--changes N` takes the first N label changes alone, as `--quick` does; then 3 is left out.
"""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter, process_time

import orjson
import sqlalchemy as sa

from adapters.database.database import Database
from adapters.ledger.tables import EVENT
from tests import govuk
from tests.benchmarks.figures import Figure, command, say
from tests.http import world as worlds
from tests.http.world import World

BATCH_LINES = 1000
TOLD_EVERY_LINES = 20_000
QUICK_CHANGES = 2_000
ROLLED_BACK = 13
RAW_ROWS = 50_000
ON = "SQLite"


def fill(world: World, changes: int | None) -> Iterator[Figure]:
    """Send every line; yield how fast on the way, and in all."""
    lines = govuk.lines(changes)
    sent, seconds, processor = 0, 0.0, 0.0
    last = 0, 0.0
    while batch := [orjson.dumps(line) for line in islice(lines, BATCH_LINES)]:
        began, worked = perf_counter(), process_time()
        answer = world.batch(b"\n".join(batch), mode="each")
        seconds, processor = seconds + perf_counter() - began, processor + process_time() - worked
        assert answer.get_json()["new"] == len(batch), answer.text[:1000]
        sent += len(batch)
        if sent - last[0] >= TOLD_EVERY_LINES:
            rate = (sent - last[0]) / (seconds - last[1])
            yield Figure("govuk: lines on the way", rate, "lines/s", on=ON, size=sent, sized="lines")
            last = sent, seconds
    if changes is None and sent != govuk.LINES:
        raise AssertionError(f"{sent} lines, expected {govuk.LINES}")
    yield Figure(
        f"govuk: all {sent:,} lines",
        sent / seconds,
        "lines/s",
        on=ON,
        baseline=raw_inserts(world),
        beside=f"raw INSERTs of the same events, {BATCH_LINES:,} in a transaction",
        at_least=3_000 if changes is None else None,
        processor=processor / sent * 1e6,
    )


def raw_inserts(world: World) -> float:
    """Return how many rows a second go into a table like the ledger's, in another file."""
    with closing(Database(world.settings.url)) as database, database.reading() as connection:
        rows = [row._asdict() for row in connection.execute(sa.select(*EVENT.columns).limit(RAW_ROWS))]
    with (
        tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder,
        closing(Database(f"sqlite:///{Path(folder) / 'raw.db'}")) as other,
    ):
        columns = (sa.Column(column.name, column.type) for column in EVENT.columns)
        unique = (sa.PrimaryKeyConstraint("position"), sa.UniqueConstraint("stream", "version"))
        copy = sa.Table("raw", sa.MetaData(), *columns, *unique)
        copy.create(other.engine)
        began = perf_counter()
        for start in range(0, len(rows), BATCH_LINES):
            with other.appending() as connection:
                connection.execute(copy.insert(), rows[start : start + BATCH_LINES])
        return len(rows) / (perf_counter() - began)


def probe(world: World, until: str | None) -> Iterator[Figure]:
    """Ask every question with a known answer."""
    probes = govuk.probes(until)
    began, worked = perf_counter(), process_time()
    wrong = [each for asked in probes if (each := govuk.wrong(asked, world))]
    wall, worked = perf_counter() - began, process_time() - worked
    for each in wrong[:5]:
        say(f"  {each}")
    right = len(probes) - len(wrong)
    yield Figure("govuk: probes right, label and configuration", right, "probes", on=ON, at_least=len(probes))
    yield Figure(
        "govuk: a probe in process",
        wall / len(probes) * 1000,
        "ms",
        on=ON,
        processor=worked / len(probes) * 1e6,
    )


def rollbacks(world: World) -> Iterator[Figure]:
    """Find the rollbacks, in the difference and in timelines."""
    found, shown = govuk.rollbacks(world)
    for what, count in (("in the difference", len(found)), ("of them in timelines too", len(found & shown))):
        yield Figure(
            f"govuk: rollbacks of 2026-08-14 {what}",
            count,
            "rollbacks",
            on=ON,
            at_least=ROLLED_BACK,
            at_most=ROLLED_BACK,
        )


def verify(home: Path, events: int, url: str, at_least: float | None) -> Figure:
    """Verify the ledger in a process of its own; anything but a clean one is an exception."""
    with closing(Database(url)) as database, database.reading() as connection:
        cursor = connection.connection.cursor()
        began = perf_counter()
        cursor.execute(str(sa.select(EVENT).order_by(EVENT.c.position)))
        while cursor.fetchmany(BATCH_LINES):
            pass
        raw = events / (perf_counter() - began)
    began, before = perf_counter(), getrusage(RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "api.cli.main", "verify"]
    subprocess.run(words, env={**os.environ, "SHIPLOG_HOME": str(home)}, check=True)  # noqa: S603 - our own
    wall, after = perf_counter() - began, getrusage(RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figure(
        "govuk: shiplog verify",
        events / wall,
        "events/s",
        on=ON,
        baseline=raw,
        beside="raw SELECT of the same events",
        at_least=at_least,
        processor=spent / events * 1e6,
        note="starting Python included",
    )


def measured(asked: Namespace) -> Iterator[Figure]:
    """Fill, ask, verify."""
    if not govuk.FOLDER.is_dir():
        raise SystemExit(govuk.ABSENT)
    changes = asked.changes or (QUICK_CHANGES if asked.quick else None)
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        home = asked.home or Path(folder) / "home"
        with worlds.opened(worlds.make(home, at=govuk.READ), at=govuk.READ) as world:
            yield from fill(world, changes)
            until = None
            if changes is not None:
                *_, last = govuk.lines(changes)
                until = str(last["occurred_at"])
            yield from probe(world, until)
            if changes is None:
                yield from rollbacks(world)
            events, url = world.position, world.settings.url
        yield verify(home, events, url, 10_000 if changes is None else None)


def options(parser: ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--changes", type=int, help="only the first label changes")
    parser.add_argument("--home", type=Path, help="keep the ledger in this folder, which must not exist")


if __name__ == "__main__":
    sys.exit(command(measured, __doc__, options))
