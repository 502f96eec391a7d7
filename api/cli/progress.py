"""How far a long command is: one line on stderr, for someone who looks at a terminal."""

import sys
from dataclasses import dataclass, field
from time import monotonic

import click

REFRESH_SECONDS = 0.2


def _looked_at() -> bool:
    return sys.stderr.isatty()


@dataclass(slots=True)
class Progress:
    """Counts lines against a whole of any unit; says nothing where nobody looks."""

    of: str = "lines"
    """What is counted."""
    shown: bool = field(default_factory=_looked_at)
    _began: float = field(default_factory=monotonic)
    _last: float = 0.0

    def at(self, lines: int, done: float, total: float) -> None:
        """Show *lines*, and how long is left when *done* of *total* is behind us; 0 is an unknown total."""
        now = monotonic()
        if not self.shown or now - self._last < REFRESH_SECONDS:
            return
        self._last = now
        elapsed = max(now - self._began, 1e-6)
        text = f"{lines} {self.of}, {lines / elapsed:.0f}/s"
        if total and done:
            left = elapsed * max(total - done, 0) / done
            text += f", {min(done / total, 1):.0%}, {_clock(left)} left"
        click.echo(f"{text}\x1b[K\r", err=True, nl=False)

    def end(self) -> None:
        """Leave the line."""
        if self.shown and self._last:
            click.echo("", err=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
