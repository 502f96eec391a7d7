"""An event as an in-toto Statement in a DSSE envelope: bytes that stock tools check.

Sources: in-toto attestation framework v1 (Statement), DSSE v1.0.2 (PAE,
envelope). The payload is canonical JSON; it is stored and re-read as these exact
bytes and never encoded again.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson

from adapters.ledger import codec
from domain import instant
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import BrokenLedger, LedgerError
from domain.event import Event, Subject
from domain.proof.dsse import PAYLOAD_TYPE
from domain.report import Report

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_BASE = "https://shiplog.dev/events/"
"""What every predicate type begins with; the topic follows."""

_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_KINDS = {PREDICATE_BASE + topic: kind for topic, kind in codec.TOPICS.items()}
_PLACED = {"nonce": str, "position": int, "stream": str, "version": int}
_PREDICATE = {"actor", "data", "occurred_at", "previous", "recorded_at", "report", *_PLACED}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event lands: everything about it that only the ledger knows."""

    position: int
    recorded_at: datetime
    previous: bytes | None
    """Digest of the event before it in its stream; None for a stream's first."""
    nonce: str
    """128 random bits in hex, so that a low-entropy event cannot be guessed from its hash."""


def encode(event: Event, place: Place) -> bytes:
    """Return the payload: the one byte string that says *event* happened at *place*."""
    predicate: dict[str, Any] = {
        "actor": codec.encode(event.actor),
        "data": codec.encode_data(event),
        "nonce": place.nonce,
        "occurred_at": instant.text(event.occurred_at),
        "position": place.position,
        "previous": None if place.previous is None else f"sha256:{place.previous.hex()}",
        "recorded_at": instant.text(place.recorded_at),
        "stream": event.stream,
        "version": event.version,
    }
    if event.report is not None:
        predicate["report"] = codec.encode(event.report)
    statement = {
        "_type": STATEMENT_TYPE,
        "predicate": predicate,
        "predicateType": PREDICATE_BASE + event.topic,
        "subject": [
            {"digest": {subject.algorithm: subject.hex}, "name": subject.name}
            for subject in event.subjects() or (_stream_itself(event),)
        ],
    }
    return orjson.dumps(statement, option=_CANONICAL)


def decode(payload: bytes) -> tuple[Event, Place]:
    """Return the event and the place that *payload* states; raises `BrokenLedger`."""
    try:
        statement = orjson.loads(payload)
        predicate = statement["predicate"]
        kind = _KINDS[statement["predicateType"]]
        _check_form(predicate)
        previous = predicate["previous"]
        place = Place(
            position=predicate["position"],
            recorded_at=instant.parse(predicate["recorded_at"]),
            previous=None if previous is None else bytes.fromhex(Digest(previous).hex),
            nonce=predicate["nonce"],
        )
        told = predicate.get("report")
        event = kind(
            stream=predicate["stream"],
            version=predicate["version"],
            occurred_at=_instant(predicate["occurred_at"]),
            actor=_actor(orjson.dumps(predicate["actor"])),
            report=None if told is None else codec.decode(Report, told),
            **codec.decode_data(kind, predicate["data"]),
        )
    except (LedgerError, KeyError, ValueError, TypeError, AttributeError) as wrong:
        raise BrokenLedger(f"a stored statement cannot be read: {wrong!r}"[:300]) from wrong
    return event, place


def envelope(payload: bytes, *, key_id: str, signature: bytes) -> bytes:
    """Return the DSSE envelope as JSON, the same bytes every time."""
    return b'{"payloadType":"%b","payload":"%b","signatures":[{"keyid":"%b","sig":"%b"}]}' % (
        PAYLOAD_TYPE,
        b64encode(payload),
        key_id.encode(),
        b64encode(signature),
    )


_instant = lru_cache(maxsize=1024)(instant.parse)
"""One commit often changes a hundred targets at one instant."""


@lru_cache(maxsize=1024)
def _actor(said: bytes) -> Actor:
    """Return who did it: few people and machines say all that a ledger holds."""
    return codec.decode(Actor, orjson.loads(said))  # type: ignore[no-any-return]  # a table of kinds


def _check_form(predicate: dict[str, Any]) -> None:
    unknown = predicate.keys() - _PREDICATE
    if unknown:
        raise ValueError(f"a statement has no {sorted(unknown)}")
    for name, form in _PLACED.items():
        if type(predicate[name]) is not form:
            raise ValueError(f"{name} is {predicate[name]!r}")


def _stream_itself(event: Event) -> Subject:
    """Name the stream: a Statement needs a subject, even when the event is about no digest."""
    return Subject(event.stream, "sha256", sha256(event.stream.encode()).hexdigest())
