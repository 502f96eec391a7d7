"""Webhooks by hand: what they were told, and telling them once more."""

import click
import orjson

from api.cli import client, columns, exits, output, parameters
from api.cli.client import Document
from api.cli.lazy import CONTEXT

COLUMNS = (
    columns.at("number", "number"),
    columns.at("at", "at"),
    columns.at("id", "id"),
    columns.at("status", "status"),
    columns.at("ms", "milliseconds"),
    columns.at("said", "said"),
)
PAGE_SIZE_MAX = 500
LIMIT = 50


@click.command("log", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog webhook log chat --failed")
@click.argument("name", type=parameters.LINE)
@click.option("--failed", is_flag=True, help="Only what was not taken.")
@click.option(
    "--limit",
    type=click.IntRange(1, PAGE_SIZE_MAX),
    default=LIMIT,
    show_default=True,
    help="How many to look at, newest first.",
)
@output.asking
def log(*, name: str, failed: bool, limit: int, output: str) -> None:
    """Show the newest attempts at telling webhook NAME; of each webhook 1000 are kept."""
    _log(name, output, failed=failed, limit=limit)


def _log(name: str, form: str, *, failed: bool, limit: int) -> None:
    with client.connected() as api:
        found = api.ask("v1", "webhooks", name, "deliveries", query={"limit": limit})
    found["deliveries"] = [each for each in found["deliveries"] if not (failed and each["delivered"])]
    if not found["deliveries"]:
        output.hint("no deliveries")
    output.show(form, orjson.dumps(found), found["deliveries"], COLUMNS)


@click.command("test", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog webhook test chat")
@click.argument("name", type=parameters.LINE)
@output.recording
@click.pass_context
def test(ctx: click.Context, *, name: str, output: str) -> None:
    """Send webhook NAME something to try it out, and say what came of it; from the server, if one is set."""
    ctx.exit(_sent(name, "test", {}, output))


@click.command("resume", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog webhook resume chat")
@click.argument("name", type=parameters.LINE)
@output.recording
def resume(*, name: str, output: str) -> None:
    """Go on with webhook NAME at once, with the event at which it stopped."""
    _sent(name, "resume", {}, output)


@click.command(
    "replay",
    context_settings=CONTEXT,
    epilog="""\b
A receiver knows what it has seen by its id, which stays the same.

\b
Example:
  shiplog webhook replay chat --after 1041
  shiplog webhook replay chat --delivery evt_1042_chat
""",
)
@click.argument("name", type=parameters.LINE)
@click.option(
    "--after",
    type=click.IntRange(min=0),
    metavar="POSITION",
    help="Tell it of all that follows, again or not, and of nothing in front of it.",
)
@click.option("--delivery", type=parameters.LINE, metavar="ID", help="Send this one again, now.")
@output.recording
@click.pass_context
def replay(ctx: click.Context, *, name: str, after: int | None, delivery: str | None, output: str) -> None:
    """Tell webhook NAME again."""
    if (after is None) == (delivery is None):
        raise click.UsageError("give one of --after and --delivery")
    ctx.exit(_sent(name, "replay", {"after": after} if delivery is None else {"delivery": delivery}, output))


def _sent(name: str, verb: str, body: Document, form: str) -> int:
    where = client.target("v1", "webhooks", f"{name}:{verb}")
    with client.connected() as api:
        answer = api.post(where, body or b"")
    told = client.read(answer)
    stands, attempt = told["webhook"], told["attempt"]
    if form == "json":
        output.document(answer)
    elif attempt is None:
        output.facts({"told": stands["told"], "behind": stands["behind"], "paused": stands["paused_at"]})
    else:
        output.facts({each: attempt[each] for each in ("id", "status", "milliseconds", "said")})
    return exits.DONE if attempt is None or attempt["delivered"] else exits.UNEXPECTED
