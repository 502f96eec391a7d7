"""Charts of figures as SVG: the same figures give the same bytes.

Text is drawn, for other fonts would not fit; ids come from a fixed salt, and no date is written.
matplotlib is in `requirements/bench.txt`; nothing but `make bench` needs it.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import log10
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter

from tests.benchmarks.figures import Curve, Figure, number

COLOURS = ("#0b5fa5", "#c2410c", "#3f7d20", "#7c3aed", "#0f766e", "#b91c5c", "#57534e", "#a16207")
HOLDS, MISSES, PLAIN = "#3f7d20", "#b91c1c", "#8a8f98"
LINES = {"SQLite": "-", "PostgreSQL": "--", "": "-"}
STYLE: Any = {
    "svg.hashsalt": "shiplog",
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e7eb",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
WIDTH_INCHES = 8.0
MARKED_MAX = 11
"""A curve of more points is a course of time: a line without marks, on an even axis."""
LOGARITHMIC_FROM = 20
"""An axis whose greatest value is so many times its least is drawn in powers of ten."""


def growth(title: str, curves: Sequence[Curve], path: Path) -> None:
    """Draw how values grow with size: one colour a name, dashed for PostgreSQL, dotted for baselines."""
    names = list(dict.fromkeys(curve.name for curve in curves))
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(WIDTH_INCHES, 3.2 + 0.19 * len(curves)), layout="constrained")
        axes = canvas.add_subplot()
        for curve in curves:
            _curve(axes, curve, COLOURS[names.index(curve.name) % len(COLOURS)])
        first = curves[0].points[0]
        axes.set_xlabel(first.sized)
        axes.set_ylabel(first.unit)
        axes.set_title(f"{title}, {first.unit}", loc="left", fontsize=10)
        _scale(axes, curves)
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), fontsize=8, ncols=1)
        _save(canvas, path)


def _curve(axes: Axes, curve: Curve, colour: str) -> None:
    sizes = [point.size or 0 for point in curve.points]
    told = curve.name if not curve.on else f"{curve.name}, {curve.on}"
    marker = "o" if len(sizes) <= MARKED_MAX else ""
    values = [point.value for point in curve.points]
    axes.plot(sizes, values, LINES[curve.on], color=colour, marker=marker, markersize=3.5, label=told)
    beside = [(point.size or 0, point.baseline) for point in curve.points if point.baseline is not None]
    if beside:
        axes.plot(*zip(*beside, strict=True), ":", color=colour, linewidth=1, alpha=0.8)
    for point in curve.points:
        for bound in (point.at_most, point.at_least):
            if bound is not None:
                axes.plot([point.size or 0], [bound], "_", color=colour, markersize=14, markeredgewidth=2)


def _scale(axes: Axes, curves: Sequence[Curve]) -> None:
    points = [point for curve in curves for point in curve.points]
    sizes = [point.size or 0 for point in points]
    values = [each for point in points for each in (point.value, point.baseline, point.at_most) if each]
    few = all(len(curve.points) <= MARKED_MAX for curve in curves)
    if few and min(sizes) > 0 and max(sizes) / min(sizes) > LOGARITHMIC_FROM:
        axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _size(value)))
    if max(values) / min(values) > LOGARITHMIC_FROM:
        axes.set_yscale("log")
        axes.set_ylim(min(values) / 1.5, max(values) * 1.5)
    else:
        axes.set_ylim(0, 1.1 * max(values))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _size(value: float) -> str:
    exponent = log10(value) if value > 0 else 0
    return f"$10^{{{exponent:.0f}}}$" if exponent >= 4 and exponent == int(exponent) else f"{value:,.0f}"


def required(figures: Sequence[Figure], path: Path) -> None:
    """Draw each figure as a share of what is required of it: left of the line it holds."""
    told = [f"{each.name}{f', {each.on}' if each.on else ''}" for each in figures]
    shares = [_share(each) for each in figures]
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(WIDTH_INCHES, 1.0 + 0.26 * len(figures)), layout="constrained")
        axes = canvas.add_subplot()
        places = range(len(figures))
        colours = [HOLDS if each.holds else MISSES for each in figures]
        axes.hlines(places, [1] * len(shares), shares, colors=colours, linewidth=1.6)
        axes.scatter(shares, places, c=colours, s=28, zorder=3)
        axes.axvline(1, color="#111827", linewidth=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{number(value)} x"))
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
        axes.set_yticks(places, told, fontsize=8)
        axes.set_ylim(len(figures) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("share of what it may take (rates: required over measured)")
        _save(canvas, path)


def _share(figure: Figure) -> float:
    if figure.at_most is not None:
        return figure.value / figure.at_most
    assert figure.at_least is not None, "only what something is required of"
    return figure.at_least / figure.value


def processor(figures: Sequence[Figure], path: Path) -> None:
    """Draw how much processor each event or answer takes."""
    by_on: defaultdict[str, list[Figure]] = defaultdict(list)
    for each in figures:
        by_on[each.on].append(each)
    ordered = [each for on in sorted(by_on, reverse=True) for each in by_on[on]]
    told = [f"{each.name}{f', {each.on}' if each.on else ''}" for each in ordered]
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(WIDTH_INCHES, 1.0 + 0.26 * len(ordered)), layout="constrained")
        axes = canvas.add_subplot()
        values = [each.processor or 0 for each in ordered]
        bars = axes.barh(range(len(ordered)), values, color=COLOURS[0], height=0.6)
        axes.bar_label(bars, [f" {number(value)}" for value in values], fontsize=8)
        axes.set_yticks(range(len(ordered)), told, fontsize=8)
        axes.set_ylim(len(ordered) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("microseconds of processor for each event")
        _save(canvas, path)


def _save(canvas: Canvas, path: Path) -> None:
    canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
