"""The report that is kept: `docs/benchmarks.md`, its charts, and the figures they were made from.

The figures of each benchmark are one file, so that one can be measured again without the others. A figure
that misses what is required says so in bold, and a benchmark that broke off says that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.figures import Figure, curves, number

TITLE = "Benchmarks"
EXPLAINED = """\
`make bench` measures every figure that is required of shiplog, and writes this page. Nothing on it is
written by hand.

## How to read it

- Each figure stands **beside** the plain thing: raw INSERTs or a raw SELECT of the same bytes, in the same
  run, on the same database. Machines differ and are noisy; the *ratio* is what can be compared between
  them. A ratio of 4 for a time means four times as long; of 0.25 for a rate, a quarter of the speed.
- **Processor** is the time that our own processes spent on one event or one answer, and for as-of that of
  the database's too. It moves little when somebody else uses the machine; the measured time does.
- Times are medians unless a figure says p99. Rates are whole runs, from the first to the last.
- **Required** is what the project promised. A figure that misses it is **missed**, in bold, and stays here
  until a later run holds.
- Curves: one colour for each question, a full line for SQLite and a dashed one for PostgreSQL; dotted is the
  plain thing of that colour; a short bar is what is required there. Both axes are in powers of ten where
  values spread that far: a level line is what we want to see.
- The throw-away PostgreSQL that the benchmarks start has `fsync` off, for the raw INSERTs beside it too;
  SQLite has `synchronous=FULL`. Name another server in `SHIPLOG_TEST_POSTGRES` to measure that one.

`make bench` takes about an hour on two cores, most of it for ten million facts on each database and for
ten minutes of load on each. `make bench ARGS="as_of govuk"` measures those alone and keeps the others'
figures; `make bench ARGS=--quick` takes small sizes, at most five minutes, and leaves this page as it is.
"""


@dataclass(frozen=True)
class Run:
    """One benchmark, as it was last measured."""

    name: str
    about: str
    measured: str
    """The date."""
    seconds: float
    exit_code: int
    """0 when every figure holds, 1 when some miss; anything else when it broke off."""
    machine: dict[str, str]
    figures: tuple[Figure, ...]

    @property
    def broke_off(self) -> bool:
        """Whether it ended before all was measured."""
        return self.exit_code not in (0, 1)


@dataclass(frozen=True)
class Chart:
    """One picture, by its file's name and what it shows."""

    file: str
    shows: str


def keep(run: Run, folder: Path) -> None:
    """Write *run* to its file in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    text = orjson.dumps(asdict(run), option=orjson.OPT_INDENT_2)
    (folder / f"{run.name}.json").write_bytes(text + b"\n")


def kept(folder: Path, names: Iterable[str]) -> list[Run]:
    """Return what was kept of *names*, in that order."""
    return [
        _run(orjson.loads(path.read_bytes())) for name in names if (path := folder / f"{name}.json").exists()
    ]


def _run(content: dict[str, Any]) -> Run:
    return Run(**{**content, "figures": tuple(Figure(**each) for each in content["figures"])})


def required(runs: Sequence[Run]) -> list[Figure]:
    """Return the figures of which something is required."""
    return [each for run in runs for each in run.figures if each.holds is not None]


def markdown(runs: Sequence[Run], charts: dict[str, Sequence[Chart]], folder: str) -> str:
    """Return the page; *charts* by the name of a run, or `required` for the first, lie in *folder*."""
    parts = [f"# {TITLE}\n", EXPLAINED, _verdict(runs), *_pictures(charts.get("required", ()), folder)]
    parts.append(_table(required(runs)))
    for run in runs:
        parts.append(f"## {run.name}\n\n{run.about[0].upper()}{run.about[1:]}. {_when(run)}\n")
        if run.broke_off:
            parts.append(
                f"**It broke off with exit code {run.exit_code}**: what follows is what it had measured.\n"
            )
        parts += _pictures(charts.get(run.name, ()), folder)
        parts.append(_table(shown(run.figures)))
    return "\n".join(parts)


def _verdict(runs: Sequence[Run]) -> str:
    figures = required(runs)
    missed = [f"{each.name} ({each.on})" if each.on else each.name for each in figures if not each.holds]
    broken = [run.name for run in runs if run.broke_off]
    told = f"## What is required\n\n{len(figures) - len(missed)} of {len(figures)} figures hold."
    if missed:
        told += f" **Missed: {'; '.join(missed)}.**"
    if broken:
        told += f" **Broke off: {', '.join(broken)}.**"
    return f"{told}\n"


def _when(run: Run) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    return f"Measured on {run.measured} in {run.seconds:.0f} s; {machine}."


def _pictures(charts: Sequence[Chart], folder: str) -> list[str]:
    return [f"![{chart.shows}]({folder}/{chart.file})\n" for chart in charts]


def shown(figures: Sequence[Figure]) -> list[Figure]:
    """Return what a table shows: of a curve its greatest size, and wherever something is required."""
    on_the_way = {point for curve in curves(figures) for point in curve.points[:-1] if point.holds is None}
    return [each for each in figures if each not in on_the_way]


def _table(figures: Sequence[Figure]) -> str:
    head = "| figure | database | measured | required | beside it | ratio | processor |\n"
    return head + "|---|---|--:|--:|---|--:|--:|\n" + "".join(_row(each) for each in figures)


def _row(figure: Figure) -> str:
    name = figure.name
    if figure.size is not None:
        name += f" at {figure.size:,} {figure.sized}"
    if figure.note:
        name += f" ({figure.note})"
    measured = f"{number(figure.value)} {figure.unit}"
    demanded = figure.required
    if figure.holds is False:
        measured, demanded = f"**{measured}**", f"**{demanded}: missed**"
    beside = f"{number(figure.baseline)} {figure.unit}, {figure.beside}" if figure.baseline else ""
    ratio = "" if figure.ratio is None else f"{number(figure.ratio)} x"
    spent = "" if figure.processor is None else f"{number(figure.processor)} µs"
    return f"| {name} | {figure.on} | {measured} | {demanded} | {beside} | {ratio} | {spent} |\n"
