"""The ledger in memory keeps the contract; it is what unit tests stand on."""

import pytest

from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.recorder import LedgerRecorder
from tests.contracts.ledger_contract import LedgerContract


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def recorder(self) -> LedgerRecorder:
        return MemoryRecorder()

    def another(self, recorder: LedgerRecorder) -> LedgerRecorder:
        return recorder  # memory is of one process
