"""Every benchmark, one after the other, and the report of it: `make bench`.

`python -m tests.benchmarks [NAME …] [--quick] [--render]`. Each runs in a process of its own. Without names
all of them; what is not run keeps the figures it had. A quick run is reported to a folder of its own.
"""

import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from adapters.clock import utc_now
from tests.benchmarks import charts, machine, report
from tests.benchmarks.figures import Curve, curves, read, say
from tests.benchmarks.report import Chart, Run

BENCHMARKS = {
    "as_of": "what ran at an instant, straight from the read models, from 10,000 to 10,000,000 facts",
    "http_questions": "what ran in one target, asked a thousand times a second over HTTP",
    "http_as_of": "a ledger of 100,000 events, filled in process and asked over one connection",
    "append": "signed events appended by 1 to 64 writers and in batches, straight to the ledger",
    "http_reports": "reports over HTTP, one at a time and in batches",
    "govuk": "four years of a real delivery history: taken in, asked, verified",
    "import_jsonl": "a long history taken in by `shiplog import jsonl`, and the memory it takes",
    "rebuild": "the read models made anew from the ledger, its chain checked on the way",
    "components": "where a component ran, from what SBOMs list",
    "evidence": "evidence of each kind verified: warm, by several threads, and beside other command lines",
    "sboms": "a large SBOM admitted, and the memory it takes",
    "gate": "a policy loaded and decided by, and the gate asked over HTTP on a ledger of a million events",
    "access": "what it costs to know who asks: tokens of ours, and those of pipelines",
    "memory": "a server's memory under load",
    "command_line": "how long a person waits for `shiplog --help`, `at`, `timeline` and `verify`",
}
DOCS = Path(__file__).parents[2] / "docs"
FOLDER = "benchmarks"
"""Beside the page: its charts, and in `figures` what they were made from."""


def run(name: str, *, quick: bool) -> Run:
    """Run one benchmark; whatever it had measured when it broke off is kept."""
    say(f"\n== {name}: {BENCHMARKS[name]}")
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        results = Path(folder) / "figures.jsonl"
        results.touch()
        command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--results", str(results)]
        began = perf_counter()
        done = subprocess.run([*command, *(["--quick"] if quick else [])], check=False)  # noqa: S603 - our own modules
        seconds = perf_counter() - began
        figures = tuple(read(results))
    code = done.returncode
    if code == 1 and all(each.holds is not False for each in figures):
        code = 2  # so does Python end on an exception
    today = utc_now().date().isoformat()
    return Run(name, BENCHMARKS[name], today, round(seconds), code, machine.facts(), figures)


def render(docs: Path) -> None:
    """Write the page and its charts from the figures kept in *docs*."""
    folder = docs / FOLDER
    runs = report.kept(folder / "figures", BENCHMARKS)
    for old in folder.glob("*.svg"):
        old.unlink()
    drawn = {each.name: drawings(each, folder) for each in runs}
    demanded = report.required(runs)
    if demanded:
        charts.required(demanded, folder / "required.svg")
        drawn["required"] = [Chart("required.svg", "Every figure against what is required of it")]
    (docs / f"{FOLDER}.md").write_text(report.markdown(runs, drawn, FOLDER), encoding="utf-8")


def drawings(of: Run, folder: Path) -> Sequence[Chart]:
    """Draw the charts of one run: a growth chart for each topic, and the processor's time of its rates."""
    drawn = []
    topics: dict[tuple[str, str], list[Curve]] = {}
    for curve in curves(of.figures):
        topics.setdefault((curve.name.partition(":")[0], curve.points[0].unit), []).append(curve)
    for place, ((topic, unit), some) in enumerate(topics.items(), 1):
        file = f"{of.name}-{place}.svg"
        charts.growth(topic, some, folder / file)
        drawn.append(Chart(file, f"{topic}, in {unit}, by {some[0].points[0].sized}"))
    rates = [each for each in of.figures if each.processor is not None and each.unit.endswith("/s")]
    if rates:
        charts.processor(rates, folder / f"{of.name}-processor.svg")
        drawn.append(Chart(f"{of.name}-processor.svg", "Microseconds of processor for each event"))
    return drawn


def main() -> int:
    """Run what is asked for and render; return 1 when a figure misses, or a benchmark broke off."""
    parser = ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes; does not touch the kept report")
    parser.add_argument(
        "--render", action="store_true", help="only write the page again from the kept figures"
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: expected some of {', '.join(BENCHMARKS)}")
    docs = Path(tempfile.mkdtemp(prefix="shiplog-bench-quick-")) if asked.quick else DOCS
    runs = []
    for name in [] if asked.render else asked.names or BENCHMARKS:
        runs.append(run(name, quick=asked.quick))
        report.keep(runs[-1], docs / FOLDER / "figures")
    render(docs)
    say(f"\n{docs / FOLDER}.md")
    return int(any(each.exit_code for each in runs))


if __name__ == "__main__":
    sys.exit(main())
