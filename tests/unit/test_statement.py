"""An event is an in-toto Statement in a DSSE envelope: stock tools verify it; no other form is read."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
import securesystemslib.dsse
import securesystemslib.signer
from cryptography.hazmat.primitives.asymmetric import ec
from in_toto.exceptions import SignatureVerificationError  # type: ignore[import-untyped]  # it has no types
from in_toto.models.metadata import Envelope as InTotoEnvelope  # type: ignore[import-untyped]  # it has no types

from adapters.ledger import statement
from adapters.ledger.ledger import EventLedger
from adapters.ledger.statement import Place
from adapters.signing import keys
from domain.errors import BrokenLedger
from domain.event import Event, SealedEvent
from domain.proof import dsse
from domain.proof.dsse import PAYLOAD_TYPE
from tests.builders import (
    NOON,
    KeyInMemory,
    a_config,
    a_removal,
    an_observation,
    ledger,
    signer,
    tell,
    told_story,
)

PLACE = Place(position=1, recorded_at=NOON, previous=None, nonce="0" * 32)


def rows(of: EventLedger) -> list[SealedEvent]:
    return list(of.sealed(after=0, limit=100))


STORY = told_story(ledger())
ROWS = rows(STORY)


def exported(row: SealedEvent) -> bytes:
    return statement.envelope(row.payload, key_id=row.key_id, signature=row.signature)


def library_key(public_key: ec.EllipticCurvePublicKey) -> Any:
    """Return *public_key* as the library knows it, under our key id."""
    made = securesystemslib.signer.SSlibKey.from_crypto(public_key)  # type: ignore[attr-defined]  # re-exported silently
    return securesystemslib.signer.SSlibKey(  # type: ignore[attr-defined]  # re-exported silently
        keys.key_id(public_key), made.keytype, made.scheme, made.keyval
    )


# -- stock tools


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.topic)
def test_an_exported_event_is_verified_by_securesystemslib(row: SealedEvent) -> None:
    envelope = securesystemslib.dsse.Envelope.from_dict(json.loads(exported(row)))
    ours = library_key(signer().public_key)
    assert set(envelope.verify([ours], threshold=1)) == {ours.keyid}
    assert envelope.payload == row.payload


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.topic)
def test_an_exported_event_is_verified_by_in_toto(row: SealedEvent) -> None:
    envelope = InTotoEnvelope.from_dict(json.loads(exported(row)))
    ours = library_key(signer().public_key)
    envelope.verify_signature({"keyid": ours.keyid, **ours.to_dict()})


def test_stock_tools_refuse_an_altered_event_and_another_key() -> None:
    row = ROWS[0]
    ours, another = library_key(signer().public_key), library_key(KeyInMemory().public_key)
    altered = json.loads(exported(row)) | {"payload": b64encode(row.payload[:-1] + b" }").decode()}
    for document, key in ((altered, ours), (json.loads(exported(row)), another)):
        with pytest.raises(SignatureVerificationError):
            InTotoEnvelope.from_dict(document).verify_signature({"keyid": key.keyid, **key.to_dict()})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.topic)
def test_what_is_signed_is_a_statement_about_the_digests_of_the_event(row: SealedEvent) -> None:
    said = json.loads(row.payload)
    event = STORY.at(row.position).event
    assert set(said) == {"_type", "subject", "predicateType", "predicate"}
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == f"https://shiplog.dev/events/{event.topic}"
    named = [(each["name"], *each["digest"].items()) for each in said["subject"]]
    assert named == [(each.name, (each.algorithm, each.hex)) for each in event.subjects()] or (
        event.subjects() == () and [name for name, _ in named] == [event.stream]
    )
    assert said["subject"], "a Statement speaks about something"


def test_the_signed_bytes_are_the_canonical_ones() -> None:
    for row in ROWS:
        assert rfc8785.dumps(json.loads(row.payload)) == row.payload


def test_the_envelope_is_rebuilt_byte_for_byte() -> None:
    row = ROWS[0]
    again = rows(STORY)[0]
    assert exported(row) == exported(again)
    document = json.loads(exported(row))
    assert json.dumps(document, separators=(",", ":")).encode() == exported(row)
    assert document["payloadType"] == PAYLOAD_TYPE.decode() == "application/vnd.in-toto+json"


def test_the_digest_is_over_what_is_signed() -> None:
    envelope = securesystemslib.dsse.Envelope.from_dict(json.loads(exported(ROWS[0])))
    assert envelope.pae() == dsse.pae(ROWS[0].payload)
    assert dsse.digest(ROWS[0].payload) == ROWS[0].digest


def test_an_event_without_digests_speaks_about_its_stream() -> None:
    fresh = ledger()
    tell(fresh, a_removal(), an_observation(running=()))
    for row in rows(fresh):
        (subject,) = json.loads(row.payload)["subject"]
        assert subject["name"] == row.stream


def test_the_same_event_in_two_ledgers_has_two_digests() -> None:
    event = STORY.at(2).event
    one = statement.encode(event, PLACE)
    other = statement.encode(event, replace(PLACE, nonce="1" * 32))
    assert dsse.digest(one) != dsse.digest(other)


# -- reading


def example() -> Event:
    fresh = ledger()
    tell(fresh, a_config())
    return fresh.at(1).event


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the payload of a configuration with *change* made to its document."""
    document = json.loads(statement.encode(example(), PLACE))
    change(document)
    return rfc8785.dumps(document)


