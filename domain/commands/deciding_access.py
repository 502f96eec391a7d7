"""What commands about access have in common: it happens when the ledger's clock says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.access.access import Access
from domain.access.fold import fold
from domain.actor import Actor
from domain.commands.telling import once
from domain.digest import Digest
from domain.event import Event
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import ACCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who wants it, and their own name for saying so, under which it is said once."""

    actor: Actor
    id: str | None = None

    def by(self) -> list[str]:
        """Return who wants it, for a fingerprint: the same words of another are another thing."""
        return [self.actor.issuer, self.actor.subject]

    def report(self, fingerprint: Digest) -> Report:
        """Return the report with *fingerprint*."""
        return Report(fingerprint=fingerprint, id=self.id)


def decide_once(
    told: Report,
    natural: Callable[[Access], Digest],
    decide: Callable[[Access, datetime], Sequence[Event]],
    *,
    ledger: Ledger,
) -> Receipt:
    """Append what *decide* makes of the access there is and the instant, once; see `telling.once`.

    The instant is never before that of the last event: what holds at an instant is what was said until then.
    """
    return once(
        told,
        lambda: natural(_known(ledger)),
        occurred_at=ledger.now(),
        stream=ACCESS,
        ledger=ledger,
        decide=lambda: decide(known := _known(ledger), max(ledger.now(), known.at)),
    )


def _known(ledger: Ledger) -> Access:
    return ledger.load(ACCESS, fold) or Access()
