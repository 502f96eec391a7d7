"""`shiplog components`: what is inside an artifact, by an SBOM about it."""

import click
import orjson

from api.cli import client, columns, instants, listing, output, parameters
from api.cli.client import Document
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column, hint, show

EPILOG = """\b
Without --evidence the newest verified SBOM is read, or else the newest that is only claimed.

\b
Example:
  shiplog components sha256:5f5f… --all -o csv
"""
COLUMNS = (
    columns.at("name", "name"),
    columns.at("version", "version"),
    columns.at("component", "component"),
    columns.at("kind", "kind"),
    columns.at("scope", "scope"),
    Column("licences", lambda row: ",".join(row["licences"]) or None),
)


@click.command("components", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("artifact", type=parameters.SUBJECT)
@click.option("--evidence", type=parameters.DIGEST, help="Read this SBOM.")
@click.option("--limit", type=parameters.POSITIVE, default=listing.LIMIT, show_default=True, help="How many.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@parameters.known_at
@output.asking
def components(
    *,
    artifact: str,
    evidence: str | None,
    limit: int,
    everything: bool,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """List the components of the ARTIFACT, as an SBOM about it lists them."""
    with client.connected() as api:
        query = {"evidence": evidence, "known_at": instants.resolve_known(known_at, api)}
        path = ("v1", "artifacts", artifact, "components")
        answer = listing.collect(api, path, query, "components", None if everything else limit)
    _hint(answer)
    show(output, orjson.dumps(answer), answer["components"], COLUMNS)


def _hint(answer: Document) -> None:
    hint(client.prefix_of(answer))
    for each in answer["unreadable"]:
        hint(f"cannot read {each['evidence']}: {each['why']}")
    read = answer["read"]
    if read is None:
        hint("no SBOM about it can be read: what is inside is unknown")
        return
    standing = "verified" if read["verified"] else "claimed only: nobody signed it"
    hint(f"{read['format']} {read['specification']} {read['evidence']}, {standing}")
    hint(f"{read['total']} components in it, {len(answer['sboms'])} SBOM(s) about the artifact")
    if answer["next"] is not None:
        hint(f"these are the first {len(answer['components'])}: --limit N, or --all")
    if read["unreadable"]:
        hint(f"{read['unreadable']} entries name nothing that can be read")
