"""The projector: each event once, in order, in the append's transaction or later."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.readmodels.projector import Projector
from domain.errors import BrokenLedger
from domain.event import Recorded
from tests.builders import NOON, a_config, a_correction, a_deployment, a_release, story, tell
from tests.contracts.read_models import Followed, followed
from tests.plain import PlainLedger
from tests.replay import Replay

STATEMENTS_MAX = 8
"""For one deployment of a release that is known, among targets that are."""


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Followed]:
    match request.param:
        case "sqlite":
            url = f"sqlite:///{tmp_path}/ledger.db"
        case "memory":
            url = "sqlite://"
        case _:
            url = request.getfixturevalue("postgres_url")
    with followed(url) as made:
        yield made


@pytest.fixture
def ledger() -> PlainLedger:
    made = PlainLedger()
    *_, last = tell(made, *story())
    later = NOON + timedelta(minutes=1)
    really = a_deployment(1, slot="blue", occurred_at=later)
    tell(made, a_correction(last.position, replacement=really, occurred_at=later))
    return made


def statements(models: Followed, recorded: Sequence[Recorded]) -> list[str]:
    """Return what following *recorded* sends to the database."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    sa.event.listen(models.database.engine, "before_cursor_execute", note)
    models.follow(recorded)
    sa.event.remove(models.database.engine, "before_cursor_execute", note)
    return [each for each in sent if not each.startswith(("BEGIN", "SELECT pg_advisory"))]


def test_events_are_taken_in_once_and_in_order(models: Followed, ledger: PlainLedger) -> None:
    models.follow(ledger.recorded[:5])
    before = models.content()
    models.follow(ledger.recorded[:5])
    models.follow(ledger.recorded[7:])
    assert models.content() == before
    assert models.projector.position() == 5


def test_a_projector_that_is_behind_catches_up(models: Followed, ledger: PlainLedger) -> None:
    models.follow(ledger.recorded[:3])
    models.recorded = ledger.recorded
    taken = models.projector.catch_up(4)
    assert taken == len(ledger.recorded) - 3
    assert models.projector.position() == len(ledger.recorded)
    caught_up = models.content()
    models.empty()
    models.follow(ledger.recorded)
    assert models.content() == caught_up


@pytest.mark.parametrize("gone", [0, 4])
def test_a_gap_in_the_record_is_not_passed_over(models: Followed, ledger: PlainLedger, gone: int) -> None:
    left = [*ledger.recorded[:gone], *ledger.recorded[gone + 1 :]]

    def read(after: int, limit: int) -> Sequence[Recorded]:
        return [each for each in left if each.position > after][:limit]

    with pytest.raises(BrokenLedger, match=f"after position {gone} comes position {gone + 2}"):
        Projector(models.database, read_page=read).catch_up(3)


def test_nothing_to_catch_up_with_is_fine(models: Followed, ledger: PlainLedger) -> None:
    assert models.projector.catch_up() == 0
    models.follow(ledger.recorded)
    models.recorded = ledger.recorded
    assert models.projector.catch_up() == 0


def test_catching_up_meets_a_writer_that_does_not_wait(models: Followed, ledger: PlainLedger) -> None:
    """Whatever is appended between reading a page and taking it in is taken in as well."""
    visible = 5

    def read(after: int, limit: int) -> Sequence[Recorded]:
        nonlocal visible
        page = ledger.recorded[after : min(visible, after + limit)]
        visible = min(visible + 3, len(ledger.recorded))
        return page

    projector = Projector(models.database, read_page=read)
    while projector.position() < len(ledger.recorded):
        projector.catch_up(4)
    content = models.content()
    models.empty()
    models.follow(ledger.recorded)
    assert models.content() == content


def test_a_failed_append_takes_its_rows_with_it(models: Followed, ledger: PlainLedger) -> None:
    models.follow(ledger.recorded[:3])
    before = models.content()

    def append_and_fail() -> None:
        with models.database.appending() as connection:
            models.projector.apply(connection, ledger.recorded[3:])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    assert models.content() == before


def test_one_deployment_is_a_handful_of_statements(models: Followed, ledger: PlainLedger) -> None:
    models.follow(ledger.recorded)
    tell(ledger, a_deployment(1, deployment="d-9"))
    sent = statements(models, ledger.recorded[-1:])
    assert len(sent) <= STATEMENTS_MAX, sent


def test_many_events_are_not_many_statements(models: Followed, ledger: PlainLedger) -> None:
    one = statements(models, ledger.recorded)
    before = len(ledger.recorded)
    for number in range(20):
        tell(ledger, a_config(plain={"N": str(number)}), a_release(config=number + 3))
        tell(ledger, a_deployment(number + 3, deployment=f"again-{number}"))
    assert len(statements(models, ledger.recorded[before:])) <= len(one)


def test_changes_are_numbered_without_gaps(models: Followed, ledger: PlainLedger) -> None:
    models.follow(ledger.recorded)
    prefix = ledger.prefix(None)
    for environment in ("prod", "staging"):
        last = models.reads.last_change(environment, prefix)
        numbers = [models.reads.change(environment, n, prefix).number for n in range(1, last + 1)]
        assert numbers == list(range(1, last + 1))
        assert last == len(Replay(ledger.recorded).changes(environment))
