"""`shiplog login`: a link that logs a person in once, printed where the ledger's files are."""

import getpass
from collections.abc import Sequence
from dataclasses import replace

import click

from api.cli import client, clock, exits, output, parameters
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT
from api.settings import Settings

ISSUER = "shiplog:local"
"""As `api.people.local` has it, which is not loaded to say so in the help."""
EPILOG = f"""\b
The link is all that is on stdout. Open it in the browser of whoever it is for; it is used up by the
button there, not by looking at it. The record knows them as NAME of {ISSUER}.

\b
Example:
  shiplog access grant auditor ann --issuer {ISSUER} --reason "looks around"
  shiplog login --local --as ann
"""


@click.command("login", context_settings=CONTEXT, epilog=EPILOG)
@click.option("--local", "is_local", is_flag=True, help="Print a link, good once and for ten minutes.")
@click.option(
    "--as",
    "name",
    type=parameters.LINE,
    metavar="NAME",
    help="Who logs in with it. [default: your user name here]",
)
@click.option(
    "--url",
    type=parameters.LINE,
    metavar="URL",
    help="Where the ledger is served. [default: SHIPLOG_PUBLIC_URL, or http:// and SHIPLOG_BIND]",
)
def login(*, is_local: bool, name: str | None, url: str | None) -> None:
    """Log a person in; only who has the ledger's files can, and no password is kept anywhere."""
    settings = client.settings()
    if settings.server:
        raise Failure(
            exits.USAGE,
            f"people log in with a browser, at {settings.server.rstrip('/')}/login; commands send"
            " SHIPLOG_TOKEN. A link is printed where the ledger's files are, with SHIPLOG_SERVER unset",
        )
    if url is not None:
        settings = replace(settings, public_url=url)
    if not is_local:
        raise click.UsageError(
            f"say --local for a link; other ways to log in are at {settings.base_url}/login"
        )
    if settings.base_url.endswith(":0"):
        raise click.UsageError("SHIPLOG_BIND has no port to link to: say --url")
    click.echo(_link(settings, name or getpass.getuser()))


def _link(settings: Settings, name: str) -> str:
    from api import wiring  # noqa: PLC0415 - loads the whole ledger
    from api.people import local  # noqa: PLC0415 - the same

    services = wiring.wire(settings, now=clock.now)
    try:
        offered = services.people.local
        code = offered.offer(name)
        _say_what(name, local.roles_of(offered.named(name), services.ledger))
    finally:
        services.close()
    return f"{settings.base_url}{local.PATH}?code={code}"


def _say_what(name: str, may: Sequence[str]) -> None:
    for each in may:
        output.hint(f"{name} is {each}")
    if not may:
        output.hint(
            f"{name} may do nothing yet: shiplog access grant ROLE {name} --issuer {ISSUER} --reason WHY"
        )
