"""`shiplog import jsonl`: reports from a file."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click
import orjson

from api.cli import client, output, parameters, sending
from api.cli.lazy import CONTEXT
from api.cli.progress import Progress
from api.cli.sending import Placed, Tally

EPILOG = """\b
Lines are what `record` sends, with their type:
  {"type": "build", "service": "payments-api", "build": "ci/4711", "occurred_at": "2026-08-14T12:00:00Z", …}
Safe to run again: what is there already is counted as existing.
Refused lines are named as FILE:LINE on stderr; the exit code is 2 when one was
malformed, 5 when all of them contradict what is recorded.

\b
Example:
  shiplog import jsonl history.jsonl
  make-history | shiplog import jsonl - --atomic
"""


@click.command("jsonl", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("file", type=parameters.INPUT)
@click.option(
    "--atomic", is_flag=True, help="Record all lines of a batch or none, and stop at the first refusal."
)
@output.recording
@click.pass_context
def jsonl(ctx: click.Context, file: str, *, atomic: bool, output: str) -> None:
    """Record the reports in a FILE of JSON lines; - is stdin. Up to 1000 lines are one batch."""
    tally, progress = Tally(), Progress()
    with ExitStack() as stack:
        lines = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
        size = 0 if file == "-" else _size(lines)
        api = stack.enter_context(client.connected())
        for batch in sending.batches(_placed(lines, "stdin" if file == "-" else file), tally):
            sending.send(api, batch, tally, atomic=atomic)
            progress.at(tally.lines, lines.tell() if size else 0, size)
            if atomic and tally.refused:
                break
    progress.end()
    _show(tally, output)
    ctx.exit(tally.code)


def _size(lines: IO[bytes]) -> int:
    """Return how long the file is; 0 for a pipe, of which nobody knows."""
    status = os.fstat(lines.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _placed(lines: IO[bytes], name: str) -> Iterator[Placed]:
    """Yield each line that is not blank, by its number; of one too long only enough to see that it is."""
    place = 0
    while line := lines.readline(sending.LINE_BYTES_MAX + 1):
        place += 1
        rest = line
        while len(rest) > sending.LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = lines.readline(sending.LINE_BYTES_MAX + 1)
        if len(line) > sending.LINE_BYTES_MAX or line.strip():
            yield f"{name}:{place}", line if len(line) > sending.LINE_BYTES_MAX else line.rstrip(b"\r\n")


def _show(tally: Tally, form: str) -> None:
    told = {"new": tally.new, "existing": tally.existing, "refused": tally.refused}
    if form == "json":
        output.document(orjson.dumps(told))
    else:
        output.facts(told)
