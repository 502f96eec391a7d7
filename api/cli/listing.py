"""Lists that come in pages: read as many as asked for, shown as one answer."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import orjson

from api.cli import client, instants, output, parameters, unknown
from api.cli.client import Client, Document, Query
from api.cli.instants import Moment

F = TypeVar("F", bound=Callable[..., Any])
PAGE_SIZE_MAX = 500
LIMIT = 100


def span_options(command: F) -> F:
    """Add `--from` and `--to`."""
    start = click.option("--from", "start", type=parameters.INSTANT, metavar="INSTANT", help="Not before.")
    end = click.option("--to", "end", type=parameters.INSTANT, metavar="INSTANT", help="Before.")
    return start(end(command))


def page_options(command: F) -> F:
    """Add how much to list, and `--known-at`."""
    limit = click.option(
        "--limit", type=parameters.POSITIVE, default=LIMIT, show_default=True, help="How many, newest first."
    )
    everything = click.option("--all", "everything", is_flag=True, help="All of them.")
    return limit(everything(parameters.known_at(command)))


def span(
    api: Client, start: Moment | None, end: Moment | None, known_at: str | Moment | None
) -> dict[str, str | int | None]:
    """Return the part of a query that says which stretch of time, and how much may be known."""
    known = instants.resolve_known(known_at, api)
    return {
        "from": instants.resolve(start, api, known_at=known),
        "to": instants.resolve(end, api, known_at=known),
        "known_at": known,
    }


def collect(api: Client, path: tuple[str, ...], query: Query, items: str, limit: int | None) -> Document:
    """Return the first page's document with *limit* of its *items*, taken from as many pages as needed.

    All pages are answered from the prefix of the ledger that the first one was.
    """
    asked: dict[str, str | int | None] = {**query}
    wanted = float("inf") if limit is None else limit
    whole: Document | None = None
    while True:
        have = 0 if whole is None else len(whole[items])
        page = api.ask(*path, query={**asked, "limit": int(min(PAGE_SIZE_MAX, wanted - have))})
        if whole is None:
            whole = page
        else:
            whole[items] += page[items]
            whole["next"] = page["next"]
            for member in {"unknown", "unlisted"} & whole.keys():
                whole[member] += [each for each in page[member] if each not in whole[member]]
                whole[f"{member}_truncated"] |= page[f"{member}_truncated"]
        if page["next"] is None or len(whole[items]) >= wanted:
            return whole
        asked["cursor"] = page["next"]


def as_of(
    path: tuple[str, ...], moment: Moment | None, known_at: str | Moment | None, limit: int | None
) -> Document:
    """Return what `collect` does of the list at *path*, whose last step names its items, at *moment*."""
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        query = {"as_of": instants.resolve(moment, api, known_at=known), "known_at": known}
        return collect(api, path, query, path[-1], limit)


def show(
    form: str, whole: Document, items: str, columns: tuple[output.Column, ...], *, began: str | None = None
) -> None:
    """Print the answer, and say from what it is and whether there is more.

    With *began*, the member that says when an item began, what is unknown stands among the items.
    """
    output.hint(client.prefix_of(whole))
    if not whole[items]:
        output.hint(f"no {items}")
    elif whole["next"] is not None:
        output.hint(f"these are the newest {len(whole[items])}; there are more: --limit N, or --all")
    rows = whole[items]
    if began is not None:
        unknown.hint(whole)
        rows = unknown.among(rows, whole["unknown"], began)
    output.show(form, orjson.dumps(whole), rows, columns)
