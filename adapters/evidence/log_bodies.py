"""Whether a log entry is about this signature, and not about another (CVE-2022-36056).

An entry that is in the log says nothing until its body names the same content, signature and signer.
Source: sigstore/rekor, pkg/types: dsse/v0.0.1, hashedrekord/v0.0.1, intoto/v0.0.1 and v0.0.2; rekor-tiles,
hashedrekord v0.0.2. An `intoto` 0.0.1 body has no signature, and none of the two `intoto` has a hash of the
envelope that can be recomputed; content, type and signer are compared in each.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from adapters.evidence.fields import Fields, decoded
from adapters.evidence.pieces import Envelope, LogEntry, Message
from domain import json_text
from domain.evidence import EvidenceRefused, Reason

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\n([A-Za-z0-9+/=\n]+)\n-----END \1-----\n*")
_V2_ALGORITHMS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


@dataclass(frozen=True, slots=True)
class Signed:
    """What the entry must be about."""

    content: Envelope | Message
    signature: bytes
    signer: bytes
    """The certificate, or the public key, as DER."""
    digests: Mapping[str, bytes]
    """Of what was signed, by each algorithm the signer's key may use."""


def check(entry: LogEntry, signed: Signed) -> None:
    """Check that *entry* is about *signed*; raises `EvidenceRefused`."""
    kind, version = entry.kind.split("/", 1) if "/" in entry.kind else (entry.kind, "")
    body = Fields(json_text.read(entry.body), "log entry's body", None)
    if body.text("kind") != kind or body.text("apiVersion") != version:
        raise _mismatch("the kind of entry")
    about = _READERS.get((entry.kind, isinstance(signed.content, Envelope)))
    if about is None:
        raise EvidenceRefused(
            Reason.LOG_ENTRY, f"a log entry of the kind {entry.kind[:40]!r} for this content"
        )
    about(body.child("spec", None), signed)


def stated_digest(entry: LogEntry) -> tuple[str, bytes]:
    """Return (algorithm, digest) of the file a `hashedrekord` entry is about; raises `EvidenceRefused`."""
    spec = Fields(json_text.read(entry.body), "log entry's body", None).child("spec", None)
    if entry.kind == "hashedrekord/0.0.2":
        return _v2_hash(spec.child("hashedRekordV002", None).child("data", None))
    return _hash(spec.child("data", None).child("hash", None))


def _hashedrekord_v1(spec: Fields, signed: Signed) -> None:
    said = spec.child("signature", None)
    _same("digest", _hash(spec.child("data", None).child("hash", None)), signed.digests.items())
    _same("signature", said.bytes("content"), [signed.signature])
    _same("signer", _pem(said.child("publicKey", None).bytes("content")), [signed.signer])


def _hashedrekord_v2(spec: Fields, signed: Signed) -> None:
    record = spec.child("hashedRekordV002", None)
    said = record.child("signature", None)
    verifier = said.child("verifier", None)
    holder = verifier.child("x509Certificate" if verifier.has("x509Certificate") else "publicKey", None)
    _same("digest", _v2_hash(record.child("data", None)), signed.digests.items())
    _same("signature", said.bytes("content"), [signed.signature])
    _same("signer", holder.bytes("rawBytes"), [signed.signer])


def _dsse_v1(spec: Fields, signed: Signed) -> None:
    listed = spec.list("signatures", count_max=1)
    if len(listed) != 1:
        raise _mismatch("the number of signatures")
    said = Fields(listed[0], "log entry's signature", None)
    _same("payload", _hash(spec.child("payloadHash", None)), [_payload_hash(signed)])
    _same("signature", said.bytes("signature"), [signed.signature])
    _same("signer", _pem(said.bytes("verifier")), [signed.signer])


def _intoto_v1(spec: Fields, signed: Signed) -> None:
    _same("payload", _hash(spec.child("content", None).child("payloadHash", None)), [_payload_hash(signed)])
    _same("signer", _pem(spec.bytes("publicKey")), [signed.signer])


def _intoto_v2(spec: Fields, signed: Signed) -> None:
    content = spec.child("content", None)
    envelope = content.child("envelope", None)
    listed = envelope.list("signatures", count_max=1)
    if len(listed) != 1 or not isinstance(signed.content, Envelope):
        raise _mismatch("the number of signatures")
    said = Fields(listed[0], "log entry's signature", None)
    twice = said.bytes("sig")
    _same("payload", _hash(content.child("payloadHash", None)), [_payload_hash(signed)])
    _same("payload type", envelope.text("payloadType"), [signed.content.payload_type])
    _same("signature", decoded(twice.decode("latin-1"), "log entry's signature"), [signed.signature])
    _same("signer", _pem(said.bytes("publicKey")), [signed.signer])


def _payload_hash(signed: Signed) -> tuple[str, bytes]:
    payload = signed.content.payload if isinstance(signed.content, Envelope) else b""
    return "sha256", sha256(payload).digest()


def _hash(said: Fields) -> tuple[str, bytes]:
    try:
        return said.text("algorithm"), bytes.fromhex(said.text("value"))
    except ValueError as wrong:
        raise EvidenceRefused(Reason.MALFORMED, "a log entry's digest is no hex") from wrong


def _v2_hash(said: Fields) -> tuple[str, bytes]:
    return _V2_ALGORITHMS.get(said.text("algorithm"), ""), said.bytes("digest")


def _pem(text: bytes) -> bytes:
    """Return the one DER object in *text*: spellings of PEM differ, the object must not."""
    found = _PEM.fullmatch(text)
    if found is None:
        raise EvidenceRefused(Reason.MALFORMED, "a log entry's verifier is not one PEM object")
    return decoded(found[2].replace(b"\n", b"").decode(), "log entry's verifier")


def _same(what: str, said: Any, ours: Any) -> None:
    if said not in ours:
        raise _mismatch(f"the {what}")


def _mismatch(what: str) -> EvidenceRefused:
    return EvidenceRefused(Reason.LOG_MISMATCH, f"the log entry is about something else: {what} differs")


_READERS: Mapping[tuple[str, bool], Callable[[Fields, Signed], None]] = {
    ("hashedrekord/0.0.1", False): _hashedrekord_v1,
    ("hashedrekord/0.0.2", False): _hashedrekord_v2,
    ("hashedrekord/0.0.2", True): _hashedrekord_v2,
    ("dsse/0.0.1", True): _dsse_v1,
    ("intoto/0.0.1", True): _intoto_v1,
    ("intoto/0.0.2", True): _intoto_v2,
}
