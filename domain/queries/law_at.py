"""Which policies decided, what was frozen and waived, as of any instant and as known at any moment."""

from domain.policy.law import Law, fold
from domain.ports import LedgerReader
from domain.queries.asking import Clocks
from domain.queries.decided_at import Known, decided_at
from domain.stream import POLICY


def law_at(clocks: Clocks, *, ledger: LedgerReader) -> Known[Law]:
    """Return the law; raises `KnownInTheFuture` and `BeyondTheHead`."""
    return decided_at(clocks, POLICY, fold, Law(), ledger=ledger)
