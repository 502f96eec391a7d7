"""Webhooks as they are shown, and what came of telling them."""

from datetime import datetime
from typing import Any

from api.fields import Instant, Output
from api.services import Services
from api.v1.access_shapes import ReachShape
from api.webhooks import message
from domain.access.access import Held
from domain.access.delivery import Attempt, Standing
from domain.access.scopes import Scope
from domain.access.webhook import Webhook


class RecordedWebhookShape(Output):
    """Who is told of what, as it was confirmed."""

    number: int
    name: str
    url: str
    topics: list[str]
    scopes: list[Scope]
    reach: ReachShape
    key: int
    since: Instant

    @staticmethod
    def said_of(held: Held[Webhook]) -> dict[str, Any]:
        """Return the members that show what is *held*."""
        said = held.said
        return {
            "number": held.number,
            "name": said.name,
            "url": said.url,
            "topics": list(said.topics),
            "scopes": list(said.scopes),
            "reach": ReachShape.of(said.reach),
            "key": said.key,
            "since": held.since,
        }

    @classmethod
    def recorded(cls, held: Held[Webhook], _: datetime) -> "RecordedWebhookShape":
        """Show what is *held*."""
        return RecordedWebhookShape(**cls.said_of(held))


class WebhookShape(RecordedWebhookShape):
    """Who is told of what, and how far.

    `public_keys`: receivers verify with any of them; the first is the one that lasts. `told`: up to which
    position; null when no server has begun. `failures` and `failing_since`: of the event that is tried now.
    `next_at`: when it is tried again. `paused_why`: it is not told any more until somebody resumes it.
    """

    public_keys: list[str]
    told: int | None
    behind: int | None
    failures: int
    failing_since: Instant | None
    next_at: Instant | None
    paused_at: Instant | None
    paused_why: str | None

    @classmethod
    def of(
        cls, held: Held[Webhook], standing: Standing | None, position: int, services: Services
    ) -> "WebhookShape":
        """Show what is *held*, told as far as *standing* says, of a ledger up to *position*."""
        stands = standing or Standing(name=held.said.name, begun=0, position=0)
        waits = stands.failures > 0 and stands.paused_at is None
        return cls(
            **cls.said_of(held),
            public_keys=message.public_keys(held, services.ledger.now(), services.webhooks.keys),
            told=None if standing is None else stands.position,
            behind=None if standing is None else max(0, position - stands.position),
            failures=stands.failures,
            failing_since=stands.failing_since,
            next_at=stands.due_at if waits else None,
            paused_at=stands.paused_at,
            paused_why=stands.paused_why,
        )


class AttemptShape(Output):
    """One attempt. `status` is null when there was no answer; `said`: how it begins, or why there is none."""

    id: str
    position: int | None
    at: Instant
    status: int | None
    delivered: bool
    milliseconds: int
    said: str

    @staticmethod
    def said_of(attempt: Attempt) -> dict[str, Any]:
        """Return the members that show *attempt*."""
        outcome = attempt.outcome
        return {
            "id": attempt.id,
            "position": attempt.position,
            "at": attempt.at,
            "status": outcome.status,
            "delivered": outcome.delivered,
            "milliseconds": outcome.milliseconds,
            "said": outcome.said,
        }


class DeliveryShape(AttemptShape):
    """An attempt, by its number in the log."""

    number: int
