"""What follows from how a webhook answered: told, tried again later, or paused. And what is signed."""

from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.webhooks.keys import WebhookKeys
from api.webhooks import message
from api.webhooks.message import KEY_GRACE, Message
from domain.access.access import Held
from domain.access.delivery import (
    FIRST_WAIT_SECONDS,
    JITTER,
    RETRY_AFTER_SECONDS_MAX,
    TRYING,
    WAIT_SECONDS_MAX,
    Outcome,
    Standing,
    after,
    resumed,
)
from domain.access.webhook import Webhook
from domain.event import SealedEvent
from tests.access import a_webhook
from tests.builders import NOON
from tests.receiver import Told

BEFORE = Standing(name="chat", begun=2, position=41)


def outcome(status: int | None = 500, retry_after: int | None = None) -> Outcome:
    return Outcome(status=status, said="so", milliseconds=3, retry_after=retry_after)


def failing(*statuses: int | None, chance: float = 0.5) -> Standing:
    """Return how a webhook stands that answered the event at 42 like that, whenever it was due."""
    standing, at = BEFORE, NOON
    for status in statuses:
        standing = after(standing, 42, outcome(status), at, chance=chance)
        at = standing.due_at
    return standing


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_what_is_taken_is_told(status: int) -> None:
    assert after(failing(500, 500), 42, outcome(status), NOON, chance=0.5) == Standing(
        name="chat", begun=2, position=42
    )


@pytest.mark.parametrize("status", [None, 100, 199, 300, 301, 304, 400, 401, 404, 429, 500, 502, 504, 599])
def test_what_is_not_taken_is_tried_again_and_nothing_behind_it_before(status: int | None) -> None:
    standing = after(BEFORE, 42, outcome(status), NOON, chance=0.5)
    assert (standing.position, standing.failures, standing.failing_since) == (41, 1, NOON)
    assert standing.due_at == NOON + timedelta(seconds=FIRST_WAIT_SECONDS)
    assert standing.paused_at is None


def test_what_was_passed_over_is_not_looked_at_again() -> None:
    assert after(BEFORE, 60, outcome(), NOON, chance=0.5).position == 59


def test_another_event_that_is_not_taken_has_its_own_three_days() -> None:
    """As when a webhook was said anew, and does not want any more what it did not take."""
    standing = after(failing(500, 500), 50, outcome(), NOON + TRYING, chance=0.5)
    assert (standing.position, standing.failures) == (49, 1)
    assert (standing.failing_since, standing.paused_at) == (NOON + TRYING, None)


def test_waits_grow_to_a_bound_until_three_days_are_over() -> None:
    standing, at, waits = BEFORE, NOON, []
    while standing.paused_at is None:
        standing = after(standing, 42, outcome(), at, chance=0.5)
        waits.append((standing.due_at - at).total_seconds())
        at = max(at, standing.due_at)
    assert waits[:8] == [5, 15, 45, 135, 405, 1215, 3645, 10935]
    assert set(waits[8:-2]) == {float(WAIT_SECONDS_MAX)}
    assert (standing.paused_at, standing.failures) == (NOON + TRYING, 21)
    assert standing.paused_why == "event 42 was not taken for 3 days: status 500"


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 1 - JITTER), (0.25, 0.9), (1.0, 1 + JITTER)])
def test_chance_makes_a_wait_longer_or_shorter(chance: float, factor: float) -> None:
    due = [failing(*[500] * count, chance=chance).due_at for count in (1, 2, 3)]
    first, second, third = (one - other for one, other in zip(due, [NOON, *due], strict=False))
    assert [first, second, third] == [timedelta(seconds=each * factor) for each in (5, 15, 45)]


def test_who_is_gone_is_left_alone_at_once() -> None:
    standing = after(BEFORE, 42, outcome(410), NOON, chance=0.5)
    assert standing.paused_at == NOON
    assert "410" in str(standing.paused_why)
    assert standing.position == 41


ASKED = {
    (429, 60): 60,
    (503, 60): 60,
    (429, 0): FIRST_WAIT_SECONDS,
    (503, 10**9): RETRY_AFTER_SECONDS_MAX,
    (429, None): FIRST_WAIT_SECONDS,
    (500, 60): FIRST_WAIT_SECONDS,
    (302, 60): FIRST_WAIT_SECONDS,
}


@pytest.mark.parametrize(("asked", "seconds"), ASKED.items())
def test_who_asks_to_be_left_alone_is_for_a_bounded_time(asked: tuple[int, int | None], seconds: int) -> None:
    assert after(BEFORE, 42, outcome(*asked), NOON, chance=0.5).due_at == NOON + timedelta(seconds=seconds)


