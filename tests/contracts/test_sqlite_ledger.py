"""The ledger on SQLite keeps the contract: in a file, as it is used, and in memory, as trials use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.recorder import LedgerRecorder
from adapters.ledger.sql_recorder import SqlRecorder
from tests.contracts.ledger_contract import LedgerContract
from tests.contracts.opened import Opened


class TestSQLiteLedger(LedgerContract):
    @pytest.fixture
    def recorder(self, opened: Opened, tmp_path: Path) -> LedgerRecorder:
        self.opened = opened
        database = opened(f"sqlite:///{tmp_path}/ledger.db")
        schema.create(database)
        return SqlRecorder(database)

    def another(self, recorder: LedgerRecorder) -> LedgerRecorder:
        assert isinstance(recorder, SqlRecorder)
        return SqlRecorder(self.opened(recorder.database.url))


class TestSQLiteLedgerInMemory(LedgerContract):
    @pytest.fixture
    def recorder(self) -> Iterator[LedgerRecorder]:
        database = Database("sqlite://")
        schema.create(database)
        yield SqlRecorder(database)
        database.close()

    def another(self, recorder: LedgerRecorder) -> LedgerRecorder:
        assert isinstance(recorder, SqlRecorder)
        return SqlRecorder(recorder.database)  # memory is of one connection
