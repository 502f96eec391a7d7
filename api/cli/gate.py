"""`shiplog gate`: what the policy in force says of a release, in words and in a number."""

import click
import orjson

from api.cli import client, exits, gate_forms, parameters
from api.cli.client import Document
from api.cli.lazy import CONTEXT
from api.cli.output import document, hint, table
from domain.target import Target

FORMS = ("table", "json", "md", "junit", "sarif")
CODES = {
    "allow": exits.DONE,
    "deny": exits.DENY,
    "pending": exits.PENDING,
    "indeterminate": exits.UNDECIDED,
}
EPILOG = f"""\b
Exits with {exits.DONE} for allow, {exits.DENY} for deny, {exits.PENDING} for pending,
{exits.UNDECIDED} when it cannot be decided, {exits.UNAVAILABLE} when nobody answers. A policy in dry run
says what it would, and exits with {exits.DONE}.

\b
Example:
  shiplog gate payments-api@prod#42 --from-environment staging --explain
  shiplog gate payments-api@prod#42 -o md >> "$GITHUB_STEP_SUMMARY"
"""


@click.command("gate", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("release", metavar="TARGET#N", type=parameters.RELEASE)
@click.option("--from-environment", type=parameters.ENVIRONMENT, help="Where it has to have run before.")
@click.option("--reason", type=parameters.LINE, help="Why it is to run there.")
@click.option("--ticket", type=parameters.LINE, help="Where that was asked for.")
@click.option("--emergency", is_flag=True, help="It cannot wait for a freeze to end.")
@click.option("--explain", is_flag=True, help="Tell of every rule, and show the facts on stderr.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(FORMS),
    default="table",
    show_default=True,
    help="json is one document.",
)
@click.pass_context
def gate(
    ctx: click.Context,
    *,
    release: tuple[Target, int],
    from_environment: str | None,
    reason: str | None,
    ticket: str | None,
    emergency: bool,
    explain: bool,
    output: str,
) -> None:
    """Ask what the policy in force says of release N of a TARGET. Nothing is recorded."""
    target, number = release
    said = {
        "target": str(target),
        "release": number,
        "from_environment": from_environment,
        "reason": reason,
        "ticket": ticket,
        "emergency": emergency,
        "facts": explain,
    }
    with client.connected() as api:
        body = {name: value for name, value in said.items() if value is not None}
        answer = client.read(api.post("/v1/gate:evaluate", body))
    if output == "json":
        document(orjson.dumps(answer))
    else:
        _tell(answer, f"{target}#{number}", output, explain=explain)
    ctx.exit(exits.DONE if answer["permits"] else CODES.get(answer["verdict"], exits.UNDECIDED))


def _tell(answer: Document, release: str, form: str, *, explain: bool) -> None:
    if form != "table":
        click.echo(gate_forms.WRITERS[form](answer, release), nl=False)
        return
    hint(client.prefix_of(answer))
    if answer["policy"] is not None:
        hint(f"policy {answer['policy']['set']}, {answer['policy']['digest']}")
    if explain and answer["facts"] is not None:
        hint(orjson.dumps(answer["facts"], option=orjson.OPT_INDENT_2).decode())
    click.echo(f"{answer['verdict']}: {release}")
    if answer["because"]:
        click.echo(f"  {answer['because']}")
    rules = [each for each in answer["rules"] if explain or each["status"] not in ("pass", "skip")]
    if rules:
        click.echo(table([[each["status"], each["rule"], each["title"]] for each in rules]), nl=False)
    for each in rules:
        for line in gate_forms.reasons(each):
            click.echo(f"{each['rule']}: {line}")
