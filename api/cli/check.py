"""`shiplog check`: hold what is verified against what is expected."""

from collections.abc import Mapping, Sequence
from typing import Any

import click
import orjson

from api.cli import client, columns, exits, files, instants, output, parameters
from api.cli.client import Document
from api.cli.expecting import expectations
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.output import Column

ENTRIES = {
    "provenance": Entry("api.cli.check:provenance", "How an artifact was built, and by whom."),
    "layout": Entry("api.cli.check_layout:layout", "Whether it was made step by step as a layout says."),
}
EPILOG = f"""\b
NAME is one of: source owner_id repository_id commit same_source ref branch tag versioned_tag identity
issuer root instance builder tagged_builder build_type trigger runner package version level, or
parameter.PATH for an external parameter (all of them must be named as soon as one is). build_type and
trigger may be given several times. root is a digest, instance what a root was imported under. With
same_source=true, who handed it in, who signed it and what it says must have one repository and one
commit, and unknown is not the same. A parameter that is no text is named in an --expect-file. Without
source, owner_id, repository_id, identity or root anybody's provenance holds; without builder only that
by a builder which the table counts unasked.

Exits with {exits.DONE} when all of it holds by one verification, with {exits.UNVERIFIED} when it does
not, and with {exits.UNDECIDED} when no provenance of the artifact was verified.

\b
Example:
  shiplog check provenance sha256:5f5f… --expect source=github.com/acme/app --expect tag=v1.2.3
"""
COLUMNS = (
    Column("held", lambda row: "yes" if row["held"] else "NO"),
    columns.at("check", "name"),
    columns.at("expected", "expected"),
    columns.at("found", "found"),
    columns.at("verification", "position"),
)
_WHOSE = frozenset({"source", "owner_id", "repository_id", "identity", "root"})
"""Without one of these somebody else's build of the same artifact holds as well."""
_CODES = {"held": exits.DONE, "not-held": exits.UNVERIFIED, "missing": exits.UNDECIDED}


@click.group("check", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def check() -> None:
    """Hold what is verified against what you expect. Nothing is recorded."""


@click.command("provenance", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("artifact", type=parameters.SUBJECT)
@click.option(
    "--expect", "expected", multiple=True, type=parameters.PAIR, metavar="NAME=VALUE", help="Repeatable."
)
@click.option("--expect-file", type=parameters.INPUT, help="JSON: the body that the HTTP API takes.")
@parameters.known_at
@output.asking
@click.pass_context
def provenance(
    ctx: click.Context,
    *,
    artifact: str,
    expected: Sequence[tuple[str, str]],
    expect_file: str | None,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Tell which expectations hold of the verified provenance of the ARTIFACT, and which do not."""
    body = {**_in_file(expect_file), **dict(expectations(expected))}
    with client.connected() as api:
        asked = [("known_at", instants.resolve_known(known_at, api))]
        where = client.target("v1", "artifacts", f"{artifact}:check-provenance", query=asked)
        answer = api.post(where, body)
    ctx.exit(_show(answer, output, asked_whose=not _WHOSE.isdisjoint(body)))


def _in_file(name: str | None) -> Mapping[str, Any]:
    said = {} if name is None else files.read_json(name)
    if not isinstance(said, dict):
        raise click.UsageError(f"{name}: expected a JSON object")
    return said


def _show(answer: bytes, form: str, *, asked_whose: bool) -> int:
    found = client.read(answer)
    output.hint(client.prefix_of(found))
    output.hint(_said(found))
    if found["judged"] and (origin := found["judged"][0]["origin"]) is not None:
        compared = ", ".join(f"{what} {origin[what]['agreement']}" for what in ("repository", "commit"))
        output.hint(f"uploader, signer and provenance: {compared}")
    if found["verdict"] == "held" and not asked_whose:
        output.hint("by whom was not asked: anybody's provenance would hold; expect a source or an identity")
    if found["truncated"] and found["verdict"] != "held":
        output.hint("truncated: there is more provenance that may hold; expect a source or an identity")
    best = found["judged"][:1]
    rows = [
        {**each, "position": judged["verification"]["position"]}
        for judged in best
        for each in judged["checks"]
    ]
    if form == "jsonl":
        for judged in found["judged"]:
            output.document(orjson.dumps(judged))
    else:
        output.show(form, answer, rows, COLUMNS)
    return _CODES[found["verdict"]]


def _said(found: Document) -> str:
    if not found["judged"]:
        return "no provenance of it was verified"
    best = found["judged"][0]
    held = "all of it holds" if best["held"] else "it does not hold"
    many = len(found["judged"])
    return f"{held}: by {best['evidence']}, level {best['level']}; {many} verified in all"
