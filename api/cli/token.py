"""`shiplog token`: credentials for jobs, and what becomes of them."""

import click
import orjson

from api.cli import client, listing, output, parameters
from api.cli.access_rows import TOKENS, rows_of
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from domain.errors import MalformedValue


def _id(text: str) -> str:
    if not (text.isascii() and text.isalnum()):
        raise MalformedValue(f"not the id of a token: {text[:60]!r}, which is shown by `shiplog token list`")
    return text


ENTRIES = {
    "exchange": Entry("api.cli.token_exchange:exchange", "A pipeline's own token for one of the ledger."),
    "issue": Entry("api.cli.token_issue:issue", "Make a token, and print it once."),
    "list": Entry("api.cli.token:list_", "Tokens there are and were, without their secrets."),
    "rotate": Entry("api.cli.token_issue:rotate", "Give a token another secret, and print it once."),
    "revoke": Entry("api.cli.token:revoke", "End a token, at once."),
}
PATH = "/v1/access/tokens"
ID = parameters.Text("id", _id)


@click.group("token", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def token() -> None:
    """Let somebody in by a secret. Every token ends, at most a year from now, and may never approve or grant.

    Pipelines with tokens of their platform need none: they exchange those.
    """


@click.command("list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog token list --live")
@click.option("--live", is_flag=True, help="Only those that can be used.")
@click.option("--as-of", type=parameters.INSTANT, metavar="INSTANT", help="The moment. [default: now]")
@parameters.known_at
@output.asking
def list_(*, live: bool, as_of: Moment | None, known_at: str | Moment | None, output: str) -> None:
    """List tokens, at any moment."""
    _list(as_of, known_at, output, live=live)


def _list(as_of: Moment | None, known_at: str | Moment | None, form: str, *, live: bool) -> None:
    found = listing.as_of(("v1", "access", "tokens"), as_of, known_at, None)
    found["tokens"] = [each for each in found["tokens"] if each["live"] or not live]
    output.hint(f"as of: {found['as_of']}")
    output.hint(client.prefix_of(found))
    if not found["tokens"]:
        output.hint("no tokens")
    output.show(form, orjson.dumps(found), rows_of("tokens", found["tokens"]), TOKENS)


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
