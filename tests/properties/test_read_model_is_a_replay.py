"""What the read models answer is what a plain replay of the prefix answers, always."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands.record import Command
from domain.commands.record_deployment import RecordDeployment
from domain.deployment import DeploymentOutcome
from domain.instant import LATEST
from domain.placement import Change, Placement
from domain.ports import Page, Scope
from domain.prefix import Prefix
from tests import histories, postgres
from tests.builders import NOON
from tests.contracts.read_models import Followed, followed
from tests.plain import PlainLedger
from tests.replay import Replay

LATER = timedelta(microseconds=1)
ALL = 1000
INSTANT = st.none() | histories.instants
Instant = datetime | None

pytestmark = pytest.mark.timeout(300)
often = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
seldom = settings(often, max_examples=50)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """Read models on each database, emptied by each example."""
    if request.param == "sqlite":
        with followed(f"sqlite:///{tmp_path_factory.mktemp('replay') / 'ledger.db'}") as made:
            yield made
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as url, followed(url) as made:
        yield made


def fed(models: Followed, ledger: PlainLedger) -> None:
    """Follow the ledger from the start, append by append."""
    models.empty()
    at = 0
    for size in ledger.appends:
        models.follow(ledger.recorded[at : at + size])
        at += size


def walked(
    models: Followed, scope: Scope, prefix: Prefix, limit: int, **interval: Instant
) -> list[Placement]:
    """Walk a timeline in pages."""
    read: list[Placement] = []
    after = None
    while page := models.reads.timeline(scope, prefix, **interval, after=after, limit=limit):
        read += page
        after = Page(page[-1].since, page[-1].cause.position)
    return read


@often
@given(histories.ledgers(), st.data())
def test_what_ran_is_what_a_replay_says(models: Followed, ledger: PlainLedger, data: st.DataObject) -> None:
    fed(models, ledger)
    aside = data.draw(st.sampled_from([-LATER, LATER - LATER]), "aside")
    scope = data.draw(histories.scopes, "scope")
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix, replay = ledger.prefix(known), Replay(ledger.recorded[:known])
        for as_of in (*histories.INSTANTS, LATEST):
            answer = models.reads.running(scope, as_of + aside, prefix)
            assert list(answer) == replay.running(scope, as_of + aside)


@often
@given(histories.ledgers(), st.data())
def test_a_timeline_is_what_a_replay_says(models: Followed, ledger: PlainLedger, data: st.DataObject) -> None:
    fed(models, ledger)
    start, end = data.draw(INSTANT, "start"), data.draw(INSTANT, "end")
    scope = data.draw(histories.scopes, "scope")
    limit = data.draw(st.integers(1, 4), "page")
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix, replay = ledger.prefix(known), Replay(ledger.recorded[:known])
        answer = walked(models, scope, prefix, limit, start=start, end=end)
        assert answer == replay.timeline(scope, start, end)


@often
@given(histories.ledgers(), st.data())
def test_changes_are_what_a_replay_says(models: Followed, ledger: PlainLedger, data: st.DataObject) -> None:
    fed(models, ledger)
    environment = data.draw(st.sampled_from(histories.ENVIRONMENTS), "environment")
    start, end = data.draw(INSTANT, "start"), data.draw(INSTANT, "end")
    below = data.draw(st.none() | st.integers(0, 20), "below")
    limit = data.draw(st.integers(1, 5), "page")
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix, expected = ledger.prefix(known), Replay(ledger.recorded[:known]).changes(environment)
        assert models.reads.last_change(environment, prefix) == len(expected)
        assert [models.reads.change(environment, each.number, prefix) for each in expected] == expected
        wanted = [
            each
            for each in reversed(expected)
            if (start is None or start <= each.occurred_at)
            and (end is None or each.occurred_at < end)
            and (below is None or each.number < below)
        ]
        answer = models.reads.changes(environment, prefix, start=start, end=end, below=below, limit=limit)
        assert list(answer) == wanted[:limit]


@often
@given(histories.ledgers(), st.data())
def test_releases_and_where_they_ran_are_what_a_replay_says(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    fed(models, ledger)
    target = data.draw(histories.targets, "target")
    where = (target.service, target.environment)
    for known in data.draw(histories.prefixes(ledger), "known_at"):
        prefix, replay = ledger.prefix(known), Replay(ledger.recorded[:known])
        assert list(models.reads.environments(prefix)) == replay.environments()
        assert list(models.reads.services(prefix)) == replay.services()
        assert models.reads.has_environment(target.environment, prefix) == (
            target.environment in replay.environments()
        )
        assert models.reads.has_service(target.service, prefix) == (target.service in replay.services())
        expected = replay.releases(target)
        assert list(models.reads.releases(*where, prefix, below=None, limit=ALL)) == expected[::-1]
        assert [models.reads.release(*where, each.number, prefix) for each in expected] == expected
        chosen = [each for each in expected if data.draw(st.booleans(), "chosen")]
        assert list(models.reads.ran(chosen, prefix, limit=ALL)) == replay.ran(chosen)


def everything(models: Followed, ledger: PlainLedger, known: int) -> Sequence[object]:
    """Ask all there is to ask at one prefix."""
    prefix = ledger.prefix(known)
    changes: list[Change] = []
    for environment in histories.ENVIRONMENTS:
        asked = {"start": None, "end": None, "below": None}
        changes += models.reads.changes(environment, prefix, **asked, limit=ALL)
    asked = {"start": None, "end": None, "after": None}
    return [
        models.reads.environments(prefix),
        models.reads.services(prefix),
        models.reads.timeline(Scope(), prefix, **asked, limit=ALL),
        [models.reads.running(Scope(), each.event.occurred_at, prefix) for each in ledger.recorded[:known]],
        changes,
    ]


@seldom
@given(histories.ledgers(), st.data())
def test_an_answer_at_an_older_prefix_never_changes(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    known = data.draw(st.integers(0, len(ledger.recorded)), "known_at")
    models.empty()
    models.follow(ledger.recorded[:known])
    before = everything(models, ledger, known)
    models.follow(ledger.recorded[known:])
    assert everything(models, ledger, known) == before


@seldom
@given(histories.ledgers(), st.data())
def test_tables_are_the_same_however_the_events_were_batched(
    models: Followed, ledger: PlainLedger, data: st.DataObject
) -> None:
    fed(models, ledger)
    one_by_one = models.content()
    size = data.draw(st.integers(1, 20), "page")
    models.empty()
    models.recorded = ledger.recorded
    models.projector.catch_up(size)
    assert models.content() == one_by_one


def told_of(placement: Placement) -> tuple[object, ...]:
    """Say what ran where and when, without the numbers that follow the order of arrival."""
    release = placement.release
    ran = None if release is None else (release.build, release.config.digest, release.config.reference)
    return placement.target, placement.slot, placement.since, placement.until, ran


def in_any_order(command: Command) -> Command:
    """Leave out what refers to what arrived before: attempts by name, and later releases."""
    if not isinstance(command, RecordDeployment):
        return command
    return replace(command, release=1, deployment=None, outcome=DeploymentOutcome.SUCCEEDED)


@seldom
@given(st.lists(histories.runs.map(in_any_order), max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_what_ran(
    models: Followed, commands: list[Command], order: Random
) -> None:
    told = []
    for _ in range(2):
        ledger = PlainLedger(start=NOON + timedelta(days=1))  # nothing is too early to be told
        ledger.tell([*histories.delivered(), *commands])
        fed(models, ledger)
        ran = models.reads.timeline(Scope(), ledger.prefix(None), start=None, end=None, after=None, limit=ALL)
        told.append(sorted(map(told_of, ran), key=repr))
        order.shuffle(commands)
    assert told[0] == told[1]
