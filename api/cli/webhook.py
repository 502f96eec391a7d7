"""`shiplog webhook`: have others told of events, and see whether they are."""

import click
import orjson

from api.cli import client, columns, exits, output, parameters
from api.cli.access import PROPOSALS, show_proposed
from api.cli.access_rows import reach
from api.cli.client import Client, Document
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.reaching import reach_options, reaching

ENTRIES = {
    "add": Entry("api.cli.webhook:add", "Propose that somebody is told of events."),
    "list": Entry("api.cli.webhook:list_", "Who is told of what, how far, and what went wrong."),
    "remove": Entry("api.cli.webhook:remove", "Have somebody told no more, at once."),
    "key": Entry("api.cli.webhook:key", "The keys that a receiver verifies with; give it another."),
    "log": Entry("api.cli.webhook_again:log", "What a webhook was told, and how it answered."),
    "test": Entry("api.cli.webhook_again:test", "Send something to try it out, now."),
    "resume": Entry("api.cli.webhook_again:resume", "Go on with one that was paused."),
    "replay": Entry("api.cli.webhook_again:replay", "Tell it again, of one event or from a position on."),
}
COLUMNS = (
    columns.at("name", "name"),
    columns.at("url", "url"),
    columns.at("sees", "sees"),
    columns.at("topics", "topics"),
    columns.at("told", "told"),
    columns.at("behind", "behind"),
    columns.at("state", "state"),
)
SEEING = ("read", "access:read")


@click.group("webhook", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def webhook() -> None:
    """Have others told that something was recorded, by Standard Webhooks, signed with ed25519.

    `shiplog serve` tells them. Adding one is a change of access: a second admin confirms it.
    """


@click.command(
    "add",
    context_settings=CONTEXT,
    epilog="""\b
URL is https. Added again under the same NAME, it goes on where it was, with what it is then.

\b
Example:
  shiplog webhook add chat https://hooks.example/shiplog --environment prod
      --topic deployment-succeeded.v1 --topic deployment-failed.v1 --reason "the team wants to know"
""",
)
@click.argument("name", type=parameters.LINE)
@click.argument("url", type=parameters.LINE)
@click.option(
    "--topic",
    "topics",
    type=parameters.LINE,
    multiple=True,
    help="Of these events only, as removed.v1; may be repeated. [default: of all]",
)
@click.option(
    "--see",
    "scopes",
    type=click.Choice(SEEING),
    multiple=True,
    default=("read",),
    show_default=True,
    help="What it may see: what is recorded of services, or who may do what; may be repeated.",
)
@reach_options
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def add(
    *,
    name: str,
    url: str,
    topics: tuple[str, ...],
    scopes: tuple[str, ...],
    services: tuple[str, ...],
    environments: tuple[str, ...],
    reason: str,
    output: str,
) -> None:
    """Propose that URL is told of events, as webhook NAME."""
    said = {"name": name, "url": url, "topics": list(topics), "scopes": list(scopes)}
    with client.connected() as api:
        key = next((each["key"] for each in listed(api) if each["name"] == name), 1)
        change = {"webhook": {**said, "key": key, **reaching(services, environments)}}
        answer = api.post(PROPOSALS, {**change, "reason": reason})
    show_proposed(answer, output)


@click.command("list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog webhook list")
@output.asking
def list_(*, output: str) -> None:
    """List webhooks; behind is how many events a webhook has yet to be told of, or passed over."""
    _list(output)


def _list(form: str) -> None:
    with client.connected() as api:
        found = api.ask("v1", "webhooks")
    output.hint(client.prefix_of(found))
    if not found["webhooks"]:
        output.hint("no webhooks")
    rows = [{**each, **_texts(each)} for each in found["webhooks"]]
    output.show(form, orjson.dumps(found), rows, COLUMNS)


@click.command(
    "remove",
    context_settings=CONTEXT,
    epilog='\b\nExample:\n  shiplog webhook remove chat --reason "the team has moved"',
)
@click.argument("name", type=parameters.LINE)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def remove(*, name: str, reason: str, output: str) -> None:
    """End the webhook NAME; for this nobody else is needed."""
    with client.connected() as api:
        answer = api.post(PROPOSALS, {"remove_webhook": {"name": name}, "reason": reason})
    show_proposed(answer, output)


@click.command(
    "key",
    context_settings=CONTEXT,
    epilog="""\b
A receiver verifies with any of them; the first is the one that lasts. With --rotate it gets another,
and for seven days after that was confirmed both sign.

\b
Example:
  shiplog webhook key chat
  shiplog webhook key chat --rotate --reason "once a year"
""",
)
@click.argument("name", type=parameters.LINE)
@click.option("--rotate", is_flag=True, help="Propose that it signs with another key.")
@click.option("--reason", type=parameters.LINE, help="Why, for whoever asks later; with --rotate.")
@output.recording
def key(*, name: str, rotate: bool, reason: str | None, output: str) -> None:
    """Print the public keys that the receiver of webhook NAME verifies with."""
    if rotate is (reason is None):
        raise click.UsageError("--rotate and --reason go together")
    with client.connected() as api:
        known = next((each for each in listed(api) if each["name"] == name), None)
        if known is None:
            raise Failure(exits.NOT_FOUND, f"there is no webhook {name!r}")
        if rotate:
            said = {each: known[each] for each in ("name", "url", "topics", "scopes")}
            change = {"webhook": {**said, **known["reach"], "key": known["key"] + 1}}
            answer = api.post(PROPOSALS, {**change, "reason": reason})
    if rotate:
        show_proposed(answer, output)
    else:
        _show_keys(known, output)


def listed(api: Client) -> list[Document]:
    """Return the webhooks there are."""
    found: list[Document] = api.ask("v1", "webhooks")["webhooks"]
    return found


def _show_keys(known: Document, form: str) -> None:
    if form == "json":
        output.document(orjson.dumps({"name": known["name"], "public_keys": known["public_keys"]}))
        return
    for each in known["public_keys"]:
        click.echo(each)


def _texts(each: Document) -> Document:
    state = "told"
    if each["paused_at"] is not None:
        state = f"paused: {each['paused_why']}"
    elif each["failures"]:
        state = f"failed {each['failures']} times, next at {each['next_at']}"
    elif each["told"] is None:
        state = "not begun"
    sees = f"{', '.join(each['scopes'])}: {reach(each['reach'])}"
    return {"sees": sees, "topics": ", ".join(each["topics"]) or "all", "state": state}
