"""Webhooks by hand: told again, gone on with, and tried."""

from typing import Annotated

from pydantic import Field

from api.access.asking import Asking
from api.fields import Input, Output
from api.operations import operation
from api.services import Services
from api.v1.webhook_shapes import AttemptShape, WebhookShape
from api.v1.webhooks import REFUSED, SCOPE, WebhookName, access_of, held_by
from api.webhooks import courier, message
from domain.access.access import Held
from domain.access.delivery import Standing, resumed
from domain.access.webhook import NAME_PATTERN, Webhook
from domain.errors import BeyondTheHead, ContradictoryReport, UnknownAccess, UnknownEvent
from domain.event import SealedEvent

DeliveryId = Annotated[
    str, Field(pattern=f"^evt_[1-9][0-9]{{0,15}}_{NAME_PATTERN}$", examples=["evt_12_chat"])
]


class ReplayBody(Input):
    """`after`: what follows that position is told, again or not, and nothing else; or `delivery`: one id."""

    after: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    delivery: DeliveryId | None = None


class ToldShape(Output):
    """How a webhook stands now; `attempt`: what came of what was sent just now, if anything was."""

    webhook: WebhookShape
    attempt: AttemptShape | None


@operation(
    "POST",
    "/v1/webhooks/<webhook>:replay",
    scope=SCOPE,
    refusals=(*REFUSED, UnknownAccess, UnknownEvent, BeyondTheHead, ContradictoryReport),
    tag="webhooks",
)
def replay_webhook(
    *, webhook: WebhookName, body: ReplayBody, asking: Asking, services: Services
) -> ToldShape:
    """Tell a webhook again: from a position on, or of one event. A receiver knows it again by its id."""
    held = held_by(webhook, asking, services)
    if (body.after is None) == (body.delivery is None):
        raise ContradictoryReport("give the position after which it is told again, or the id of a delivery")
    if body.after is not None:
        position = services.ledger.prefix(body.after).position
        return _changed(held, services, position=position)
    assert body.delivery is not None, "one of the two is given"
    row = _event_of(held, body.delivery, services)
    return _sent(held, message.of_event(webhook, row), row.position, services)


@operation(
    "POST",
    "/v1/webhooks/<webhook>:resume",
    scope=SCOPE,
    refusals=(*REFUSED, UnknownAccess),
    tag="webhooks",
)
def resume_webhook(*, webhook: WebhookName, asking: Asking, services: Services) -> ToldShape:
    """Go on with a webhook that was paused, or waits to be tried again: at once, where it stopped."""
    return _changed(held_by(webhook, asking, services), services)


@operation(
    "POST",
    "/v1/webhooks/<webhook>:test",
    scope=SCOPE,
    refusals=(*REFUSED, UnknownAccess),
    tag="webhooks",
)
def test_webhook(*, webhook: WebhookName, asking: Asking, services: Services) -> ToldShape:
    """Send a webhook something to try it out, and tell what came of it; how far it was told stays."""
    held = held_by(webhook, asking, services)
    trial = message.of_trial(webhook, services.ledger.now())
    return _sent(held, trial, None, services)


def _event_of(held: Held[Webhook], delivery: str, services: Services) -> SealedEvent:
    _, position, name = delivery.split("_", 2)
    rows = services.ledger.sealed(after=int(position) - 1, limit=1)
    if name != held.said.name or not rows or not courier.is_for(held, rows[0]):
        raise UnknownEvent(f"webhook {held.said.name} is told of no event by the id {delivery}")
    return rows[0]


def _changed(held: Held[Webhook], services: Services, *, position: int | None = None) -> ToldShape:
    name = held.said.name
    courier.begin(services.webhooks, name, access_of(services), services.ledger)
    changed = services.webhooks.deliveries.change(name, lambda known: resumed(known, position=position))
    return _told(held, changed, None, services)


def _sent(held: Held[Webhook], told: message.Message, position: int | None, services: Services) -> ToldShape:
    attempt = courier.send(services.webhooks, held, told, position, services.ledger)
    services.webhooks.deliveries.log(attempt)
    standing = {each.name: each for each in services.webhooks.deliveries.standing()}
    shown = AttemptShape(**AttemptShape.said_of(attempt))
    return _told(held, standing.get(held.said.name), shown, services)


def _told(
    held: Held[Webhook], standing: Standing | None, attempt: AttemptShape | None, services: Services
) -> ToldShape:
    position = services.ledger.prefix(None).position
    return ToldShape(webhook=WebhookShape.of(held, standing, position, services), attempt=attempt)


OPERATIONS = (replay_webhook, resume_webhook, test_webhook)
