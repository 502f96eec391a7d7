"""Lines, sent to the batch API no more than a batch at a time, and what became of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import click

from api.cli import client, exits
from api.cli.client import Client, Document, Refused

BATCH_LINES_MAX = 1000
BATCH_BYTES_MAX = 8 << 20
LINE_BYTES_MAX = 4 << 20
"""What the API reads of one line."""

Placed = tuple[str, bytes]
"""Where a line comes from, for people, and the line without its end."""


@dataclass(slots=True)
class Batch:
    """Lines to send together, and where each comes from."""

    content: bytearray = field(default_factory=bytearray)
    places: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    new: int = 0
    existing: int = 0
    refused: int = 0
    malformed: bool = False

    @property
    def lines(self) -> int:
        """How many lines were told of."""
        return self.new + self.existing + self.refused

    def refuse(self, place: str, slug: str, detail: str) -> None:
        """Count a refused line and say why."""
        self.refused += 1
        self.malformed |= slug not in exits.CONFLICTS
        click.echo(f"{place}: {detail} ({slug})", err=True)

    @property
    def code(self) -> int:
        """The exit code that sums it up."""
        if not self.refused:
            return exits.DONE
        return exits.USAGE if self.malformed else exits.CONFLICT


def batches(lines: Iterable[Placed], tally: Tally) -> Iterator[Batch]:
    """Yield the lines in batches, holding no more than one; lines too long to send are refused here."""
    batch = Batch()
    for place, line in lines:
        if len(line) > LINE_BYTES_MAX:
            tally.refuse(place, "too-large", f"the line is longer than {LINE_BYTES_MAX} bytes")
            continue
        full = len(batch.places) == BATCH_LINES_MAX or len(batch.content) + len(line) >= BATCH_BYTES_MAX
        if batch.places and full:
            yield batch
            batch = Batch()
        batch.content += line + b"\n"
        batch.places.append(place)
    if batch.places:
        yield batch


def send(api: Client, batch: Batch, tally: Tally, *, atomic: bool) -> None:
    """Send *batch* and count what became of it; *atomic* records all of it or nothing."""
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


def _tell_line(problem: Document, place: str, tally: Tally) -> None:
    detail = "; ".join(client.located(problem["errors"] or [])) or problem["detail"]
    tally.refuse(place, problem["type"].rpartition("/")[2], detail)


def _tell_batch(refused: Refused, batch: Batch, tally: Tally) -> None:
    """Say which lines a batch was refused for: pointers of its errors begin with the line, `#/LINE/…`."""
    click.echo(f"a batch of {len(batch.places)} lines was refused, none of it is recorded", err=True)
    for error in refused.errors:
        _, line, *inner = error["pointer"].split("/")
        where = "/".join(("#", *inner))
        tally.refuse(batch.places[int(line) - 1], error["code"], f"{where}: {error['detail']}")
