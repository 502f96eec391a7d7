"""Every event version ever written is verified and read as it was, byte for byte."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import securesystemslib.dsse
import securesystemslib.signer

from adapters.ledger import statement
from adapters.ledger.codec import TOPICS
from adapters.signing import keys
from adapters.signing.keyring import Keyring
from domain import instant
from domain.event import SealedEvent
from domain.proof import dsse
from domain.proof.chain import ChainCheck
from tests.vectors import frozen, make
from tests.vectors.frozen import PUBLIC_KEY, Vector

VECTORS = frozen.read()
KEY = keys.read_public(PUBLIC_KEY)


def sealed(vector: Vector) -> SealedEvent:
    """Return *vector* as a ledger stores it."""
    (signature,) = json.loads(vector.envelope)["signatures"]
    event, place = statement.decode(vector.payload)
    return SealedEvent(
        position=place.position,
        stream=event.stream,
        version=event.version,
        topic=event.topic,
        recorded_at=place.recorded_at,
        digest=bytes.fromhex(vector.digest.removeprefix("sha256:")),
        key_id=signature["keyid"],
        signature=b64decode(signature["sig"]),
        payload=vector.payload,
    )


def as_frozen(read: Any, known: Any) -> Any:
    """Return *read* without members that came later than *known*, at any depth; they have no value here."""
    if isinstance(read, dict) and isinstance(known, dict):
        return {
            name: as_frozen(value, known.get(name))
            for name, value in read.items()
            if name in known or value is not None
        }
    if isinstance(read, list) and isinstance(known, list) and len(read) == len(known):
        return [as_frozen(one, other) for one, other in zip(read, known, strict=True)]
    return read


def test_a_member_that_came_later_is_passed_over_only_without_a_value() -> None:
    known = {"actor": {"kind": "workload"}, "listed": [{"one": 1}]}
    assert as_frozen({**known, "actor": {"kind": "workload", "method": None}}, known) == known
    assert as_frozen({**known, "actor": {"kind": "workload", "method": "oidc"}}, known) != known
    assert as_frozen({"actor": {}, "listed": [{"one": 1}]}, known) != known
    assert as_frozen({**known, "listed": [{"one": 2}]}, known) != known


def test_every_topic_has_a_vector() -> None:
    assert {vector.event["class"] for vector in VECTORS} == {event.__name__ for event in TOPICS.values()}
    assert set(TOPICS) <= {vector.name for vector in VECTORS}, "run python -m tests.vectors.make"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_its_signature_is_verified_by_us(vector: Vector) -> None:
    Keyring({keys.key_id(KEY): KEY}).verify(sealed(vector))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_its_signature_is_verified_by_securesystemslib(vector: Vector) -> None:
    made = securesystemslib.signer.SSlibKey.from_crypto(KEY)  # type: ignore[attr-defined]  # re-exported silently
    ours = securesystemslib.signer.SSlibKey(keys.key_id(KEY), made.keytype, made.scheme, made.keyval)  # type: ignore[attr-defined]  # re-exported silently
    envelope = securesystemslib.dsse.Envelope.from_dict(json.loads(vector.envelope))
    assert set(envelope.verify([ours], threshold=1)) == {ours.keyid}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_its_digest_is_what_it_was(vector: Vector) -> None:
    assert f"sha256:{dsse.digest(vector.payload).hex()}" == vector.digest


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_it_is_read_as_it_was(vector: Vector) -> None:
    event, _ = statement.decode(vector.payload)
    assert event.topic == vector.name[: len(event.topic)]
    assert as_frozen(frozen.plain(event), vector.event) == vector.event


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_its_envelope_is_rebuilt_byte_for_byte(vector: Vector) -> None:
    row = sealed(vector)
    rebuilt = statement.envelope(row.payload, key_id=row.key_id, signature=row.signature)
    assert rebuilt.decode() == vector.envelope


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_same_event_would_be_written_with_the_same_bytes(vector: Vector) -> None:
    assert statement.encode(*statement.decode(vector.payload)) == vector.payload
    assert rfc8785.dumps(json.loads(vector.payload)) == vector.payload


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_what_an_auditor_checks_still_holds(vector: Vector) -> None:
    row = sealed(vector)
    if row.position == 1:
        ChainCheck().extend([row])
    said = json.loads(row.payload)["predicate"]
    assert said["recorded_at"] == instant.text(row.recorded_at)


def test_nothing_is_left_to_freeze() -> None:
    assert [vector.name for vector in make.missing()] == [], "run python -m tests.vectors.make"


def test_a_vector_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "FOLDER", tmp_path)
    frozen.write(VECTORS[0])
    with pytest.raises(FileExistsError):
        frozen.write(VECTORS[0])
