"""Files a report is read from: whole, in UTF-8, bounded; `-` is stdin."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

BYTES_MAX = 4 << 20
"""What the API takes for one report."""


def read(name: str) -> str:
    """Return the text in the file *name*; raises a usage error for what cannot be read, or is larger."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise click.UsageError(f"{name} is larger than {BYTES_MAX} bytes")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise click.UsageError(f"{name} cannot be read as text: {wrong}") from wrong


def read_json(name: str) -> Any:
    """Return the JSON document in the file *name*.

    A name given twice is refused here: the server would no longer see it.
    """
    return parse_json(name, read(name))


def parse_json(name: str, text: str) -> Any:
    """Return the JSON document in *text*, which came from the file *name*."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as wrong:
        raise click.UsageError(f"{name}: not JSON: {wrong}") from wrong


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:80]!r} is given twice")
    return members


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def write(name: str, content: bytes) -> None:
    """Write *content* to the file *name*, `-` is stdout, byte for byte; usage error when it cannot be."""
    if name == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        Path(name).write_bytes(content)
    except OSError as wrong:
        raise click.UsageError(f"{name} cannot be written: {wrong.strerror}") from wrong
