"""The report of the benchmarks hides nothing, and says the same for the same figures."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks import report
from tests.benchmarks.figures import Figure, curves, number
from tests.benchmarks.report import Run

ONE = Figure("as-of: one target", 40, "µs", on="SQLite", size=10, baseline=8, beside="raw SELECT", at_most=50)
SLOW = replace(ONE, value=60)
RUN = Run("as_of", "what ran", "2026-03-01", 60, 0, {"cores": "2"}, (ONE,))


def test_a_figure_holds_up_to_its_bound_and_no_further() -> None:
    assert replace(ONE, value=50).holds
    assert SLOW.holds is False
    assert replace(ONE, at_most=None, at_least=2000, value=1999).holds is False
    assert replace(ONE, at_most=None).holds is None


def test_a_figure_is_told_as_a_multiple_of_its_baseline() -> None:
    assert ONE.ratio == 5
    assert "5 x raw SELECT" in ONE.line()
    assert "MISSES ≤ 50 µs" in SLOW.line()


def test_a_missed_figure_is_named_at_the_top_and_marked_in_its_table() -> None:
    page = report.markdown([replace(RUN, figures=(SLOW,), exit_code=1)], {}, "benchmarks")
    assert "0 of 1 figures hold. **Missed: as-of: one target (SQLite).**" in page
    assert "**60 µs** | **≤ 50 µs: missed**" in page


def test_a_benchmark_that_broke_off_says_so() -> None:
    page = report.markdown([replace(RUN, exit_code=2)], {}, "benchmarks")
    assert "**Broke off: as_of.**" in page


def test_of_a_curve_the_table_shows_the_greatest_size_and_whatever_is_required() -> None:
    sizes = [replace(ONE, size=size, at_most=None) for size in (10, 100, 1000)]
    (curve,) = curves(reversed(sizes))
    assert [point.size for point in curve.points] == [10, 100, 1000]
    assert report.shown(sizes) == sizes[-1:]
    assert report.shown([SLOW, *sizes[1:]]) == [SLOW, sizes[-1]]


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    report.keep(RUN, tmp_path)
    assert report.kept(tmp_path, ["other", "as_of"]) == [RUN]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (12.34, "12.3"), (999.6, "1,000"), (123_456, "123,000")],
)
def test_three_digits_are_told(value: float, text: str) -> None:
    assert number(value) == text
