"""Every benchmark, one after the other: `make bench`. Figures are medians and ratios; machines are noisy."""

import subprocess
import sys

BENCHMARKS = {
    "append": "signed events, by 1 to 64 writers and in batches",
    "as_of": "one target, an environment and everything, straight from the read models",
    "command_line": "how long a person waits for `shiplog --help`, `at` and `verify`",
    "govuk": "four years of a real delivery history: in, asked, verified",
    "http_as_of": "a ledger of 100,000 events, filled and asked over HTTP",
}


def main() -> int:
    """Run each benchmark in a process of its own; return the first exit code that is not 0."""
    worst = 0
    for name, what in BENCHMARKS.items():
        print(f"\n== {name}: {what}", flush=True)  # noqa: T201 - the report is what it is for
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=False)  # noqa: S603 - our own modules
        worst = worst or done.returncode
    return worst


if __name__ == "__main__":
    sys.exit(main())
