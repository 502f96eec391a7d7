"""What commands about policies, freezes and waivers have in common."""

from collections.abc import Callable

from domain.access.access import Access
from domain.access.fold import fold as fold_access
from domain.commands.deciding_access import Decided
from domain.commands.telling import once
from domain.digest import Digest
from domain.event import Event
from domain.policy.law import Law, fold
from domain.policy.lawmaking import Decider
from domain.ports import Ledger, LedgerReader, Receipt
from domain.report import Report
from domain.stream import ACCESS, POLICY


def law_of(ledger: LedgerReader) -> Law:
    """Return the law as it is by now."""
    return ledger.load(POLICY, fold) or Law()


def make_law(
    command: Decided,
    told: Report,
    natural: Callable[[Law], Digest],
    decide: Callable[[Decider], Event],
    *,
    ledger: Ledger,
) -> Receipt:
    """Append what *decide* makes of the law there is, once; see `telling.once`.

    The instant is never before that of the last event: what holds at an instant is what was said until then.
    """

    def decided() -> list[Event]:
        law = law_of(ledger)
        access = ledger.load(ACCESS, fold_access) or Access()
        at = max(ledger.now(), law.at, access.at)
        return [decide(Decider(law, access, command.actor, at, told))]

    return once(
        told,
        lambda: natural(law_of(ledger)),
        occurred_at=ledger.now(),
        stream=POLICY,
        ledger=ledger,
        decide=decided,
    )
