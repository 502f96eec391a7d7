"""How answers are shown: one document on stdout, everything else on stderr.

Digests and commits are cut to 12 digits only for someone who looks at a terminal;
whatever reads a pipe or a file gets them whole. No colour, so NO_COLOR has nothing to say.
"""

import csv
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, TypeVar

import click
import orjson

F = TypeVar("F", bound=Callable[..., Any])
Row = Mapping[str, Any]

ASKING_FORMATS = ("table", "json", "jsonl", "csv", "md")
RECORD_FORMATS = ("table", "json")
_LONG = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,52}\b", re.ASCII)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that starts with one of these is run by spreadsheets (OWASP, "CSV Injection")."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, and how a row of the answer fills it; None is nothing to show."""

    title: str
    cell: Callable[[Row], object]


def asking(command: F) -> F:
    """Add `-o` for a question."""
    return _option(
        ASKING_FORMATS,
        "table and md are to read, json is the API's answer, jsonl its rows;"
        " csv puts ' before what a spreadsheet would run.",
    )(command)


def recording(command: F) -> F:
    """Add `-o` for anything else."""
    return _option(RECORD_FORMATS, "json is one document on stdout.")(command)


def _option(formats: Sequence[str], text: str) -> Callable[[F], F]:
    return click.option(
        "-o", "--output", type=click.Choice(formats), default="table", show_default=True, help=text
    )


def hint(text: str) -> None:
    """Say something to a person, beside the answer."""
    click.echo(text, err=True)


def show(output: str, answer: bytes, rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """Print an answer: its bytes for json, its *rows* through *columns* for people and spreadsheets."""
    match output:
        case "json":
            document(answer)
        case "jsonl":
            for row in rows:
                document(orjson.dumps(row))
        case "csv":
            click.echo(_csv(rows, columns), nl=False)
        case "md":
            click.echo(_md(_cells(rows, columns)), nl=False)
        case _:
            click.echo(table(_cells(rows, columns)), nl=False)


def document(content: bytes) -> None:
    """Print one JSON document and the end of its line."""
    click.echo(content.rstrip(b"\n"))


def facts(pairs: Mapping[str, object]) -> None:
    """Print names and values, one a line, leaving out what is None."""
    click.echo(table([[name, _text(value)] for name, value in pairs.items() if value is not None]), nl=False)


def line(cells: Sequence[object], widths: Sequence[int]) -> None:
    """Print one line of a list whose end is not known, each of its *cells* so wide at the least."""
    padded = (_text(cell).ljust(width) for cell, width in zip(cells, widths, strict=True))
    click.echo("  ".join(padded).rstrip())


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows* in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows)
    return "".join(lines)


def _cells(rows: Sequence[Row], columns: Sequence[Column]) -> list[list[str]]:
    head = [column.title.upper() for column in columns]
    return [head, *([_text(column.cell(row)) for column in columns] for row in rows)]


def _text(value: object) -> str:
    """Return *value* on one line, without anything a terminal would obey."""
    text = "-" if value is None else str(value)
    if not text.isprintable():
        text = ascii(text)[1:-1]
    return _LONG.sub(r"\1", text) if sys.stdout.isatty() else text


def _csv(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(column.title.replace(" ", "_") for column in columns)
    for row in rows:
        writer.writerow(_inert(column.cell(row)) for column in columns)
    return written.getvalue()


def _inert(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _md(rows: Sequence[Sequence[str]]) -> str:
    head, *body = [[_plain(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *body))


def _plain(cell: str) -> str:
    """Return *cell* without what Markdown would make something of (CommonMark 2.4)."""
    return re.sub(r"([\\|<>`*\[\]])", r"\\\1", cell)
