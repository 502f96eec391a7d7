"""`shiplog evidence`: what is recorded of a file of evidence, or of the evidence about an artifact."""

from collections.abc import Iterator, Sequence

import click
import orjson

from api.cli import client, columns, exits, files, instants, output, parameters
from api.cli.client import Document
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.output import Column
from domain.evidence import Reason

ENTRIES = {
    "show": Entry("api.cli.evidence:show", "What is recorded of one file, piece by piece."),
    "list": Entry("api.cli.evidence:list_", "The evidence about an artifact."),
    "get": Entry("api.cli.evidence:get", "The file itself, byte for byte."),
    "verify": Entry("api.cli.evidence:verify", "Verify again, against what is trusted now."),
}
FINDINGS = (
    columns.at("place", "place"),
    columns.at("outcome", "outcome"),
    columns.at("by", "by"),
    columns.at("signer", "signer"),
    columns.at("signed at", "signed_at"),
    columns.at("says", "says"),
    columns.at("position", "position"),
)
_CANNOT_SAY = frozenset({Reason.NO_ANCHOR.value})


@click.group("evidence", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def evidence() -> None:
    """Ask about evidence. It comes in by `shiplog record evidence`."""


@click.command(
    "show", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog evidence show sha256:5f5f… -o json"
)
@click.argument("digest", type=parameters.DIGEST)
@parameters.known_at
@output.asking
def show(*, digest: str, known_at: str | Moment | None, output: str) -> None:
    """Show what is recorded of the file of evidence with that DIGEST, and what was established by it."""
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        answer = api.get("v1", "evidence", digest, query={"known_at": known})
    found = client.read(answer)
    _print(answer, found, [found["evidence"]], output)


@click.command(
    "list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog evidence list sha256:5f5f… -o csv"
)
@click.argument("artifact", type=parameters.SUBJECT)
@parameters.known_at
@output.asking
def list_(*, artifact: str, known_at: str | Moment | None, output: str) -> None:
    """List the evidence that is verified to speak of the ARTIFACT, or was handed in for it."""
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        answer = api.get("v1", "artifacts", artifact, "evidence", query={"known_at": known})
    found = client.read(answer)
    _print(answer, found, found["evidence"], output)


@click.command(
    "get",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog evidence get sha256:5f5f… --to app.sigstore.json",
)
@click.argument("digest", type=parameters.DIGEST)
@click.option("--to", "goal", type=parameters.OUTPUT, default="-", help="Where to write it; - is stdout.")
def get(*, digest: str, goal: str) -> None:
    """Fetch the file of evidence with that DIGEST, byte for byte as it came in."""
    with client.connected() as api:
        content = api.get("v1", "evidence", digest, "content")
    files.write(goal, content)


@click.command(
    "verify",
    context_settings=CONTEXT,
    epilog=f"Exits with {exits.BROKEN} when a file is lost; the others are verified all the same."
    "\n\n\b\nExample:\n  shiplog trust import new-root.json && shiplog evidence verify",
)
@click.argument("digest", required=False, type=parameters.DIGEST)
@output.recording
@click.pass_context
def verify(ctx: click.Context, *, digest: str | None, output: str) -> None:
    """Verify the file with that DIGEST again, or all there are; what differs is recorded beside the old."""
    looked_at, recorded, after = 0, 0, None
    lost: list[Document] = []
    with client.connected() as api:
        while True:
            body = {"evidence": digest, "after": after}
            said = {name: value for name, value in body.items() if value is not None}
            done = client.read(api.post("/v1/evidence:verify", said))
            looked_at += done["looked_at"]
            recorded += len(done["recorded"])
            lost += done["lost"]
            after = done["next"]
            if after is None:
                break
    _counted(looked_at, recorded, lost, output)
    ctx.exit(exits.BROKEN if lost else exits.DONE)


def _counted(looked_at: int, recorded: int, lost: Sequence[Document], form: str) -> None:
    for each in lost:
        click.echo(f"shiplog: {each['evidence']}: {each['words']}", err=True)
    if form == "json":
        output.document(orjson.dumps({"looked_at": looked_at, "recorded": recorded, "lost": lost}))
        return
    output.facts({"looked at": looked_at, "recorded": recorded, "lost": len(lost)})


def findings(file: Document) -> Iterator[Document]:
    """Yield a row for everything that was found about *file*; one for a file nobody signed."""
    found = [*map(_verified, file["verifications"]), *map(_refused, file["refusals"])]
    if not found:
        found = [{**_EMPTY, "outcome": "kept", "says": file["kind"], "position": file["admitted"]}]
    for row in sorted(found, key=lambda each: each["position"] or 0):
        yield {"digest": file["digest"], **row}


def worst(rows: Sequence[Document]) -> int:
    """Return the exit code for what is so now: of each piece, the last finding counts."""
    last = {(row["digest"], row["place"]): row for row in rows}
    refused = [row["by"] for row in last.values() if row["outcome"] == "refused"]
    if any(reason not in _CANNOT_SAY for reason in refused):
        return exits.UNVERIFIED
    return exits.UNDECIDED if refused else exits.DONE


_EMPTY: Document = dict.fromkeys(("place", "by", "signer", "signed_at"))


def _verified(found: Document) -> Document:
    return {
        "place": found["place"],
        "outcome": "verified",
        "by": found["engine"],
        "signer": found["signer"]["identity"] or found["signer"]["fingerprint"],
        "signed_at": found["times"][0]["instant"] if found["times"] else None,
        "says": found["predicate_type"] or found["not_a_statement"],
        "position": found["position"],
    }


def _refused(found: Document) -> Document:
    refused = {"place": found["place"], "outcome": "refused", "by": found["reason"]}
    return {**_EMPTY, **refused, "says": found["words"], "position": found["position"]}


def _print(answer: bytes, found: Document, files: Sequence[Document], form: str) -> None:
    output.hint(client.prefix_of(found))
    rows = [row for file in files for row in findings(file)]
    output.show(form, answer, rows, (Column("evidence", lambda row: row["digest"]), *FINDINGS))
