"""`shiplog events`: the record itself, event by event, and what is added to it."""

from collections.abc import Iterator

import click
import orjson

from api.cli import client, clock, output, parameters
from api.cli.client import Client, Document, Query, Refused
from api.cli.lazy import CONTEXT
from api.cli.patience import persist

PAGE_EVENTS = 500
WAIT_SECONDS = 25
PAUSE_SECONDS = 5
"""Between questions while the server has no place for another who waits."""
WIDTHS = (8, 27, 26, 0)

EPILOG = """\b
Example:
  shiplog events --follow --service payments-api
  shiplog events --follow --after 1042 -o jsonl | ./what-happens-then
"""


@click.command("events", context_settings=CONTEXT, epilog=EPILOG)
@click.option(
    "--after",
    type=parameters.WHOLE,
    default=0,
    show_default=True,
    metavar="POSITION",
    help="Only what follows it.",
)
@click.option("--follow", is_flag=True, help="Go on with what is recorded from now on, until Ctrl-C.")
@click.option("--topic", type=parameters.LINE, help="Only of this topic, such as removed.v1.")
@click.option("--service", type=parameters.SERVICE, help="Only about its builds and targets.")
@click.option("--environment", type=parameters.ENVIRONMENT, help="Only about it and its targets.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(("table", "jsonl")),
    default="table",
    show_default=True,
    help="jsonl has the signed bytes as well.",
)
def events(
    *, after: int, follow: bool, topic: str | None, service: str | None, environment: str | None, form: str
) -> None:
    """List events that you may see, in the ledger's order: one a line, oldest first.

    It ends by saying how far it looked, so that --after goes on from there.
    """
    wanted = {"topic": topic, "service": service, "environment": environment}
    through = after
    with client.connected() as api:
        try:
            for page in _pages(api, {**wanted, "after": after, "limit": PAGE_EVENTS}, follow=follow):
                _show(page["events"], form)
                through = page["through"]
        finally:
            output.hint(f"looked through to position {through}; go on with --after {through}")


def _pages(api: Client, query: Query, *, follow: bool) -> Iterator[Document]:
    """Yield answers up to the head, each going on where the one before ended; then wait for more."""
    asked = dict(query)
    while True:
        page = persist(lambda: _asked(api, asked)) if follow else api.ask("v1", "events", query=asked)
        yield page
        asked["after"] = page["through"]
        if page["through"] >= page["ledger"]["position"]:
            if not follow:
                return
            asked["wait"] = WAIT_SECONDS


def _asked(api: Client, query: Query) -> Document:
    """Return what there is to see, once there is; without waiting there, where no place is left."""
    try:
        return api.ask("v1", "events", query=query)
    except Refused as refused:
        if refused.slug != "too-many-waiting":
            raise
    clock.pause(PAUSE_SECONDS)
    return api.ask("v1", "events", query={**query, "wait": None})


def _show(rows: list[Document], form: str) -> None:
    """Print each event, and have whoever reads it get it now."""
    for row in rows:
        if form == "jsonl":
            output.document(orjson.dumps(row))
        else:
            cells = (row["position"], row["recorded_at"], row["topic"], row["stream"])
            output.line(cells, WIDTHS)
