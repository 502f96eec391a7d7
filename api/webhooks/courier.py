"""Who tells webhooks: one of all servers tells each, in the order of the ledger, one event after the other.

1. what is recorded of webhooks is compared with those that are told: new ones begin after the event that
   confirmed them, removed ones end;
2. a webhook that is due is claimed, for a time: of several servers one tells it, and when that one is gone,
   another does when the time is up;
3. events that it may see and wants are sent, one after the other; others are passed over;
4. how far it was told is kept after each: whoever goes on begins there, so that after a crash one event may
   be told twice, and none is left out;
5. what is not taken is tried again later (`domain.access.delivery`), and nothing behind it before.

Nothing here waits, and nothing knows a thread: `api.webhooks.rounds` does.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from api.access.sees import sees
from api.webhooks import message
from api.webhooks.message import Message
from api.webhooks.ports import Webhooks
from domain.access.access import Access, Held
from domain.access.authority import Authority, of_webhook
from domain.access.delivery import Attempt, Standing, after, resumed
from domain.access.fold import fold
from domain.access.webhook import Webhook
from domain.event import SealedEvent
from domain.ports import LedgerReader
from domain.stream import ACCESS

HELD = timedelta(minutes=2)
"""For how long a claim holds after its last sign of life: several times what one attempt can take."""
TURN_EVENTS_MAX = 50
"""After so many, others get the thread."""
PAGE_EVENTS = 100
TURN_PAGES_MAX = 50


class Courier:
    """Tells webhooks what was recorded. Safe to use from any thread."""

    def __init__(
        self,
        ledger: LedgerReader,
        webhooks: Webhooks,
        *,
        name: str,
        chance: Callable[[], float],
    ) -> None:
        """Go by *name*, which no other server has; *chance* draws from 0 to 1."""
        self._ledger = ledger
        self._webhooks = webhooks
        self._name = name
        self._chance = chance
        self._followed = -1

    def due(self) -> list[str]:
        """Return the webhooks that there may be something to tell now, by name (1)."""
        access = self._access()
        if not access.webhooks and self._followed == access.version:
            return []
        standing = self._webhooks.deliveries.standing()
        known = self._followed == access.version and len(standing) == len(access.webhooks)
        if not known and self._follow(standing):
            standing = self._webhooks.deliveries.standing()
        head, now = self._ledger.prefix(None).position, self._ledger.now()
        return [
            each.name
            for each in standing
            if each.paused_at is None and each.due_at <= now and each.position < head
        ]

    def tell(self, name: str, *, stopped: Callable[[], bool] = lambda: False) -> int:
        """Tell *name* what there is, for a turn or until *stopped*; return of how many events it was told."""
        standing = self._webhooks.deliveries.claim(name, self._name, self._until())  # 2
        if standing is None:
            return 0
        try:
            return self._turn(standing, stopped)
        finally:
            self._webhooks.deliveries.release(name, self._name)

    def _turn(self, standing: Standing, stopped: Callable[[], bool]) -> int:
        told = 0
        for _ in range(TURN_PAGES_MAX):
            rows = self._ledger.sealed(after=standing.position, limit=PAGE_EVENTS)
            for row in rows:
                held = self._still(standing)
                if held is None or told >= TURN_EVENTS_MAX or stopped():
                    return told
                if not is_for(held, row):
                    continue  # it is passed over with the next that is told, or with the page
                went_on = self._tell(held, row, standing)  # 3
                if went_on is None:
                    return told
                standing, told = went_on, told + 1
            if not rows or rows[-1].position == standing.position:
                return told
            standing = resumed(standing, position=rows[-1].position)
            if not self._webhooks.deliveries.reached(standing, self._name, self._until()):
                return told
        return told

    def _tell(self, held: Held[Webhook], row: SealedEvent, standing: Standing) -> Standing | None:
        """Return how it stands when it took *row*; None when it did not (5), or is another's to tell."""
        told = message.of_event(held.said.name, row)
        attempt = send(self._webhooks, held, told, row.position, self._ledger)
        stands = after(standing, row.position, attempt.outcome, self._ledger.now(), chance=self._chance())
        kept = self._webhooks.deliveries.reached(stands, self._name, self._until(), attempt)  # 4
        return stands if kept and attempt.outcome.delivered else None

    def _follow(self, standing: Sequence[Standing]) -> bool:
        """Begin with new webhooks and end with removed ones; say whether there were any.

        What is recorded is read after *standing*: one that another server has begun with is known by then.
        """
        access = self._access()
        told = {(each.name, each.begun) for each in standing}
        recorded = set(access.webhooks_begun.items())
        for name, _ in told - recorded:
            self._webhooks.deliveries.end(name)
        for name, _ in recorded - told:
            begin(self._webhooks, name, access, self._ledger)
        self._followed = access.version
        return told != recorded

    def _access(self) -> Access:
        return self._ledger.load(ACCESS, fold) or Access()

    def _still(self, standing: Standing) -> Held[Webhook] | None:
        """Return the webhook that *standing* is of; None when there is none any more."""
        access = self._ledger.load_recent(ACCESS, fold) or Access()
        if access.webhooks_begun.get(standing.name) != standing.begun:
            return None
        return access.webhooks[standing.name]

    def _until(self) -> datetime:
        return self._ledger.now() + HELD


def begin(webhooks: Webhooks, name: str, access: Access, ledger: LedgerReader) -> None:
    """Have webhook *name* told of what follows its first confirmation, unless it is told already."""
    begun = access.webhooks_begun[name]
    (confirmed,) = ledger.of_stream(ACCESS, [begun])
    webhooks.deliveries.begin(name, begun, confirmed.position)


def send(
    webhooks: Webhooks, held: Held[Webhook], told: Message, position: int | None, ledger: LedgerReader
) -> Attempt:
    """Send *told*, now, and return what came of it; raises `KeyUnusable`."""
    at = ledger.now()
    fields = message.headers(told, held, at, webhooks.keys)
    outcome = webhooks.sender.send(held.said.url, fields, told.body)
    return Attempt(webhook=held.said.name, id=told.id, position=position, at=at, outcome=outcome)


def is_for(held: Held[Webhook], row: SealedEvent) -> bool:
    """Whether a webhook may see an event, and wants to be told of it."""
    return held.said.wants(row.topic) and sees(Authority((of_webhook(held),)), row.stream)