def test_nobody_can_ask_to_be_left_alone_for_more_than_the_three_days() -> None:
    late = Standing(name="chat", begun=2, position=41, failures=9, failing_since=NOON)
    at = NOON + TRYING - timedelta(hours=1)
    standing = after(late, 42, outcome(503, 10_000), at, chance=0.5)
    assert standing.due_at == NOON + TRYING
    assert after(standing, 42, outcome(503, 10_000), standing.due_at, chance=0.5).paused_at is not None


def test_somebody_has_it_go_on_where_it_stopped_or_elsewhere() -> None:
    paused = after(BEFORE, 42, outcome(410), NOON, chance=0.5)
    assert resumed(paused) == BEFORE
    assert resumed(paused, position=7).position == 7


# -- what is signed

SVIX_KEY = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
SVIX_PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
SVIX_SIGNATURE = (
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)
SVIX_AT = datetime.fromtimestamp(1614265330, NOON.tzinfo)
SVIX_MESSAGE = Message("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')


class OneKey:
    """A key pair that is known to others."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, _webhook: str, _key: int, content: bytes) -> bytes:
        return self._key.sign(content)

    def public(self, _webhook: str, _key: int) -> bytes:
        return self._key.public_key().public_bytes_raw()


def held(**changes: Any) -> Held[Webhook]:
    return Held(a_webhook(**changes), 7, NOON, (13, 14))


def test_a_signature_is_to_the_byte_what_others_make_of_the_same() -> None:
    """The signature is the example of the specification; Svix publishes what it was made from."""
    keys = OneKey(b64decode(SVIX_KEY)[:32])
    fields = message.headers(SVIX_MESSAGE, held(), SVIX_AT, keys)
    assert fields["webhook-id"] == SVIX_MESSAGE.id
    assert fields["webhook-timestamp"] == "1614265330"
    assert fields["webhook-signature"] == SVIX_SIGNATURE
    assert message.public_keys(held(), SVIX_AT, keys) == [SVIX_PUBLIC]
    told = Told("/", fields, SVIX_MESSAGE.body)
    assert told.verified_by(SVIX_PUBLIC, 1614265330 + 300)
    assert not told.verified_by(SVIX_PUBLIC, 1614265330 + 301), "it is too old"
    assert not Told("/", fields, b'{"test":2432232314}').verified_by(SVIX_PUBLIC), "it is another body"
    assert not Told("/", {**fields, "webhook-id": "msg_2"}, SVIX_MESSAGE.body).verified_by(SVIX_PUBLIC)


KEYS = WebhookKeys(lambda: b"a secret for tests that has 32 b")


def test_each_webhook_and_each_number_has_a_key_of_its_own() -> None:
    public = {KEYS.public(name, key) for name in ("chat", "pager", "chat-1") for key in (1, 2, 11)}
    assert len(public) == 9
    assert WebhookKeys(lambda: b"a secret for tests that has 32 b").public("chat", 1) in public
    assert WebhookKeys(lambda: b"another secret, also of 32 bytes").public("chat", 1) not in public


def test_after_a_change_of_keys_both_sign_for_a_while() -> None:
    old, new = (message.public_keys(held(key=key), NOON + KEY_GRACE, KEYS)[0] for key in (1, 2))
    meanwhile = NOON + KEY_GRACE - timedelta(seconds=1)
    assert message.public_keys(held(key=2), meanwhile, KEYS) == [new, old]
    fields = message.headers(SVIX_MESSAGE, held(key=2), meanwhile, KEYS)
    assert len(fields["webhook-signature"].split(" ")) == 2
    assert Told("/", fields, SVIX_MESSAGE.body).verified_by(old)
    assert Told("/", fields, SVIX_MESSAGE.body).verified_by(new)
    then = message.headers(SVIX_MESSAGE, held(key=2), NOON + KEY_GRACE, KEYS)
    assert not Told("/", then, SVIX_MESSAGE.body).verified_by(old)
    assert Told("/", then, SVIX_MESSAGE.body).verified_by(new)


def test_what_is_told_says_where_it_is_and_not_what_it_was() -> None:
    row = SealedEvent(
        42, "target:payments-api@prod", 3, "removed.v1", NOON, b"\x5f" * 32, "k", b"s", b'{"secret": 1}'
    )
    told = Told("/", {}, message.of_event("chat", row).body).said
    assert message.of_event("chat", row).id == "evt_42_chat"
    assert told == {
        "type": "removed.v1",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {
            "webhook": "chat",
            "position": 42,
            "stream": "target:payments-api@prod",
            "version": 3,
            "service": "payments-api",
            "environment": "prod",
            "recorded_at": "2026-03-01T12:00:00Z",
            "digest": f"sha256:{'5f' * 32}",
            "event": "/v1/events/42",
        },
    }
