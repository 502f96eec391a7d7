"""The command line as someone at a keyboard, or a pipeline, has it: arguments in, exit code and texts out."""

import io
import sys
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from api.cli import main as console
from tests.builders import Clock


@dataclass(frozen=True)
class Ran:
    """What one run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        assert self.code in (0, 11), self.err
        return orjson.loads(self.out)

    @property
    def lines(self) -> list[list[str]]:
        """The cells of a table, row by row, without its head."""
        return [line.split() for line in self.out.splitlines()[1:]]


class Terminal(io.TextIOWrapper):
    """A stream that may claim to be a terminal."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@dataclass
class Shell:
    """Runs `shiplog` in this process, at a time of the test's choosing."""

    clock: Clock
    patch: pytest.MonkeyPatch
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of every run, such as a CI system's."""
    terminal: bool = False

    def __call__(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ran:
        """Run it once; a second passes."""
        out, err = Terminal(io.BytesIO(), encoding="utf-8"), Terminal(io.BytesIO(), encoding="utf-8")
        out.terminal = self.terminal
        with self.patch.context() as patch:
            for name, value in {**self.environment, **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = console.main(arguments)
        self.clock.advance()
        return Ran(code, _text(out), _text(err))

    def done(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ran:
        """Run what must succeed."""
        ran = self(*arguments, stdin=stdin, **environment)
        assert ran.code == 0, ran.err
        return ran


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.detach()
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
