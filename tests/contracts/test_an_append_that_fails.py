"""An append that fails at its n-th statement, for every n and at COMMIT, leaves nothing behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.readmodels.projector import Projector
from domain.commands.record_batch import Draft
from domain.errors import LedgerUnavailable
from domain.event import Event
from tests.builders import (
    Clock,
    a_build,
    a_config,
    a_deployment,
    a_release,
    a_removal,
    ledger,
    tell,
)
from tests.contracts.ledger_contract import assert_sound, positions
from tests.contracts.opened import Opened

Contents = Mapping[str, Sequence[str]]
STATEMENTS_LEAST = 6
STATEMENTS_MAX = 200


class Lightning:
    """Strikes the n-th statement or COMMIT after it was armed, as a lost connection does."""

    def __init__(self, engine: sa.Engine) -> None:
        self.strikes_at: int | None = None
        self.seen: list[str] = []
        sa.event.listen(engine, "before_cursor_execute", self._statement)
        sa.event.listen(engine, "commit", self._commit)

    def arm(self, strikes_at: int) -> None:
        self.strikes_at, self.seen = strikes_at, []

    def disarm(self) -> None:
        self.strikes_at = None

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._look(statement)

    def _commit(self, _connection: Any) -> None:
        self._look("COMMIT")

    def _look(self, statement: str) -> None:
        if self.strikes_at is None:
            return
        self.seen.append(statement)
        if len(self.seen) == self.strikes_at:
            raise sa.exc.OperationalError(statement, {}, Exception("struck by lightning"))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Database:
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    made = opened(url)
    schema.create(made)
    return made


@pytest.fixture
def prepared(database: Database) -> EventLedger:
    """A ledger with read models, where something is recorded already."""
    recorder = SqlRecorder(database)
    projector = Projector(database)
    projector.prepare()
    recorder.followers.append(projector)
    made = ledger(recorder, clock=Clock())
    tell(made, a_build(), a_config(), a_release(), a_deployment(1))
    return made


def drafted(on: EventLedger) -> list[Event]:
    """Return several events in several streams, with keys, that build on what is there."""
    draft = Draft(on)
    tell(draft, a_build("b-2", id="run-2", reporter="ci"), a_release("b-2"))
    tell(draft, a_deployment(2, deployment="d-2", id="run-3"), a_removal(slot="canary"))
    return draft.events


def contents(database: Database) -> Contents:
    """Return every row of every table."""
    with database.snapshot() as connection:
        return {
            name: sorted(map(repr, connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))))
            for name in sa.inspect(connection).get_table_names()
        }


def test_whichever_statement_fails_nothing_is_half_done(database: Database, prepared: EventLedger) -> None:
    events = drafted(prepared)
    before = contents(database)
    lightning = Lightning(database.engine)
    struck: list[str] = []
    for nth in range(1, STATEMENTS_MAX):
        lightning.arm(nth)
        try:
            receipts = prepared.append(events)
        except LedgerUnavailable:
            lightning.disarm()
            struck.append(lightning.seen[-1])
            assert contents(database) == before, f"half done after {struck[-1]}"
            assert_sound(prepared)
        else:
            break
    lightning.disarm()
    assert struck[-1] == "COMMIT"
    assert any("INSERT INTO report" in statement for statement in struck)
    assert len(struck) >= STATEMENTS_LEAST
    assert [receipt.position for receipt in receipts] == [5, 6, 7, 8]
    assert positions(prepared) == list(range(1, 9))
    assert_sound(prepared)


def test_whichever_statement_fails_the_command_can_be_told_again(
    database: Database, prepared: EventLedger
) -> None:
    command = a_build("b-2", id="run-2")
    lightning = Lightning(database.engine)
    for nth in range(1, STATEMENTS_MAX):
        lightning.arm(nth)
        try:
            (receipt,) = tell(prepared, command)
        except LedgerUnavailable:
            continue
        break
    lightning.disarm()
    assert (receipt.position, receipt.existing) == (5, False)
    assert positions(prepared) == [1, 2, 3, 4, 5]
    assert_sound(prepared)
