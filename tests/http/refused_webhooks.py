"""Webhooks that are refused, in the table of `tests.http.refused`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.http.refused import Case, asked, other
from tests.http.refused import _posted as posted
from tests.http.world import Document, World

WEBHOOK: Document = {"name": "chat", "url": "https://hooks.example/", "scopes": ["read"]}
PROPOSALS, REPLAY = "/v1/access/proposals", "/v1/webhooks/pager:replay"


def prepare(world: World) -> None:
    """Add a webhook that nobody tells; some seconds before it is asked about."""
    now = world.clock.at
    world.clock.at -= timedelta(seconds=20)
    body = {"reason": "it is needed", "webhook": {**WEBHOOK, "name": "pager", "key": 2}}
    answer = world.client.post(PROPOSALS, json=body)
    assert answer.status_code == 201, answer.text
    world.clock.at = now


def cases() -> Iterator[Case]:
    """Yield the table."""

    def webhook(what: str, *places: str, slug: str = "", status: int = 422, **changes: Any) -> Case:
        body = {"reason": "it is needed", "webhook": {**WEBHOOK, **changes}}
        return posted(PROPOSALS, f"webhook {what}", body, *places, slug=slug, status=status)

    yield webhook("in clear", slug="malformed-value", url="http://hooks.example/")
    yield webhook("with a user", slug="malformed-value", url="https://ann@hooks.example/")
    yield webhook("with a query", slug="malformed-value", url="https://hooks.example/?a=b")
    yield webhook("with a full stop", "#/webhook/name", name="chat.ops")
    yield webhook("that sees nothing", "#/webhook/scopes", scopes=[])
    yield webhook("that does something", slug="contradictory-report", scopes=["report:build"])
    yield webhook("of no topic", "#/webhook/topics/0", topics=["removed"])
    yield webhook("of an unknown topic", slug="malformed-value", topics=["remove.v1"])
    yield webhook("of a pattern", "#/webhook/services/0", services=["*pay"])
    yield webhook("with no key", "#/webhook/key", key=0)
    yield webhook("with a key given up", slug="contradictory-report", name="pager")
    yield webhook("said twice", slug="nothing-to-change", status=409, name="pager", key=2)
    none = {"reason": "it is needed", "remove_webhook": {"name": "none"}}
    yield posted(PROPOSALS, "no webhook", none, status=404, slug="unknown-access")
    yield asked("/v1/webhooks?limit=1", "limit")
    yield asked("/v1/webhooks/none/deliveries", status=404, slug="unknown-access")
    yield asked("/v1/webhooks/pager/deliveries?limit=501", "limit")
    yield asked("/v1/webhooks/pager/deliveries?before=0", "before")
    yield asked("/v1/webhooks/Pager/deliveries", "webhook")
    yield posted(REPLAY, "nothing to replay", {}, slug="contradictory-report")
    yield posted(REPLAY, "two replays", {"after": 1, "delivery": "evt_1_pager"}, slug="contradictory-report")
    yield posted(REPLAY, "no position", {"after": -1}, "#/after")
    yield posted(REPLAY, "after what comes", {"after": 10**6}, status=404, slug="beyond-the-head")
    yield posted(REPLAY, "no delivery", {"delivery": "12"}, "#/delivery")
    yield posted(REPLAY, "of another", {"delivery": "evt_1_chat"}, status=404, slug="unknown-event")
    yield posted("/v1/webhooks/none:replay", "no webhook", {"after": 1}, status=404, slug="unknown-access")
    yield other("POST", "/v1/webhooks/none:resume", 404, "unknown-access")
    yield other("POST", "/v1/webhooks/none:test", 404, "unknown-access")
    yield other("POST", "/v1/webhooks/pager:stop", 404, "unknown-path")
