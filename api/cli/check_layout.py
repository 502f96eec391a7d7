"""`shiplog check layout`: whether an artifact was made as an in-toto layout says."""

from collections.abc import Sequence

import click
import orjson

from api.cli import client, columns, exits, instants, output, parameters
from api.cli.client import Document
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column

EPILOG = f"""\b
The layout and the links are evidence: `shiplog record evidence layout.json` and, for each link,
`shiplog record evidence build.link --for ARTIFACT`. Links by keys that the layout does not let do their
step, and whatever else was handed in, are passed over. The layout counts when a key signed it that was
imported with `shiplog trust import --key --signs layout`; with --owner, when all that are named did.
No command of the layout is run.
Exits with {exits.DONE} when every step was done as the layout says, with {exits.UNVERIFIED} when not or when
the layout is expired or not safe, and with {exits.UNDECIDED} when nothing can be said.

\b
Example:
  shiplog check layout sha256:5f5f… --layout sha256:9a3c… --at 2026-03-01T12:00Z
"""
COLUMNS = (
    Column("done", lambda row: "NO" if row["failures"] else "yes"),
    columns.at("step", "name"),
    Column("keys", lambda row: f"{len(row['links'])} of {row['threshold']}"),
    Column("by", lambda row: ",".join(each["key"] for each in row["links"]) or None),
    Column("links", lambda row: ",".join(each["evidence"] for each in row["links"]) or None),
    Column("why", lambda row: "; ".join(row["failures"]) or None),
)
_CODES = {"held": exits.DONE, "not-held": exits.UNVERIFIED, "undecided": exits.UNDECIDED}


@click.command("layout", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("artifact", type=parameters.DIGEST)
@click.option(
    "--layout", "of", type=parameters.DIGEST, required=True, help="The layout, by the digest of its file."
)
@click.option(
    "--owner",
    "owners",
    type=parameters.DIGEST,
    multiple=True,
    help="Fingerprint of a key that must have signed the layout. Repeatable.",
)
@click.option(
    "--at",
    type=parameters.INSTANT,
    metavar="INSTANT",
    help="When the layout must not have expired. [default: now]",
)
@parameters.known_at
@output.asking
@click.pass_context
def layout(
    ctx: click.Context,
    *,
    artifact: str,
    of: str,
    owners: Sequence[str],
    at: Moment | None,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Tell whether the ARTIFACT was made as a layout says: which steps were done, and by whom."""
    with client.connected() as api:
        body = {"layout": of, "owners": list(owners), "at": instants.resolve(at, api)}
        asked = [("known_at", instants.resolve_known(known_at, api))]
        where = client.target("v1", "artifacts", f"{artifact}:check-layout", query=asked)
        answer = api.post(where, {name: said for name, said in body.items() if said is not None})
    ctx.exit(_show(answer, output))


def _show(answer: bytes, form: str) -> int:
    found = client.read(answer)
    output.hint(client.prefix_of(found))
    for words in _said(found):
        output.hint(words)
    if form == "jsonl":
        for step in found["steps"]:
            output.document(orjson.dumps(step))
    else:
        output.show(form, answer, found["steps"], COLUMNS)
    return _CODES[found["verdict"]]


def _said(found: Document) -> list[str]:
    words = [f"{found['verdict']}: {_why(found)}"]
    words += [
        f"the command of step {step['name']} is not the one that was expected"
        for step in found["steps"]
        if not step["command_as_expected"]
    ]
    if found["truncated"]:
        words.append("there is more evidence for it than was looked at, and it might speak against it")
    words += [f"{file} was handed in for it and is lost" for file in found["lost"]]
    return words


def _why(found: Document) -> str:
    if found["refused"] is not None:
        return f"{found['refused']['words']} ({found['refused']['reason']})"
    failed = [step["name"] for step in found["steps"] if step["failures"]]
    if failed:
        return f"not as laid out: {', '.join(failed)}"
    return f"every step was done, by a layout that {len(found['owners'])} of its owners signed"
