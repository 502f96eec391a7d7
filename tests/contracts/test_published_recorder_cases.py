"""Our recorders pass the cases that `eventsourcing` publishes for recorders.

All of them run, the ones that print timings too. `TrackingRecorderTestCase` and
`ProcessRecorderTestCase` have nothing to run on: read models keep their own position (ADR 0004).
`InfrastructureFactoryTestCase` does not apply: it asks a factory to choose recorders, a compressor
and a cipher by environment variables, and ours hands out the one recorder that the wiring made.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import AggregateRecorder, StoredEvent

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.recorder import LedgerRecorder
from adapters.ledger.sql_recorder import SqlRecorder
from tests.contracts.opened import Opened
from tests.contracts.published import cases


class WithoutPositions(AggregateRecorder):
    """A recorder of ours as the case for aggregates wants one: it knows events, and no positions."""

    def __init__(self, recorder: LedgerRecorder) -> None:
        self._recorder = recorder

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        self._recorder.insert_events(stored_events, **kwargs)

    def select_events(self, originator_id: UUID | str, **kwargs: Any) -> Sequence[StoredEvent]:
        return [
            StoredEvent(row.originator_id, row.originator_version, row.topic, row.state)
            for row in self._recorder.select_events(originator_id, **kwargs)
        ]


class Aggregate(cases.AggregateRecorderTestCase):  # type: ignore[misc]  # what is imported late has no types
    """Storing and selecting the events of a stream."""

    def create_recorder(self) -> AggregateRecorder:
        return WithoutPositions(self.recorder())


class Application(cases.ApplicationRecorderTestCase):  # type: ignore[misc]  # what is imported late has no types
    """Positions, paging, concurrency, and following."""

    def create_recorder(self) -> Any:
        return self.recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class NonInterleaving(cases.NonInterleavingNotificationIDsBaseCase):  # type: ignore[misc]  # what is imported late has no types
    """Events appended together stay together."""

    def create_recorder(self) -> Any:
        return self.recorder()


class InMemory:
    def recorder(self) -> LedgerRecorder:
        return MemoryRecorder()


class OnSQLite:
    """A case makes its recorder itself, so it is handed the URL by a fixture."""

    @pytest.fixture(autouse=True)
    def _database(self, opened: Opened, tmp_path: Path) -> None:
        self.database = opened(self.url(tmp_path))

    def url(self, folder: Path) -> str:
        return f"sqlite:///{folder}/ledger.db"

    def recorder(self) -> LedgerRecorder:
        return _recorder(self.database)


class OnSQLiteInMemory(OnSQLite):
    def url(self, folder: Path) -> str:  # noqa: ARG002 - a place that is not needed
        return "sqlite://"


class OnPostgres:
    @pytest.fixture(autouse=True)
    def _database(self, opened: Opened, postgres_url: str) -> None:
        self.database = opened(postgres_url)

    def recorder(self) -> LedgerRecorder:
        return _recorder(self.database)


def _recorder(database: Database) -> SqlRecorder:
    schema.create(database)
    return SqlRecorder(database, stream_form=UUID)  # the cases name streams by UUID


class TestAggregateInMemory(InMemory, Aggregate): ...


class TestApplicationInMemory(InMemory, Application): ...


class TestNonInterleavingInMemory(InMemory, NonInterleaving): ...


class TestAggregateOnSQLite(OnSQLite, Aggregate): ...


class TestApplicationOnSQLite(OnSQLite, Application): ...


class TestNonInterleavingOnSQLite(OnSQLite, NonInterleaving): ...


class TestAggregateOnSQLiteInMemory(OnSQLiteInMemory, Aggregate): ...


class TestApplicationOnSQLiteInMemory(OnSQLiteInMemory, Application): ...


class TestNonInterleavingOnSQLiteInMemory(OnSQLiteInMemory, NonInterleaving): ...


class TestAggregateOnPostgres(OnPostgres, Aggregate): ...


class TestApplicationOnPostgres(OnPostgres, Application): ...


class TestNonInterleavingOnPostgres(OnPostgres, NonInterleaving): ...


del Aggregate, Application, NonInterleaving  # abstract; a collector would run them too
