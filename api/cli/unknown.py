"""Stretches of time in which nobody reported: rows of their own among the rows of an answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from api.cli import output
from api.cli.client import Document
from api.cli.columns import inside
from api.cli.output import Column, Row
from domain import instant

UNKNOWN = "unknown"
"""What such a row holds under; what it shows in the column that says what ran."""
MORE = "there are more, earlier ones; ask with --from and --to for a shorter time"


def rows(stretches: Sequence[Document]) -> list[Document]:
    """Return a row for each of *stretches*: told apart from the others by its one member."""
    return [{UNKNOWN: stretch} for stretch in stretches]


def newest_first(stretches: Sequence[Document]) -> list[Document]:
    """Return *stretches*, which came with several pages, in the order in which one page has them."""
    return sorted(stretches, key=lambda each: (_instant(each["from"]), each["environment"]), reverse=True)


def among(items: Sequence[Document], stretches: Sequence[Document], began: str) -> list[Document]:
    """Return rows of both, newest first: *began* is the member of an item that says when it began."""
    mixed: list[Document] = []
    left = list(rows(stretches))
    for item in items:
        while left and _instant(left[0][UNKNOWN]["from"]) >= _instant(item[began]):
            mixed.append(left.pop(0))
        mixed.append(item)
    return mixed + left


def column(title: str, known: Column | None, path: str | None) -> Column:
    """Return *known* under *title*, which shows the member *path* of a stretch in the rows of those."""

    def cell(row: Row) -> object:
        if UNKNOWN in row:
            return UNKNOWN if path == UNKNOWN else None if path is None else inside(row, UNKNOWN, path)
        return None if known is None else known.cell(row)

    return Column(title, cell)


def columns(known: Sequence[Column], shown: Mapping[str, str]) -> tuple[Column, ...]:
    """Return *known*, of which those *shown* by title show a member of a stretch as well."""
    return tuple(column(each.title, each, shown.get(each.title)) for each in known)


def hint(answer: Document, *, more: str = MORE) -> None:
    """Say how much of what was asked about is unknown, and *more* if that is not all."""
    count = len(answer[UNKNOWN])
    if count:
        output.hint(f"nobody reported in {count} {'stretch' if count == 1 else 'stretches'} of time")
    if answer.get(f"{UNKNOWN}_truncated"):
        output.hint(more)


def _instant(text: str | None) -> datetime:
    return instant.EARLIEST if text is None else instant.parse(text)
