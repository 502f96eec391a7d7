"""`shiplog drift`: where an environment does not run what was released and deployed."""

import click

from api.cli import client, columns, exits, instants, output, parameters
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column

EPILOG = f"""\b
Exits with {exits.DIFFERENCE} when anything is found, and with {exits.DONE} when nothing is.

\b
observed-not-released   a slot runs artifacts that no release of its target contains
released-not-observed   a release is deployed, and whoever looked since does not list it
differs                 a slot runs the build of another release than the one deployed
dated-before-release    a deployment is dated before its release was cut
unknown                 nobody reports on the environment

\b
Example:
  shiplog drift prod
  shiplog drift prod --at 2026-03-01T03:20Z --known-at 2026-03-02T00:00Z -o csv
"""
COLUMNS = (
    columns.at("kind", "kind"),
    columns.at("service", "service"),
    columns.at("slot", "slot"),
    columns.at("since", "since"),
    columns.at("seen at", "seen_at"),
    columns.at("observer", "observer"),
    columns.at("release", "release"),
    columns.at("runs", "runs"),
    columns.at("build", "build"),
    columns.at("why", "why"),
    Column("observed", lambda row: ",".join(row["observed"]) or None),
    columns.at("position", "position"),
)


@click.command("drift", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("environment", type=parameters.ENVIRONMENT)
@click.option("--at", "as_of", type=parameters.INSTANT, metavar="INSTANT", help="The moment. [default: now]")
@parameters.known_at
@output.asking
@click.pass_context
def drift(
    ctx: click.Context,
    *,
    environment: str,
    as_of: Moment | None,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Find where what was observed in an ENVIRONMENT, released and deployed do not agree."""
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        query = {"as_of": instants.resolve(as_of, api, known_at=known), "known_at": known}
        answer = api.get("v1", "environments", environment, "drift", query=query)
    ctx.exit(exits.DIFFERENCE if show(answer, output) else exits.DONE)


def show(answer: bytes, form: str) -> bool:
    """Print the findings; return whether there are any."""
    found = client.read(answer)
    output.hint(f"as of: {found['as_of']}")
    output.hint(client.prefix_of(found))
    output.hint(f"{found['total']} findings" if found["total"] else "no drift")
    if found["total"] > len(found["findings"]):
        output.hint(f"these are the first {len(found['findings'])}")
    output.show(form, answer, found["findings"], COLUMNS)
    return bool(found["total"])
