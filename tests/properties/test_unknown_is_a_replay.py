"""When nobody reported is what a plain replay says, whatever came late, was withdrawn or promised twice."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.readmodels import coverage
from domain.coverage import Span, Unknown, gaps
from domain.instant import EARLIEST, LATEST
from domain.ports import Scope
from tests import histories
from tests.builders import NOON, digest
from tests.contracts.read_models import Followed
from tests.plain import PlainLedger
from tests.properties.test_read_model_is_a_replay import fed, models
from tests.replay import Replay

__all__ = ["models"]  # the fixture

pytestmark = pytest.mark.timeout(300)
often = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
seldom = settings(often, max_examples=50)
PROD = Scope(environment="prod")
MOMENTS = [at + timedelta(seconds=aside) for at in histories.INSTANTS for aside in (-1, 0, 100, 199)]
ALL = 1000


def overlapping(known: list[Unknown], start: datetime | None, end: datetime) -> list[Unknown]:
    """Return those that have a moment in [start, end)."""
    return [
        each
        for each in known
        if (each.since or EARLIEST) < end and (start or EARLIEST) < (each.until or LATEST)
    ]


@often
@given(histories.watches(), st.data())
def test_what_is_unknown_is_what_a_replay_says(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    fed(models, ledger)
    start = data.draw(st.none() | st.sampled_from(MOMENTS), "start")
    end = data.draw(st.sampled_from([*MOMENTS, LATEST]), "end")
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix = ledger.prefix(known)
        if "prod" not in models.reads.environments(prefix):
            continue
        expected = Replay(ledger.recorded[:known]).unknown("prod")
        for at in (*MOMENTS, LATEST - timedelta(days=1)):
            told = models.reads.unknown_at(PROD, at, prefix)
            assert list(told) == overlapping(expected, at, at + timedelta(microseconds=1)), at
        wanted = overlapping(expected, start, end) if (start or EARLIEST) < end else []
        told, cut = models.reads.unknown(PROD, prefix, start=start, end=end, limit=ALL)
        assert (list(told), cut) == (wanted, False)
        few, cut = models.reads.unknown(PROD, prefix, start=start, end=end, limit=1)
        assert (list(few), cut) == (wanted[:1], len(wanted) > 1)


@seldom
@given(histories.watches(), st.data())
def test_however_few_seams_are_looked_at_what_is_told_is_true_and_the_rest_is_said_to_be_left_out(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    fed(models, ledger)
    prefix = ledger.prefix(None)
    expected = Replay(ledger.recorded).unknown("prod")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "SEAMS_MAX", data.draw(st.integers(1, 4), "seams"))
        told, cut = models.reads.unknown(PROD, prefix, start=None, end=LATEST, limit=ALL)
    covered = [each for each in told if each.since is not None]
    assert covered == [each for each in expected if each.since is not None][: len(covered)]
    assert cut or list(told) == expected


@seldom
@given(histories.ledgers(), st.data())
def test_everywhere_at_once_is_each_environment_by_itself(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    fed(models, ledger)
    at = data.draw(st.sampled_from(MOMENTS), "as_of")
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix, replay = ledger.prefix(known), Replay(ledger.recorded[:known])
        expected = [
            each
            for environment in replay.environments()
            for each in overlapping(replay.unknown(environment), at, at + timedelta(microseconds=1))
        ]
        told = models.reads.unknown_at(Scope(), at, prefix)
        assert sorted(told, key=repr) == sorted(expected, key=repr)
        for environment in replay.environments():
            seen = models.reads.observed(environment, at, prefix)
            assert list(seen) == replay.last_seen(environment, at)


LISTS = [(name,) for name in ("x", "y", "z", "b-8", "b-9", "never built")] + [("x", "y"), ("x", "b-8")]


@seldom
@given(histories.ledgers(), st.data())
def test_what_drift_compares_with_is_what_a_replay_says(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    fed(models, ledger)
    at = data.draw(st.sampled_from(MOMENTS), "as_of")
    lists = [(service, tuple(map(digest, names))) for service in histories.SERVICES for names in LISTS]
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix, replay = ledger.prefix(known), Replay(ledger.recorded[:known])
        for environment in replay.environments():
            assert models.reads.emptied(environment, at, prefix) == replay.emptied(environment, at)
            origins = models.reads.origins(environment, lists, prefix)
            assert origins == {each: replay.origin(environment, *each) for each in lists}


steps = st.integers(0, 30)


@st.composite
def reports(draw: st.DrawFn) -> list[tuple[str, int, int | None]]:
    """Reports of three observers: who, when, and until when it promised."""
    told = draw(
        st.lists(st.tuples(st.sampled_from("abc"), steps, st.none() | st.integers(1, 9)), max_size=15)
    )
    unique = {(who, at): promise for who, at, promise in told}
    return [(who, at, None if promise is None else at + promise) for (who, at), promise in unique.items()]


@often
@given(reports(), steps, steps)
def test_gaps_are_the_moments_at_which_somebody_is_silent_and_nobody_covers(
    told: list[tuple[str, int, int | None]], low: int, length: int
) -> None:
    def moment(step: int) -> datetime:
        return NOON + timedelta(seconds=step)

    spans = []
    for who, at, promised in told:
        following = min((then for name, then, _ in told if name == who and then > at), default=None)
        spans.append(
            Span(
                who,
                moment(at),
                None if promised is None else moment(promised),
                None if following is None else moment(following),
            )
        )
    found = gaps(spans, moment(low), moment(low + length))
    for step in range(low, low + length):
        last = {who: promised for who, at, promised in sorted(told, key=lambda each: each[1]) if at <= step}
        promises = [promised for promised in last.values() if promised is not None]
        expected = bool(promises) and max(promises) <= step
        assert any(gap.start <= moment(step) < gap.end for gap in found) is expected
    assert all(one.end < other.start for one, other in pairwise(found))
