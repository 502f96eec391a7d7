"""`shiplog diff`: what differs."""

import click

from api.cli import client, clock, columns, exits, instants, output, parameters
from api.cli.client import Client, Query
from api.cli.instants import EnvironmentAt, Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column
from domain import instant

EPILOG = """\b
Example:
  shiplog diff prod@2026-08-14T12:40Z prod@2026-08-14T12:50Z
  shiplog diff prod~1 prod                        the last change
  shiplog diff staging prod                       what is not promoted yet
  shiplog diff staging prod --at yesterday --exit-code
"""
COLUMNS = (
    columns.at("service", "service"),
    columns.at("slot", "slot"),
    columns.at("contrast", "contrast"),
    columns.at("kind", "kind"),
    Column("before", lambda row: columns.release(row["before"])),
    Column("after", lambda row: columns.release(row["after"])),
    Column("build before", lambda row: columns.version(row["before"])),
    Column("build after", lambda row: columns.version(row["after"])),
    columns.at("commit before", "before", "build", "source", "commit"),
    columns.at("commit after", "after", "build", "source", "commit"),
    columns.at("config before", "before", "config", "version"),
    columns.at("config after", "after", "config", "version"),
)


@click.command("diff", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("before", type=parameters.ENVIRONMENT_AT, metavar="ENVIRONMENT[@INSTANT]")
@click.argument("after", type=parameters.ENVIRONMENT_AT, metavar="ENVIRONMENT[@INSTANT]")
@click.option(
    "--at",
    "as_of",
    type=parameters.INSTANT,
    metavar="INSTANT",
    help="Compare two environments at this moment.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help=f"Exit with {exits.DIFFERENCE} when something differs, or nobody can tell.",
)
@parameters.known_at
@output.asking
@click.pass_context
def diff(
    ctx: click.Context,
    *,
    before: EnvironmentAt,
    after: EnvironmentAt,
    as_of: Moment | None,
    exit_code: bool,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Show what differs between two moments of an environment, or between two environments."""
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        if before.environment == after.environment:
            query = _two_moments(api, before, after, as_of, known)
        else:
            query = _two_environments(api, before, after, as_of, known)
        answer = api.get("v1", "environments", before.environment, "diff", query=query)
    differs = show(answer, output)
    ctx.exit(exits.DIFFERENCE if exit_code and differs else exits.DONE)


def show(answer: bytes, form: str) -> bool:
    """Print a comparison; return whether anything differs, or whether nobody can tell."""
    compared = client.read(answer)
    for side in ("before", "after"):
        output.hint(f"{side}: {compared[side]['environment']} as of {compared[side]['as_of']}")
        for stretch in compared[side]["unknown"]:
            output.hint(f"{side}: unknown, {stretch['why']}")
    output.hint(client.prefix_of(compared))
    output.hint(f"{len(compared['differing'])} differ, {compared['same']} are the same")
    output.show(form, answer, compared["differing"], COLUMNS)
    return bool(compared["differing"] or compared["before"]["unknown"] or compared["after"]["unknown"])


def _two_moments(
    api: Client, before: EnvironmentAt, after: EnvironmentAt, as_of: Moment | None, known: str | None
) -> Query:
    if as_of is not None:
        raise click.UsageError("--at is for two environments; write the moments as prod@INSTANT")
    if before.moment is None and after.moment is None:
        raise click.UsageError("that is the same environment at the same moment; write prod@INSTANT")
    start = instants.resolve(before.moment, api, known_at=known) or instant.text(clock.now())
    return {"from": start, "to": instants.resolve(after.moment, api, known_at=known), "known_at": known}


def _two_environments(
    api: Client, before: EnvironmentAt, after: EnvironmentAt, as_of: Moment | None, known: str | None
) -> Query:
    given = [moment for moment in (before.moment, after.moment, as_of) if moment is not None]
    told = {instants.resolve(moment, api, known_at=known) for moment in given}
    if len(told) > 1 or (given and as_of is None and len(given) == 1):
        raise click.UsageError("two environments are compared at one moment; give it as --at")
    return {"against": after.environment, "as_of": next(iter(told), None), "known_at": known}
