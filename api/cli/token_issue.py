"""`shiplog token issue` and `rotate`: what gives a token a secret, and prints it once."""

from datetime import timedelta

import click

from api.cli import client, clock, exits, output, parameters
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT
from api.cli.reaching import reach_options, reaching
from api.cli.token import ID, PATH
from domain import instant
from domain.access.scopes import FOR_PEOPLE, Scope

ACCOUNTS = "shiplog:account"
"""Who vouches for a holder that is known to nobody else: this ledger itself."""
LIFE = 90 * 86_400
SCOPES = sorted(scope.value for scope in set(Scope) - FOR_PEOPLE)


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