def test_what_is_encoded_is_decoded() -> None:
    event = example()
    assert statement.decode(statement.encode(event, PLACE)) == (event, PLACE)
    assert statement.decode(altered(lambda _: None)) == (event, PLACE)


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: Any) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = to

    return change


def _drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: Any) -> None:
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return change


BASE = "https://shiplog.dev/events/"


@pytest.mark.parametrize(
    "change",
    [
        _set("predicateType", to=f"{BASE}config-recorded.v2"),
        _set("predicateType", to=f"{BASE}domain.config_version:ConfigRecorded"),
        _set("predicateType", to="config-recorded.v1"),
        _set("predicateType", to=7),
        _set("predicateType", to=[]),
        _drop("predicateType"),
        _drop("predicate"),
        _set("predicate", to=[]),
        _set("predicate", "colour", to="red"),
        _drop("predicate", "nonce"),
        _set("predicate", "nonce", to=None),
        _set("predicate", "position", to="1"),
        _set("predicate", "position", to=True),
        _set("predicate", "version", to=1.5),
        _set("predicate", "stream", to=1),
        _set("predicate", "previous", to="sha256:0"),
        _set("predicate", "previous", to=1),
        _drop("predicate", "previous"),
        _set("predicate", "recorded_at", to="2026-03-01T12:00:00"),
        _set("predicate", "occurred_at", to=0),
        _set("predicate", "actor", to="ci"),
        _set("predicate", "actor", "kind", to="robot"),
        _set("predicate", "actor", "colour", to="red"),
        _drop("predicate", "actor", "issuer"),
        _set("predicate", "report", "fingerprint", to="sha256:0"),
        _set("predicate", "report", "id", to="an id"),
        _set("predicate", "report", "id", to=7),
        _set("predicate", "data", to=[]),
        _set("predicate", "data", "colour", to="red"),
        _set("predicate", "data", "stream", to="another"),
        _set("predicate", "data", "number", to="1"),
        _set("predicate", "data", "number", to=True),
        _set("predicate", "data", "target", to="payments-api"),
        _set("predicate", "data", "target", to=None),
        _set("predicate", "data", "entries", to=""),
        _set("predicate", "data", "entries", to={}),
        _set("predicate", "data", "entries", to="LOG_LEVEL"),
        _set("predicate", "data", "entries", 0, to="LOG_LEVEL"),
        _set("predicate", "data", "entries", 0, "value", to=1),
        _set("predicate", "data", "entries", 0, "colour", to="red"),
        _set("predicate", "data", "entries", 0, to={"key": "A", "_type_": "uuid_hex", "_data_": "0"}),
        _drop("predicate", "data", "digest"),
    ],
)
def test_a_statement_in_another_form_is_broken(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(BrokenLedger, match="cannot be read"):
        statement.decode(altered(change))


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_statement_is_broken(payload: bytes) -> None:
    with pytest.raises(BrokenLedger):
        statement.decode(payload)


@pytest.mark.parametrize(
    "plain", [{"_type_": "uuid_hex", "_data_": "0"}, {"A": "_type_"}, {"A": '{"_type_":"uuid_hex"}'}]
)
def test_the_marks_of_a_foreign_transcoder_are_harmless(plain: dict[str, str]) -> None:
    fresh = ledger()
    (receipt,) = tell(fresh, a_config(plain=plain))
    assert fresh.at(1).event == receipt.event
