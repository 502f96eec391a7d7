"""Pages of help that belong to no single command."""

from collections.abc import Callable
from dataclasses import fields

import click

from api.cli import exits
from api.cli.lazy import CONTEXT

INSTANTS = """\
Wherever a command takes an INSTANT:

  2026-08-14T12:47:00Z        RFC 3339, with Z or an offset; seconds may be left out
  now, today, yesterday       today and yesterday begin at midnight UTC
  45s ago, 30m ago, 2h ago, 3d ago
  prod#412                    when the 412th change of prod happened (shiplog changes prod)
  prod~1                      when the change before the last one happened

Wherever it takes an environment at a moment: prod, prod@INSTANT, prod#412, prod~1.
--known-at takes an INSTANT or position:N, and says how much of the ledger may be used.
The same question with both clocks given has the same answer for ever.
What an expression came to, in UTC, is said on stderr.
"""


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = [f"{code:>5}  {meaning}" for code, meaning in exits.MEANINGS.items()]
    return "\n".join((" code  meaning", *rows)) + "\n"


def instants() -> str:
    """Return how moments are written."""
    return INSTANTS


def settings() -> str:
    """Return the environment variables that are read."""
    from api.settings import PREFIX, Settings  # noqa: PLC0415 - the other pages do without

    names = "\n".join(f"  {PREFIX}{setting.name.upper()}" for setting in fields(Settings))
    return f"Settings are environment variables, and nothing else:\n\n{names}\n"


PAGES: dict[str, Callable[[], str]] = {
    "exit-codes": exit_codes,
    "instants": instants,
    "settings": settings,
}


@click.command("help", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog help exit-codes")
@click.argument("page", type=click.Choice(list(PAGES)))
def help_(page: str) -> None:
    """Show a page of help."""
    click.echo(PAGES[page](), nl=False)
