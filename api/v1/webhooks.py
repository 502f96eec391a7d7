"""Webhooks: how they stand, and what they were told. What they are is a change of access."""

from typing import Annotated

from pydantic import Field

from api.access.asking import Asking
from api.fields import Input, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import head
from api.v1.shapes import LedgerShape
from api.v1.webhook_shapes import AttemptShape, DeliveryShape, WebhookShape
from domain.access.access import Access, Held
from domain.access.fold import fold
from domain.access.scopes import Scope
from domain.access.webhook import NAME_PATTERN, Webhook
from domain.errors import (
    BrokenLedger,
    KeyUnusable,
    LedgerUnavailable,
    NotPermitted,
    UnknownAccess,
)
from domain.stream import ACCESS

SCOPE = frozenset({Scope.WEBHOOK})
PAGE_SIZE_MAX = 500
WebhookName = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$", examples=["chat"])]
REFUSED = (BrokenLedger, KeyUnusable, LedgerUnavailable, NotPermitted)


class StandingWebhooksShape(Output):
    """Webhooks that whoever asks may operate, by name."""

    ledger: LedgerShape
    webhooks: list[WebhookShape]


@operation("GET", "/v1/webhooks", scope=SCOPE, refusals=REFUSED, tag="webhooks")
def webhooks(*, asking: Asking, services: Services) -> Reply[StandingWebhooksShape]:
    """List webhooks: who is told of what, how far, what went wrong, and with which keys that is verified."""
    access = access_of(services)
    prefix = services.ledger.prefix(None)
    standing = {each.name: each for each in services.webhooks.deliveries.standing()}
    shown = [
        WebhookShape.of(held, standing.get(name), prefix.position, services)
        for name, held in sorted(access.webhooks.items())
        if _may_operate(asking, held)
    ]
    return Reply(StandingWebhooksShape(ledger=LedgerShape.of(prefix), webhooks=shown), head=head(prefix))


class DeliveriesQuery(Input):
    """The newest attempts, at most `limit`; `before`: only those with a smaller number."""

    limit: Annotated[int, Field(ge=1, le=PAGE_SIZE_MAX)] = 100
    before: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None


class DeliveriesShape(Output):
    """Attempts at telling a webhook, the newest first. Of each webhook the newest 1000 are kept."""

    deliveries: list[DeliveryShape]


@operation(
    "GET",
    "/v1/webhooks/<webhook>/deliveries",
    scope=SCOPE,
    refusals=(*REFUSED, UnknownAccess),
    tag="webhooks",
)
def webhook_deliveries(
    *, webhook: WebhookName, query: DeliveriesQuery, asking: Asking, services: Services
) -> DeliveriesShape:
    """Show what a webhook was told, when, and how it answered."""
    held_by(webhook, asking, services)
    found = services.webhooks.deliveries.attempts(webhook, before=query.before, limit=query.limit)
    return DeliveriesShape(
        deliveries=[DeliveryShape(number=number, **AttemptShape.said_of(each)) for number, each in found]
    )


def held_by(name: str, asking: Asking, services: Services) -> Held[Webhook]:
    """Return the webhook of that *name*; raises `UnknownAccess`, or `NotPermitted` when out of reach."""
    access = access_of(services)
    held = access.webhooks.get(name)
    if held is None:
        raise UnknownAccess(f"there is no webhook {name[:100]!r}")
    asking.authority.check_within(Scope.WEBHOOK, held.said.reach)
    return held


def access_of(services: Services) -> Access:
    """Return the state of access."""
    return services.ledger.load(ACCESS, fold) or Access()


def _may_operate(asking: Asking, held: Held[Webhook]) -> bool:
    try:
        asking.authority.check_within(Scope.WEBHOOK, held.said.reach)
    except NotPermitted:
        return False
    return True


OPERATIONS = (webhooks, webhook_deliveries)
