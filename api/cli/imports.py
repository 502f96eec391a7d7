"""`shiplog import`: reports from a file, in batches."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import click
import orjson

from api.cli import client, exits, output, parameters
from api.cli.client import Client, Document, Refused
from api.cli.lazy import CONTEXT

BATCH_LINES_MAX = 1000
BATCH_BYTES_MAX = 8 << 20
LINE_BYTES_MAX = 4 << 20
"""What the API reads of one line."""
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


@dataclass(slots=True)
class Batch:
    """Lines to send together, and where in the file they are."""

    content: bytearray = field(default_factory=bytearray)
    places: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    name: str
    new: int = 0
    existing: int = 0
    refused: int = 0
    malformed: bool = False

    def refuse(self, place: int, slug: str, detail: str) -> None:
        """Count a refused line and say why."""
        self.refused += 1
        self.malformed |= slug not in exits.CONFLICTS
        click.echo(f"{self.name}:{place}: {detail} ({slug})", err=True)

    @property
    def code(self) -> int:
        """The exit code that sums it up."""
        if not self.refused:
            return exits.DONE
        return exits.USAGE if self.malformed else exits.CONFLICT


@click.group("import", context_settings=CONTEXT)
def import_() -> None:
    """Take in reports from a file."""


@import_.command("jsonl", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("file", type=parameters.INPUT)
@click.option(
    "--atomic", is_flag=True, help="Record all lines of a batch or none, and stop at the first refusal."
)
@output.recording
@click.pass_context
def jsonl(ctx: click.Context, file: str, *, atomic: bool, output: str) -> None:
    """Record the reports in a FILE of JSON lines; - is stdin. Up to 1000 lines are one batch."""
    tally = Tally("stdin" if file == "-" else file)
    with ExitStack() as stack:
        lines = sys.stdin.buffer if file == "-" else stack.enter_context(Path(file).open("rb"))
        api = stack.enter_context(client.connected())
        for batch in _batches(lines, tally):
            _send(api, batch, tally, atomic=atomic)
            _progress(batch.places[-1])
            if atomic and tally.refused:
                break
    _show(tally, output)
    ctx.exit(tally.code)


def _batches(lines: IO[bytes], tally: Tally) -> Iterator[Batch]:
    """Yield the lines in batches, holding no more than one; lines too long to send are refused here."""
    batch = Batch()
    for place, line in _numbered(lines):
        if len(line) > LINE_BYTES_MAX:
            tally.refuse(place, "too-large", f"the line is longer than {LINE_BYTES_MAX} bytes")
            continue
        if not line.strip():
            continue
        full = len(batch.places) == BATCH_LINES_MAX or len(batch.content) + len(line) > BATCH_BYTES_MAX
        if batch.places and full:
            yield batch
            batch = Batch()
        batch.content += line.rstrip(b"\r\n") + b"\n"
        batch.places.append(place)
    if batch.places:
        yield batch


def _numbered(lines: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line and its number; of one that is too long only enough to see that it is."""
    place = 0
    while line := lines.readline(LINE_BYTES_MAX + 1):
        place += 1
        rest = line
        while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = lines.readline(LINE_BYTES_MAX + 1)
        yield place, line


def _send(api: Client, batch: Batch, tally: Tally, *, atomic: bool) -> None:
    mode = "atomic" if atomic else "each"
    try:
        answer = api.post(f"/v1/reports:batch?mode={mode}", bytes(batch.content), client.JSON_LINES)
    except Refused as refused:
        if refused.slug != "batch-refused":
            raise
        _tell_batch(refused, batch, tally)
        return
    told = client.read(answer)
    tally.new += told["new"]
    tally.existing += told["existing"]
    for result in told["results"]:
        if result["problem"] is not None:
            _tell_line(result["problem"], batch.places[result["line"] - 1], tally)


def _tell_line(problem: Document, place: int, tally: Tally) -> None:
    detail = "; ".join(client.located(problem["errors"] or [])) or problem["detail"]
    tally.refuse(place, problem["type"].rpartition("/")[2], detail)


def _tell_batch(refused: Refused, batch: Batch, tally: Tally) -> None:
    """Say which lines a batch was refused for: pointers of its errors begin with the line, `#/LINE/…`."""
    click.echo(f"a batch of {len(batch.places)} lines was refused, none of it is recorded", err=True)
    for error in refused.errors:
        _, line, *inner = error["pointer"].split("/")
        where = "/".join(("#", *inner))
        tally.refuse(batch.places[int(line) - 1], error["code"], f"{where}: {error['detail']}")


def _progress(place: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{place} lines", err=True, nl=False)


def _show(tally: Tally, form: str) -> None:
    if sys.stderr.isatty():
        output.hint("")
    told = {"new": tally.new, "existing": tally.existing, "refused": tally.refused}
    if form == "json":
        output.document(orjson.dumps(told))
    else:
        output.facts(told)
