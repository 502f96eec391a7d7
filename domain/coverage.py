"""Coverage: for which stretches of time somebody reported on an environment, and for which nobody did.

An observer that promises to be heard again covers the time from its report to the end of the
promise, or to its next report if that comes first. After a promise that was not kept it is silent
until it reports again. What runs is unknown while somebody is silent and nobody covers, and before
anything was reported at all. Whoever promises nothing is missed by nobody. See ADR 0012.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from domain import instant

NAMED_MAX = 3
"""How many silent observers a sentence names."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """In [since, until) nobody reported on the environment; None is without a beginning, or an end."""

    environment: str
    since: datetime | None
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Span:
    """What one report says of the time after it: covered up to *promised*, then silent up to *next*."""

    observer: str
    at: datetime
    promised: datetime | None
    """None: nothing was promised, and nothing is covered."""
    next: datetime | None
    """When the observer reported again; None: not as far as is known."""


@dataclass(frozen=True, slots=True)
class Gap:
    """In [start, end) nobody covered, and these observers were silent: none of them is heard within it."""

    start: datetime
    end: datetime
    silent: tuple[Span, ...]
    """What each reported last; ordered by its name."""


def gaps(spans: Iterable[Span], low: datetime, high: datetime) -> Sequence[Gap]:
    """Return the gaps within [low, high), earliest first, as *spans* of all observers have them.

    Who is silent anywhere in a gap is silent where it begins: to fall silent later, an observer
    would have to cover until then.
    """
    edges = sorted(_edges(spans, low, high), key=lambda edge: edge[0])
    covering = 0
    silent: set[Span] = set()
    found: list[Gap] = []
    began: tuple[datetime, tuple[Span, ...]] | None = None
    for at, together in groupby(edges, key=lambda edge: edge[0]):
        for _, step, span in together:
            covering += step
            if step == 0:
                silent ^= {span}  # it falls silent, or is heard again
        missing = bool(silent) and not covering
        if missing and began is None:
            began = at, tuple(sorted(silent, key=lambda span: span.observer))
        elif began is not None and not missing:
            found.append(Gap(began[0], at, began[1]))
            began = None
    assert began is None, "every span ends within the bounds"
    return found


def _edges(spans: Iterable[Span], low: datetime, high: datetime) -> Iterable[tuple[datetime, int, Span]]:
    """Yield where each span begins (1) and ends (-1) to cover, and where its silence does (0)."""
    for span in spans:
        if span.promised is None:
            continue
        end = high if span.next is None else min(span.next, high)
        turn = min(span.promised, end)
        for start, stop, steps in (span.at, turn, (1, -1)), (turn, end, (0, 0)):
            if max(start, low) < stop:
                yield max(start, low), steps[0], span
                yield stop, steps[1], span


def not_heard(environment: str, since: datetime, until: datetime | None, silent: Sequence[Span]) -> Unknown:
    """Return what is unknown because the *silent* observers were not heard."""
    named = [f"from {last.observer} since {instant.text(last.at)}" for last in silent[:NAMED_MAX]]
    if len(silent) > NAMED_MAX:
        named.append(f"from {len(silent) - NAMED_MAX} more")
    return Unknown(environment, since, until, f"no report {', '.join(named)}")


def before_the_first(environment: str, first: datetime | None) -> Unknown:
    """Return what is unknown because nothing was reported yet; *first* None: nothing ever."""
    if first is None:
        return Unknown(environment, None, None, f"nothing was reported about what runs in {environment}")
    why = f"nothing was reported about {environment} before {instant.text(first)}"
    return Unknown(environment, None, first, why)
