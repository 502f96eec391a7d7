"""Lines, sent to the batch API no more than a batch at a time, and what became of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import click

from api.cli import client, exits, patience
from api.cli.client import Client, Document, Refused

BATCH_LINES_MAX = 1000
BATCH_BYTES_MAX = 8 << 20
LINE_BYTES_MAX = 4 << 20
"""What the API reads of one line."""

Placed = tuple[str, bytes]
"""Where a line comes from, and the line without its end."""

Hears = Callable[[str, Document], None]
"""Takes the place of a line and what became of it: `outcome`, `position`, `digest` and `problem`."""


@dataclass(slots=True)
class Batch:
    """Lines to send together, and where each comes from."""

    content: bytearray = field(default_factory=bytearray)
    places: list[str] = field(default_factory=list)
    too_long: list[str] = field(default_factory=list)
    """Where lines come from that are not sent."""

    @property
    def full(self) -> bool:
        """Whether another line may be too many."""
        lines = len(self.places) + len(self.too_long)
        return lines >= BATCH_LINES_MAX or len(self.content) >= BATCH_BYTES_MAX - LINE_BYTES_MAX


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    new: int = 0
    existing: int = 0
    refused: int = 0
    malformed: bool = False
    forbidden: bool = False
    named: str = ""
    """What stands before the place of a line that people are told of."""

    @property
    def lines(self) -> int:
        """How many lines were told of."""
        return self.new + self.existing + self.refused

    def refuse(self, place: str, slug: str, detail: str) -> None:
        """Count a refused line and say why."""
        self.refused += 1
        self.forbidden |= slug in exits.FORBIDDEN
        self.malformed |= slug not in exits.CONFLICTS | exits.FORBIDDEN
        click.echo(f"{self.named}{place}: {detail} ({slug})", err=True)

    @property
    def code(self) -> int:
        """The exit code that sums it up."""
        if not self.refused:
            return exits.DONE
        if self.malformed:
            return exits.USAGE
        return exits.NOT_ALLOWED if self.forbidden else exits.CONFLICT


def batches(lines: Iterable[Placed]) -> Iterator[Batch]:
    """Yield *lines* in batches; holds no more than one, and has read no further when it yields it."""
    batch = Batch()
    for place, line in lines:
        if len(line) > LINE_BYTES_MAX:
            batch.too_long.append(place)
        else:
            batch.content += line + b"\n"
            batch.places.append(place)
        if batch.full:
            yield batch
            batch = Batch()
    if batch.places or batch.too_long:
        yield batch


def send(
    api: Client, batch: Batch, tally: Tally, *, atomic: bool, hears: Hears = lambda *_: None
) -> Document | None:
    """Send *batch*, count what became of it, and return the head of the ledger after it.

    *atomic* records all of it or nothing; refused like that, there is no head. What was
    not answered is sent again for a while: reports are recorded once.
    """
    for place in batch.too_long:
        detail = f"the line is longer than {LINE_BYTES_MAX} bytes"
        tally.refuse(place, "too-large", detail)
        hears(place, _refused("too-large", detail))
    if atomic and batch.too_long:
        _leave_out(batch, {}, hears)
        return None
    if not batch.places:
        return None
    target = f"/v1/reports:batch?mode={'atomic' if atomic else 'each'}"
    try:
        answer = patience.persist(lambda: api.post(target, bytes(batch.content), client.JSON_LINES))
    except Refused as refused:
        if refused.slug != "batch-refused":
            raise
        _tell_batch(refused, batch, tally, hears)
        return None
    told = client.read(answer)
    tally.new += told["new"]
    tally.existing += told["existing"]
    for result in told["results"]:
        _tell_line(result, batch.places[result["line"] - 1], tally, hears)
    ledger: Document = told["ledger"]
    return ledger


def _tell_line(result: Document, place: str, tally: Tally, hears: Hears) -> None:
    recorded, problem = result["recorded"], result["problem"]
    if problem is None:
        outcome = "existing" if recorded["existing"] else "new"
        where = {"position": recorded["position"], "digest": recorded["digest"]}
        hears(place, {"outcome": outcome, **where, "problem": None})
        return
    detail = "; ".join(client.located(problem["errors"] or [])) or problem["detail"]
    slug = problem["type"].rpartition("/")[2]
    tally.refuse(place, slug, detail)
    hears(place, _refused(slug, detail))


def _tell_batch(refused: Refused, batch: Batch, tally: Tally, hears: Hears) -> None:
    """Say which lines a batch was refused for: pointers of its errors begin with the line, `#/LINE/…`."""
    click.echo(f"a batch of {len(batch.places)} lines was refused, none of it is recorded", err=True)
    at_fault = {}
    for error in refused.errors:
        _, line, *inner = error["pointer"].split("/")
        place, where = batch.places[int(line) - 1], "/".join(("#", *inner))
        at_fault[place] = f"{where}: {error['detail']}"
        tally.refuse(place, error["code"], at_fault[place])
    _leave_out(batch, at_fault, hears)


def _leave_out(batch: Batch, at_fault: Mapping[str, str], hears: Hears) -> None:
    """Say of every line of a batch that was refused whole that it is not recorded."""
    for place in batch.places:
        detail = at_fault.get(place, "refused together with the lines at fault")
        hears(place, _refused("batch-refused", detail))


def _refused(slug: str, detail: str) -> Document:
    problem = {"type": f"/problems/{slug}", "detail": detail}
    return {"outcome": "refused", "position": None, "digest": None, "problem": problem}
