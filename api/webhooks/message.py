"""What a webhook is told, as Standard Webhooks 1.0.0 has it: who signed what, and when.

The body is thin: it says that something was recorded, and where. What it was is asked of the ledger, by
somebody who may.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from api.access.about import place_of
from api.webhooks.ports import Keys
from domain import instant
from domain.access.access import Held
from domain.access.webhook import Webhook
from domain.event import SealedEvent

KEY_GRACE = timedelta(days=7)
"""For how long the key before signs as well, after a webhook was said with another one."""
TRIAL = "shiplog.trial"
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, whenever and however often it is."""

    id: str
    """The same however often it is told: a receiver that has seen it before can leave it."""
    body: bytes


def of_event(webhook: str, sealed: SealedEvent) -> Message:
    """Return what *webhook* is told of an event."""
    service, environment = place_of(sealed.stream)
    recorded_at = instant.text(sealed.recorded_at)
    data = {
        "webhook": webhook,
        "position": sealed.position,
        "stream": sealed.stream,
        "version": sealed.version,
        "service": service,
        "environment": environment,
        "recorded_at": recorded_at,
        "digest": f"sha256:{sealed.digest.hex()}",
        "event": f"/v1/events/{sealed.position}",
    }
    return Message(id_of(webhook, sealed.position), _written(sealed.topic, recorded_at, data))


def of_trial(webhook: str, at: datetime) -> Message:
    """Return what *webhook* is told at *at* to try it out."""
    return Message(
        f"trial_{instant.micros(at)}_{webhook}", _written(TRIAL, instant.text(at), {"webhook": webhook})
    )


def id_of(webhook: str, position: int) -> str:
    """Return the id of what *webhook* is told of the event at *position*."""
    return f"evt_{position}_{webhook}"


def keys_of(held: Held[Webhook], at: datetime) -> tuple[int, ...]:
    """Return the numbers of the keys that sign at *at*, the one that will last first."""
    key = held.said.key
    return (key, key - 1) if key > 1 and at < held.since + KEY_GRACE else (key,)


def headers(message: Message, held: Held[Webhook], at: datetime, keys: Keys) -> dict[str, str]:
    """Return the header fields with which *message* is sent at *at*; raises `KeyUnusable`."""
    name, seconds = held.said.name, (at - instant.EARLIEST) // _SECOND
    signed = f"{message.id}.{seconds}.".encode() + message.body
    signatures = (b64encode(keys.sign(name, key, signed)).decode() for key in keys_of(held, at))
    return {
        "Content-Type": "application/json",
        "User-Agent": "shiplog",
        "webhook-id": message.id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1a,{signature}" for signature in signatures),
    }


def public_keys(held: Held[Webhook], at: datetime, keys: Keys) -> list[str]:
    """Return the public keys that receivers verify with at *at*, as the specification spells them."""
    made = (keys.public(held.said.name, key) for key in keys_of(held, at))
    return [f"whpk_{b64encode(key).decode()}" for key in made]


def _written(kind: str, timestamp: str, data: dict[str, object]) -> bytes:
    return orjson.dumps({"type": kind, "timestamp": timestamp, "data": data})
