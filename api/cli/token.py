"""`shiplog token`: credentials for jobs that their platform gives none."""

from datetime import timedelta

import click
import orjson

from api.cli import client, clock, exits, instants, output, parameters
from api.cli.access_rows import TOKENS, rows_of
from api.cli.exits import Failure
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.listing import collect
from api.cli.reaching import reach_options, reaching
from domain import instant
from domain.access.scopes import FOR_PEOPLE, Scope
from domain.errors import MalformedValue


def _id(text: str) -> str:
    if not (text.isascii() and text.isalnum()):
        raise MalformedValue(f"not the id of a token: {text[:60]!r}, which is shown by `shiplog token list`")
    return text


ENTRIES = {
    "issue": Entry("api.cli.token:issue", "Make a token, and print it once."),
    "list": Entry("api.cli.token:list_", "Tokens there are and were, without their secrets."),
    "rotate": Entry("api.cli.token:rotate", "Give a token another secret, and print it once."),
    "revoke": Entry("api.cli.token:revoke", "End a token, at once."),
}
PATH = "/v1/access/tokens"
ACCOUNTS = "shiplog:account"
"""Who vouches for a holder that is known to nobody else: this ledger itself."""
LIFE = 90 * 86_400
SCOPES = sorted(scope.value for scope in set(Scope) - FOR_PEOPLE)
ID = parameters.Text("id", _id)


@click.group("token", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def token() -> None:
    """Let somebody in by a secret. Every token ends, at most a year from now, and may never approve or grant.

    Pipelines with tokens of their platform need none: see `shiplog access propose`.
    """


@click.command(
    "issue",
    context_settings=CONTEXT,
    epilog=f"""\b
The token is all that is on stdout; it is not kept anywhere, so put it where it is used.

SCOPE is one of {", ".join(SCOPES)}.

\b
Example:
  shiplog token issue ci --scope report:build --scope report:deployment --service payments-api
  SHIPLOG_TOKEN=$(shiplog token issue me --scope read --for 1d)
""",
)
@click.argument("name", type=parameters.NAME)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    metavar="SCOPE",
    multiple=True,
    required=True,
    help="What it allows; may be repeated.",
)
@reach_options
@click.option(
    "--for",
    "seconds",
    type=parameters.DURATION,
    default=LIFE,
    metavar="DURATION",
    help="How long it is good, at most 365d. [default: 90d]",
)
@click.option(
    "--network",
    "networks",
    type=parameters.LINE,
    multiple=True,
    metavar="CIDR",
    help="From where it may be used: 10.0.0.0/8; may be repeated. [default: anywhere]",
)
@click.option("--holder", type=parameters.LINE, help="Who acts when it is used. [default: NAME]")
@click.option(
    "--issuer",
    type=parameters.LINE,
    default=ACCOUNTS,
    show_default=True,
    help="Who vouches for the holder: that of a login, if it is a person.",
)
@output.recording
def issue(
    *,
    name: str,
    scopes: tuple[str, ...],
    services: tuple[str, ...],
    environments: tuple[str, ...],
    seconds: int,
    networks: tuple[str, ...],
    holder: str | None,
    issuer: str,
    output: str,
) -> None:
    """Make a token called NAME."""
    body = {
        "name": name,
        "holder": {"issuer": issuer, "subject": holder or name},
        "scopes": list(scopes),
        **reaching(services, environments),
        "expires_at": _end(seconds),
        "networks": list(networks),
    }
    with client.connected() as api:
        answer = api.post(PATH, body)
    _show_secret(answer, output)


@click.command("list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog token list --live")
@click.option("--live", is_flag=True, help="Only those that can be used.")
@click.option("--as-of", type=parameters.INSTANT, metavar="INSTANT", help="The moment. [default: now]")
@parameters.known_at
@output.asking
def list_(*, live: bool, as_of: Moment | None, known_at: str | Moment | None, output: str) -> None:
    """List tokens, at any moment."""
    _list(as_of, known_at, output, live=live)


def _list(as_of: Moment | None, known_at: str | Moment | None, form: str, *, live: bool) -> None:
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        asked = {"as_of": instants.resolve(as_of, api, known_at=known), "known_at": known}
        found = collect(api, ("v1", "access", "tokens"), asked, "tokens", None)
    found["tokens"] = [each for each in found["tokens"] if each["live"] or not live]
    output.hint(f"as of: {found['as_of']}")
    output.hint(client.prefix_of(found))
    if not found["tokens"]:
        output.hint("no tokens")
    output.show(form, orjson.dumps(found), rows_of("tokens", found["tokens"]), TOKENS)


@click.command(
    "rotate",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog token rotate Rk3v9QzT1aBc --grace 1h",
)
@click.argument("id_", metavar="ID", type=ID)
@click.option(
    "--grace",
    type=parameters.DURATION,
    default=0,
    metavar="DURATION",
    help="How long the secret before stays good, at most 7d. [default: not at all]",
)
@click.option(
    "--for",
    "seconds",
    type=parameters.DURATION,
    metavar="DURATION",
    help="How long it is good from now on. [default: until it would have ended]",
)
@output.recording
def rotate(*, id_: str, grace: int, seconds: int | None, output: str) -> None:
    """Give the token ID another secret."""
    body: dict[str, object] = {"grace_seconds": grace}
    if seconds is not None:
        body["expires_at"] = _end(seconds)
    with client.connected() as api:
        answer = api.post(client.target("v1", "access", "tokens", f"{id_}:rotate"), body)
    _show_secret(answer, output)


@click.command(
    "revoke",
    context_settings=CONTEXT,
    epilog='\b\nExample:\n  shiplog token revoke Rk3v9QzT1aBc --reason "it was in a log"',
)
@click.argument("id_", metavar="ID", type=ID)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def revoke(*, id_: str, reason: str, output: str) -> None:
    """End the token ID."""
    with client.connected() as api:
        answer = api.post(client.target("v1", "access", "tokens", f"{id_}:revoke"), {"reason": reason})
    _show_end(answer, output)


def _show_end(answer: bytes, form: str) -> None:
    if form == "json":
        output.document(answer)
        return
    told = client.read(answer)
    output.facts({"position": told["position"], "recorded": told["recorded_at"], "digest": told["digest"]})


def _show_secret(answer: bytes, form: str) -> None:
    told = client.read(answer)
    known = told["token"]
    output.hint(f"token {known['id']}, until {known['expires_at']}; it is shown this once")
    if form == "json":
        output.document(answer)
        return
    if told["secret"] is None:
        raise Failure(exits.CONFLICT, f"the secret of {known['id']} was told before: rotate it")
    click.echo(told["secret"])


def _end(seconds: int) -> str:
    return instant.text(clock.now() + timedelta(seconds=seconds))
