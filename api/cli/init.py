"""`shiplog init`: an empty ledger and its keys."""

import click
import orjson

from api.cli import client, clock, output
from api.cli.lazy import CONTEXT


@click.command("init", context_settings=CONTEXT, epilog="\b\nExample:\n  SHIPLOG_HOME=./ledger shiplog init")
@click.option(
    "--trust-root/--no-trust-root",
    default=True,
    show_default=True,
    help="Trust Sigstore's public instance, as the installed sigstore package knows it; asks no network.",
)
@output.recording
def init(*, trust_root: bool, output: str) -> None:
    """Make whatever the ledger lacks: its keys, its database, its first event, a table of builders.

    Safe to repeat: nothing that is there is replaced.
    """
    settings = client.local_settings("init")
    from api import first_trust, wiring  # noqa: PLC0415 - loads the whole ledger

    made = wiring.initialise(settings, now=clock.now)
    made += first_trust.give(settings, root=trust_root, now=clock.now)
    _show(str(settings.home), made, output)


def _show(home: str, made: list[str], form: str) -> None:
    if form == "json":
        output.document(orjson.dumps({"home": home, "made": made}))
        return
    for each in made:
        click.echo(f"made {each}")
    if made:
        output.hint("keep the keys folder private and backed up: without it nothing more can be recorded")
    else:
        click.echo(f"everything was there, in {home}")
