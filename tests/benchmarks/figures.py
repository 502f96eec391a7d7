"""A figure, as every benchmark hands it over: with its baseline and with what is required of it.

A benchmark is a module with one generator, and two lines that make it a command:

    def measured(asked: Namespace) -> Iterator[Figure]:
        raw = rows / timed(raw_inserts)
        yield Figure(
            "append: 16 writers, single events",
            rate,
            "events/s",
            on="PostgreSQL",
            baseline=raw,
            beside="raw INSERTs of the same rows, each its own transaction",
            at_least=2000,
            processor=cpu_seconds / events * 1e6,
        )

    if __name__ == "__main__":
        sys.exit(command(measured, __doc__))

It is then run by `python -m tests.benchmarks.NAME [--quick] [--results FILE]`, prints each figure when it is
known, and exits with 1 when one misses what is required. `asked.quick` asks for sizes that take a minute at
most. Options of its own: `command(measured, __doc__, options)`, where `options` adds them to the parser.
A line in `tests.benchmarks.__main__.BENCHMARKS` brings it into the report.

Growth and memory are figures too: the same `name` and `on` with another `size` each (10,000 facts; 30
seconds of load) become one curve. Whatever is no number (a question answered wrongly) is an exception.
"""

import argparse
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path

import orjson

DIGITS = 3
"""How many digits of a value mean anything; the machine's noise is in the third."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured once, or the median of several times."""

    name: str
    """What was measured, the topic first: `as-of: one target`."""
    value: float
    unit: str
    """Of the value and of its baseline: `µs`, `ms`, `events/s`, `MB`, `x`."""
    _: KW_ONLY
    on: str = ""
    """The database: `SQLite` or `PostgreSQL`; empty when there is none to tell."""
    size: int | None = None
    """Where on its curve this is."""
    sized: str = "facts"
    """What `size` counts."""
    baseline: float | None = None
    """The plain thing, measured in the same run, in the same unit."""
    beside: str = ""
    """What the baseline is: `raw SELECT of the same row`."""
    at_most: float | None = None
    at_least: float | None = None
    processor: float | None = None
    """Microseconds of processor for each event or answer, of our own processes."""
    note: str = ""
    """What a reader must know to read the value right; a sentence without a full stop."""

    @property
    def holds(self) -> bool | None:
        """Whether the value is what is required; None when nothing is."""
        if self.at_most is None and self.at_least is None:
            return None
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def ratio(self) -> float | None:
        """How many times the baseline the value is."""
        return self.value / self.baseline if self.baseline else None

    @property
    def required(self) -> str:
        """What is required, in words; empty when nothing is."""
        parts = [("≤", self.at_most), ("≥", self.at_least)]
        return " and ".join(
            f"{sign} {number(bound)} {self.unit}" for sign, bound in parts if bound is not None
        )

    def line(self) -> str:
        """Return the figure for someone who is waiting for it."""
        place = ", ".join(part for part in (self.on, self.size and f"{self.size:,} {self.sized}") if part)
        told = f"{self.name + (f' ({place})' if place else ''):74} {number(self.value):>9} {self.unit:9}"
        if self.ratio is not None:
            told += f" {number(self.ratio)} x {self.beside}"
        if self.processor is not None:
            told += f", {number(self.processor)} µs of processor"
        if self.holds is not None:
            told += f", {'holds' if self.holds else 'MISSES'} {self.required}"
        return told + (f" [{self.note}]" if self.note else "")


@dataclass(frozen=True, slots=True)
class Curve:
    """The same thing measured at several sizes, the smallest first."""

    name: str
    on: str
    points: tuple[Figure, ...]


def curves(figures: Iterable[Figure]) -> list[Curve]:
    """Return those of *figures* that were measured at two sizes or more."""
    found: dict[tuple[str, str], list[Figure]] = {}
    for each in figures:
        if each.size is not None:
            found.setdefault((each.name, each.on), []).append(each)
    return [
        Curve(name, on, tuple(sorted(points, key=lambda point: point.size or 0)))
        for (name, on), points in found.items()
        if len(points) > 1
    ]


def number(value: float) -> str:
    """Return *value* with as many digits as mean something."""
    rounded = float(f"{value:.{DIGITS}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10**DIGITS else f"{rounded:.{DIGITS}g}"


def say(text: str) -> None:
    """Write *text* at once, for someone who is waiting."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def command(
    measured: Callable[[Namespace], Iterable[Figure]],
    described: str | None,
    options: Callable[[ArgumentParser], object] = lambda _: None,
) -> int:
    """Run one benchmark as its command line asks; return 1 when a figure misses what is required."""
    parser = ArgumentParser(description=described, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="sizes that take a minute at most")
    parser.add_argument("--results", type=Path, help="write the figures to this file, a line of JSON each")
    options(parser)
    asked = parser.parse_args()
    missed = 0
    for figure in measured(asked):
        say(figure.line())
        missed += figure.holds is False
        if asked.results is not None:
            with asked.results.open("ab") as kept:
                kept.write(orjson.dumps(asdict(figure)) + b"\n")
    return 1 if missed else 0


def read(results: Path) -> list[Figure]:
    """Return the figures that `--results` wrote."""
    return [Figure(**orjson.loads(line)) for line in results.read_bytes().splitlines()]
