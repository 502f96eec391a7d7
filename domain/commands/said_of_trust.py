"""Saying something about trust: once, unless something else was said of the same in between."""

from collections.abc import Callable
from datetime import datetime

from domain import report, trust
from domain.commands.telling import once
from domain.digest import Digest
from domain.event import Event
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import TRUST
from domain.trust import Trust
from domain.trust_root import key_of


def say(
    told: Report,
    *,
    occurred_at: datetime,
    ledger: Ledger,
    last: Callable[[Trust], Event | None],
    decide: Callable[[Trust], Event],
    keep: Callable[[], object] | None = None,
) -> Receipt:
    """Append what *decide* returns; a retry, when *last* returns what was *told* in the same words.

    *last* returns what holds now of what this is about. *keep* puts its file into the store, once nothing
    speaks against saying it, or it was said before. All may be asked several times. Raises what `once`
    raises, and what *decide* refuses with.
    """

    def known() -> Trust:
        return ledger.load(TRUST, trust.fold) or Trust()

    def natural() -> Digest:
        now = known()
        before = last(now)
        same = (
            before is not None and before.report is not None and before.report.fingerprint == told.fingerprint
        )
        key = before.natural_key() if before is not None and same else key_of(told, now.version + 1)
        assert key is not None, "what is told has a key"
        return key

    def prepare() -> None:
        if keep is None:
            return
        if ledger.reported(report.keys(told, natural())) is None:
            decide(known())
        keep()

    return once(
        told,
        natural,
        occurred_at=occurred_at,
        stream=TRUST,
        ledger=ledger,
        decide=lambda: [decide(known())],
        prepare=prepare,
    )
