"""`shiplog import jsonl`: reports from a file."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import click
import orjson

from api.cli import client, output, parameters, resuming, sending
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT
from api.cli.line_results import Results
from api.cli.progress import Progress
from api.cli.resuming import Input
from api.cli.sending import Tally

EPILOG = """\b
Lines are what `record` sends, with their type:
  {"type": "build", "service": "payments-api", "build": "ci/4711", "occurred_at": "2026-08-14T12:00:00Z", …}
Safe to run again: what is there already is counted as existing.
Refused lines are named as FILE:LINE on stderr; the exit code is 2 when one was
malformed, 5 when all of them contradict what is recorded.

\b
--results tells of every line as soon as its batch is answered, a JSON object a line:
  {"line": 7, "outcome": "new", "position": 4711, "digest": "sha256:…", "problem": null}
The outcome is new, existing or refused; refused ones have a problem and no position.

\b
--resume keeps in STATE how far the import has come, after every batch. Run again
with the same STATE it sends only what is left, or has been added at the end, and
counts all of it. It refuses an input that was changed before that place, and a
ledger that is not the one that was sent to; without STATE everything is sent.
While a server does not answer it is asked again for half a minute.

\b
Example:
  shiplog import jsonl history.jsonl --resume history.state
  make-history | shiplog import jsonl - --atomic
"""


@click.command("jsonl", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("file", type=parameters.INPUT)
@click.option(
    "--atomic", is_flag=True, help="Record all lines of a batch or none, and stop at the first refusal."
)
@click.option(
    "--results",
    type=parameters.OUTPUT,
    metavar="FILE|-",
    help="Write what became of each line; - is stdout. A FILE is added to when a STATE is gone on from.",
)
@click.option("--resume", type=parameters.OUTPUT_FILE, metavar="STATE", help="Go on where STATE says.")
@output.recording
@click.pass_context
def jsonl(
    ctx: click.Context, file: str, *, atomic: bool, results: str | None, resume: Path | None, output: str
) -> None:
    """Record the reports in a FILE of JSON lines; - is stdin. Up to 1000 lines are one batch."""
    if results == "-" and output == "json":
        raise click.UsageError("--results - and -o json both want stdout; give --results a file")
    name = "stdin" if file == "-" else file
    tally = Tally(named=f"{name}:")
    with ExitStack() as stack:
        source = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
        lines, size = Input(source, name), 0 if file == "-" else _size(source)
        api = stack.enter_context(client.connected())
        gone_on = resume is not None and resuming.go_on(resume, lines, tally, api)
        told = stack.enter_context(Results.opened(results, add=gone_on))
        stack.enter_context(_saying_how_to_go_on(tally, resume))
        progress = Progress()
        for batch in sending.batches(lines):
            refused = tally.refused
            ledger = sending.send(api, batch, tally, atomic=atomic, hears=told.hear)
            told.flush()
            progress.at(tally.lines, lines.bytes if size else 0, size)
            if atomic and tally.refused > refused:
                break
            if resume is not None:
                resuming.write(resume, lines.kept(tally, ledger))
    progress.end()
    _show(tally, output, err=results == "-")
    ctx.exit(tally.code)


@contextmanager
def _saying_how_to_go_on(tally: Tally, resume: Path | None) -> Iterator[None]:
    """Say, when the import ends before its time, what is done and how to go on."""
    how = "the same command goes on after them" if resume else "run it again: nothing is recorded twice"
    try:
        yield
    except KeyboardInterrupt:
        output.hint(f"{tally.lines} lines were answered; {how}")
        raise
    except Failure as failure:
        details = (*failure.details, f"{tally.lines} lines were answered; {how}")
        raise Failure(failure.code, str(failure), details) from failure


def _size(source: IO[bytes]) -> int:
    """Return how long the file is; 0 for a pipe, of which nobody knows."""
    status = os.fstat(source.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _show(tally: Tally, form: str, *, err: bool) -> None:
    told = {"new": tally.new, "existing": tally.existing, "refused": tally.refused}
    if err:
        output.hint(", ".join(f"{name} {count}" for name, count in told.items()))
    elif form == "json":
        output.document(orjson.dumps(told))
    else:
        output.facts(told)
