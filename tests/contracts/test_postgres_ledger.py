"""The ledger on PostgreSQL keeps the contract."""

from contextlib import suppress

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.ledger.ledger import EventLedger
from adapters.ledger.recorder import LedgerRecorder
from adapters.ledger.sql_recorder import SqlRecorder
from domain.errors import LedgerUnavailable
from domain.event import Event
from tests.contracts.ledger_contract import LedgerContract, noted
from tests.contracts.opened import Opened

CONNECTIONS_MAX = 20
"""More than a pool holds: each may have to be found broken once."""


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def recorder(self, opened: Opened, postgres_url: str) -> LedgerRecorder:
        self.opened = opened
        database = opened(postgres_url)
        schema.create(database)
        return SqlRecorder(database)

    def another(self, recorder: LedgerRecorder) -> LedgerRecorder:
        assert isinstance(recorder, SqlRecorder)
        return SqlRecorder(self.opened(recorder.database.url))

    def test_a_follower_outlives_its_connections(
        self, recorder: LedgerRecorder, ledger: EventLedger, postgres_url: str
    ) -> None:
        ledger.append([noted(1)])
        with recorder.subscribe() as following:
            assert next(following).id == 1
            end_every_other_connection(postgres_url)
            append_when_reconnected(ledger, noted(2))
            assert next(following).id == 2


def end_every_other_connection(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def append_when_reconnected(ledger: EventLedger, event: Event) -> None:
    for _ in range(CONNECTIONS_MAX):
        with suppress(LedgerUnavailable):
            ledger.append([event])
            return
    pytest.fail("the ledger did not reconnect")
