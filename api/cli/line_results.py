"""What became of every line, as JSON lines, told as soon as it is known."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

import orjson

from api.cli import exits
from api.cli.client import Document
from api.cli.exits import Failure


class Results:
    """Writes what it hears; holds nothing back once flushed."""

    def __init__(self, out: IO[bytes] | None) -> None:
        """Write to *out*; nowhere when there is none."""
        self._out = out

    @classmethod
    @contextmanager
    def opened(cls, name: str | None, *, add: bool) -> Iterator[Self]:
        """Lend what writes to the file *name*, behind what it holds when *add*; `-` is stdout."""
        if name is None or name == "-":
            yield cls(None if name is None else sys.stdout.buffer)
            return
        try:
            out = Path(name).open("ab" if add else "wb")  # noqa: SIM115 - only opening it is guarded here
        except OSError as failure:
            raise Failure(exits.USAGE, f"{name} cannot be written: {failure.strerror}") from failure
        with out:
            yield cls(out)

    def hear(self, place: str, told: Document) -> None:
        """Write what became of the line with the number *place*."""
        if self._out is not None:
            self._out.write(orjson.dumps({"line": int(place), **told}, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Let everyone see what was written."""
        if self._out is not None:
            self._out.flush()
