"""`shiplog access`: who may do what, who gave it to them, and changing that."""

import click
import orjson

from api.cli import client, files, instants, listing, output, parameters
from api.cli.access_rows import KINDS, rows_of
from api.cli.client import Document
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.reaching import reach_options, reaching
from domain.access.roles import Role

ENTRIES = {
    "list": Entry("api.cli.access:list_", "Grants, issuers, bindings, links or proposals, at any moment."),
    "grant": Entry("api.cli.access:grant", "Propose that somebody gets a role."),
    "revoke": Entry("api.cli.access:revoke", "End a grant, at once."),
    "propose": Entry("api.cli.access:propose", "Propose any change: of an issuer, a binding, a link, …"),
    "confirm": Entry("api.cli.access:confirm", "Agree to what somebody else proposed."),
    "reject": Entry("api.cli.access:reject", "Turn down what was proposed, or take it back."),
    "forget": Entry("api.cli.access_people:forget", "Erase the name that somebody is known by."),
    "end-sessions": Entry("api.cli.access_people:end_sessions", "Log somebody out, in every browser."),
}
PROPOSALS = "/v1/access/proposals"


@click.group("access", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def access() -> None:
    """Say who may do what. A change that gives something waits for a second person; all of it is recorded.

    Without SHIPLOG_SERVER you are the local operator, who has the ledger's files and needs nobody.
    """


@click.command("list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog access list bindings")
@click.argument("kind", type=click.Choice(list(KINDS)), default="grants")
@click.option("--as-of", type=parameters.INSTANT, metavar="INSTANT", help="The moment. [default: now]")
@parameters.known_at
@output.asking
def list_(*, kind: str, as_of: Moment | None, known_at: str | Moment | None, output: str) -> None:
    """List what is in force of one KIND, or the proposals that wait."""
    _list(kind, as_of, known_at, output)


def _list(kind: str, as_of: Moment | None, known_at: str | Moment | None, form: str) -> None:
    found = listing.as_of(("v1", "access", kind), as_of, known_at, None)
    output.hint(f"as of: {found['as_of']}")
    output.hint(client.prefix_of(found))
    if not found[kind]:
        output.hint(f"no {kind}")
    output.show(form, orjson.dumps(found), rows_of(kind, found[kind]), KINDS[kind])


@click.command(
    "grant",
    context_settings=CONTEXT,
    epilog="""\b
Example:
  shiplog access grant admin 00u1 --issuer https://sso.example --reason "runs the ledger"
  shiplog access grant approver release-team --group --issuer https://sso.example
      --service "payments-*" --environment prod --reason "on call for payments"
""",
)
@click.argument("role", type=click.Choice([each.value for each in Role]))
@click.argument("subject", type=parameters.LINE)
@click.option("--issuer", type=parameters.LINE, required=True, help="Who vouches for SUBJECT at a login.")
@click.option("--group", "is_group", is_flag=True, help="SUBJECT is a group: everyone who is in it.")
@reach_options
@click.option(
    "--since", type=parameters.INSTANT, metavar="INSTANT", help="When it begins. [default: at once]"
)
@click.option("--until", type=parameters.INSTANT, metavar="INSTANT", help="When it ends. [default: never]")
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def grant(
    *,
    role: str,
    subject: str,
    issuer: str,
    is_group: bool,
    services: tuple[str, ...],
    environments: tuple[str, ...],
    since: Moment | None,
    until: Moment | None,
    reason: str,
    output: str,
) -> None:
    """Propose that SUBJECT gets ROLE."""
    named = {"group": {"issuer": issuer, "name": subject}}
    if not is_group:
        named = {"holder": {"issuer": issuer, "subject": subject}}
    with client.connected() as api:
        times = {"since": instants.resolve(since, api), "until": instants.resolve(until, api)}
        said = {"role": role, **named, **reaching(services, environments), **times}
        change = {"grant": {name: value for name, value in said.items() if value is not None}}
        answer = api.post(PROPOSALS, {**change, "reason": reason})
    show_proposed(answer, output)


@click.command(
    "revoke",
    context_settings=CONTEXT,
    epilog='\b\nExample:\n  shiplog access revoke 12 --reason "left the company"',
)
@click.argument("number", type=parameters.POSITIVE)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def revoke(*, number: int, reason: str, output: str) -> None:
    """End the grant of that NUMBER; for this nobody else is needed."""
    with client.connected() as api:
        answer = api.post(PROPOSALS, {"revoke_grant": {"number": number}, "reason": reason})
    show_proposed(answer, output)


@click.command(
    "propose",
    context_settings=CONTEXT,
    epilog="""\b
FILE holds one JSON object with one member: grant, revoke_grant, issuer, drop_issuer, binding,
remove_binding, link, unlink, webhook, remove_webhook, bot or not_bot, as /openapi.json describes them
and docs/operating.md shows.

\b
Example:
  shiplog access propose binding.json --reason "payments reports its own builds"
""",
)
@click.argument("file", type=parameters.INPUT)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def propose(*, file: str, reason: str, output: str) -> None:
    """Propose the change in FILE (- is stdin)."""
    change = files.read_json(file)
    if not isinstance(change, dict):
        raise click.UsageError(f"{file}: expected a JSON object")
    with client.connected() as api:
        answer = api.post(PROPOSALS, {**change, "reason": reason})
    show_proposed(answer, output)


@click.command("confirm", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog access confirm 12")
@click.argument("number", type=parameters.POSITIVE)
@click.option("--reason", type=parameters.LINE, help="Why, for whoever asks later.")
@output.recording
def confirm(*, number: int, reason: str | None, output: str) -> None:
    """Agree to proposal NUMBER, which holds from then on. Whoever proposed it cannot."""
    _settle(number, {"confirmed": True, "reason": reason}, output)


@click.command(
    "reject",
    context_settings=CONTEXT,
    epilog='\b\nExample:\n  shiplog access reject 12 --reason "she is on another team"',
)
@click.argument("number", type=parameters.POSITIVE)
@click.option("--reason", type=parameters.LINE, help="Why, for whoever asks later.")
@output.recording
def reject(*, number: int, reason: str | None, output: str) -> None:
    """Turn proposal NUMBER down; whoever proposed it takes it back."""
    _settle(number, {"confirmed": False, "reason": reason}, output)


def _settle(number: int, said: Document, form: str) -> None:
    body = {name: value for name, value in said.items() if value is not None}
    with client.connected() as api:
        answer = api.post(f"{PROPOSALS}/{number}:settle", body)
    if form == "json":
        output.document(answer)
        return
    told = client.read(answer)
    output.facts({"position": told["position"], "recorded": told["recorded_at"], "digest": told["digest"]})


def show_proposed(answer: bytes, form: str) -> None:
    """Print what became of a proposal."""
    told = client.read(answer)
    number = told["number"]
    output.hint(
        f"it waits: somebody else runs shiplog access confirm {number}" if told["waits"] else "it holds"
    )
    if form == "json":
        output.document(answer)
        return
    recorded = told["recorded"]
    output.facts({"number": number, "position": recorded["position"], "recorded": recorded["recorded_at"]})
