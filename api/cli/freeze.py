"""`shiplog freeze`: for a while nothing is promoted, but in an emergency."""

import click

from api.cli import client, columns, instants, landed, listing, output, parameters
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.output import Column

ENTRIES = {
    "declare": Entry("api.cli.freeze:declare", "Declare a change freeze."),
    "lift": Entry("api.cli.freeze:lift", "End one before its time."),
    "list": Entry("api.cli.freeze:list_", "Which there were, and which hold."),
}
COLUMNS = (
    columns.at("freeze", "freeze"),
    columns.at("name", "name"),
    columns.at("from", "starts_at"),
    columns.at("until", "ends_at"),
    Column("environments", lambda row: ",".join(row["environments"])),
    Column("services", lambda row: ",".join(row["services"])),
    Column("holds", lambda row: "yes" if row["holds"] else "no"),
)


@click.group("freeze", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def freeze() -> None:
    """Say when changes wait. Policies with the rule FRZ-001 keep to it."""


@click.command(
    "declare",
    context_settings=CONTEXT,
    epilog="""\b
Example:
  shiplog freeze declare frz-bf26 --name "Black Friday" --from 2026-11-26T00:00Z --to 2026-12-01T00:00Z \\
    --environment prod
""",
)
@click.argument("id_", metavar="ID", type=parameters.LINE)
@click.option("--name", type=parameters.LINE, required=True, help="What people call it.")
@click.option(
    "--from", "start", type=parameters.INSTANT, metavar="INSTANT", required=True, help="When it starts."
)
@click.option(
    "--to", "end", type=parameters.INSTANT, metavar="INSTANT", required=True, help="When it is over."
)
@click.option(
    "--environment",
    "environments",
    type=parameters.LINE,
    multiple=True,
    help="Where; can be repeated. [default: all]",
)
@click.option(
    "--service",
    "services",
    type=parameters.LINE,
    multiple=True,
    help="Of what; can be repeated. [default: all]",
)
@output.recording
def declare(
    *,
    id_: str,
    name: str,
    start: Moment,
    end: Moment,
    environments: tuple[str, ...],
    services: tuple[str, ...],
    output: str,
) -> None:
    """Declare a change freeze under an ID of its own."""
    with client.connected() as api:
        body = {
            "freeze": id_,
            "name": name,
            "starts_at": instants.resolve(start, api),
            "ends_at": instants.resolve(end, api),
            "environments": list(environments) or ["*"],
            "services": list(services) or ["*"],
        }
        answer = api.post("/v1/freezes", body)
    landed.show(answer, output)


@click.command(
    "lift",
    context_settings=CONTEXT,
    epilog='\b\nExample:\n  shiplog freeze lift frz-bf26 --reason "nobody came"',
)
@click.argument("id_", metavar="ID", type=parameters.LINE)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def lift(*, id_: str, reason: str, output: str) -> None:
    """End the freeze of that ID now."""
    with client.connected() as api:
        answer = api.post(client.target("v1", "freezes", f"{id_}:lift"), {"reason": reason})
    landed.show(answer, output)


@click.command(
    "list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog freeze list --at 2026-11-27T00:00Z"
)
@click.option("--at", "as_of", type=parameters.INSTANT, metavar="INSTANT", help="As of when. [default: now]")
@listing.page_options
@output.asking
def list_(
    *,
    as_of: Moment | None,
    known_at: str | Moment | None,
    limit: int,
    everything: bool,
    output: str,
) -> None:
    """List every freeze that was declared."""
    answer = listing.as_of(("v1", "freezes"), as_of, known_at, None if everything else limit)
    listing.show(output, answer, "freezes", COLUMNS)
