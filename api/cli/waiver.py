"""`shiplog waiver`: a violation of a policy is accepted for a while, by people who answer for it."""

import click

from api.cli import client, columns, instants, landed, listing, output, parameters
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.output import Column

ENTRIES = {
    "request": Entry("api.cli.waiver:request", "Ask for one."),
    "approve": Entry("api.cli.waiver:approve", "Approve what somebody else asked for."),
    "revoke": Entry("api.cli.waiver:revoke", "End one, or what was asked for."),
    "list": Entry("api.cli.waiver:list_", "Which there were, and what became of them."),
}
COLUMNS = (
    columns.at("number", "number"),
    columns.at("state", "state"),
    columns.at("rule", "rule"),
    columns.at("term", "term"),
    Column("environments", lambda row: ",".join(row["environments"])),
    Column("services", lambda row: ",".join(row["services"])),
    columns.at("until", "expires_at"),
    columns.at("asked by", "requested_by", "subject"),
    Column("approved by", lambda row: ",".join(each["subject"] for each in row["approved_by"]) or None),
    columns.at("ticket", "ticket"),
)


@click.group("waiver", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def waiver() -> None:
    """Accept a violation for a while. How long, and by how many, is said by the policy it is of."""


@click.command(
    "request",
    context_settings=CONTEXT,
    epilog="""\b
Example:
  shiplog waiver request VULN-001 CVE-2026-10001 --environment prod --service payments-api \\
    --until 2026-12-20T00:00Z --ticket SEC-7 --reason "not reachable"
""",
)
@click.argument("rule", type=parameters.LINE)
@click.argument("term", type=parameters.LINE)
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
@click.option("--artifact", type=parameters.DIGEST, help="Only of these bytes.")
@click.option("--until", type=parameters.INSTANT, metavar="INSTANT", required=True, help="When it is over.")
@click.option("--ticket", type=parameters.LINE, required=True, help="Where it is written about.")
@click.option("--reason", type=parameters.LINE, required=True, help="Why it is acceptable.")
@output.recording
def request(
    *,
    rule: str,
    term: str,
    environments: tuple[str, ...],
    services: tuple[str, ...],
    artifact: str | None,
    until: Moment,
    ticket: str,
    reason: str,
    output: str,
) -> None:
    """Ask that the violation TERM of a RULE be accepted; `*` is every one of the rule."""
    with client.connected() as api:
        body = landed.body(
            rule=rule,
            term=term,
            environments=list(environments) or ["*"],
            services=list(services) or ["*"],
            artifact=artifact,
            expires_at=instants.resolve(until, api),
            ticket=ticket,
            reason=reason,
        )
        answer = api.post("/v1/waivers", body)
    landed.show(answer, output, hint="waiver {number}: shiplog waiver approve {number}")


@click.command(
    "approve", context_settings=CONTEXT, epilog='\b\nExample:\n  shiplog waiver approve 3 --reason "seen"'
)
@click.argument("number", type=parameters.POSITIVE)
@click.option("--reason", type=parameters.LINE, help="Why, for whoever asks later.")
@output.recording
def approve(*, number: int, reason: str | None, output: str) -> None:
    """Approve the waiver of that NUMBER, which somebody else asked for."""
    with client.connected() as api:
        answer = api.post(f"/v1/waivers/{number}:approve", landed.body(reason=reason))
    landed.show(answer, output)


@click.command(
    "revoke", context_settings=CONTEXT, epilog='\b\nExample:\n  shiplog waiver revoke 3 --reason "mended"'
)
@click.argument("number", type=parameters.POSITIVE)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def revoke(*, number: int, reason: str, output: str) -> None:
    """End the waiver of that NUMBER."""
    with client.connected() as api:
        answer = api.post(f"/v1/waivers/{number}:revoke", {"reason": reason})
    landed.show(answer, output)


@click.command("list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog waiver list -o md")
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
    """List every waiver that was asked for."""
    answer = listing.as_of(("v1", "waivers"), as_of, known_at, None if everything else limit)
    listing.show(output, answer, "waivers", COLUMNS)
