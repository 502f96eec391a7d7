"""Sigstore bundles v0.1 to v0.3, strictly.

Source: sigstore/protobuf-specs, sigstore_bundle.proto, and sigstore's client specification, section 4: up to
v0.2 a chain of certificates whose first is the signer's, from v0.3 that certificate alone.
"""

from collections.abc import Mapping

from adapters.evidence.envelopes import envelope
from adapters.evidence.fields import Fields, decoded
from adapters.evidence.pieces import Bundle, Envelope, LogEntry, Message, Proof
from domain.evidence import TIMESTAMPS_MAX, EvidenceRefused, Reason

VERSIONS: Mapping[str, str] = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": "0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2": "0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3": "0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json": "0.3",
}
_ALGORITHMS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_MATERIAL = ("certificate", "x509CertificateChain", "publicKey", "tlogEntries", "timestampVerificationData")
_ENTRY = (
    "logIndex",
    "logId",
    "kindVersion",
    "integratedTime",
    "inclusionPromise",
    "inclusionProof",
    "canonicalizedBody",
)
_ENTRIES_MAX = 32
_CERTIFICATES_MAX = 10
_HASHES_MAX = 64
_TIME_SECONDS_MAX = 2**33  # the year 2242; any later one is a mistake or an attack


def bundle(document: object) -> Bundle:
    """Return the bundle that *document* is; raises `EvidenceRefused`."""
    outer = Fields(
        document, "bundle", ("mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature")
    )
    version = VERSIONS.get(outer.text("mediaType"))
    if version is None:
        raise EvidenceRefused(Reason.UNSUPPORTED_VERSION, f"bundle of type {outer.text('mediaType')[:80]!r}")
    if outer.has("dsseEnvelope") == outer.has("messageSignature"):
        raise EvidenceRefused(Reason.MALFORMED, "a bundle holds either an envelope or a message signature")
    material = outer.child("verificationMaterial", _MATERIAL)
    certificates, hint = _signer(material, version)
    return Bundle(
        version=version,
        content=_content(outer),
        certificates=certificates,
        hint=hint,
        entries=tuple(map(_entry, material.list("tlogEntries", count_max=_ENTRIES_MAX))),
        timestamps=_timestamps(material),
        document=outer.value,
    )


def _content(outer: Fields) -> Envelope | Message:
    if outer.has("dsseEnvelope"):
        found = envelope(outer.value["dsseEnvelope"], strict=True)
        if len(found.signatures) != 1:
            raise EvidenceRefused(Reason.TOO_MANY, f"{len(found.signatures)} signatures in a bundle, not 1")
        return found
    message = outer.child("messageSignature", ("messageDigest", "signature"))
    if not message.has("messageDigest"):
        return Message(None, None, message.bytes("signature"))
    digest = message.child("messageDigest", ("algorithm", "digest"))
    algorithm = _ALGORITHMS.get(digest.text("algorithm"))
    if algorithm is None:
        raise EvidenceRefused(Reason.MALFORMED, f"a digest by {digest.text('algorithm')[:40]!r}")
    return Message(algorithm, digest.bytes("digest"), message.bytes("signature"))


def _signer(material: Fields, version: str) -> tuple[tuple[bytes, ...], str | None]:
    """Return the certificates, or the hint at the public key."""
    if sum(map(material.has, ("certificate", "x509CertificateChain", "publicKey"))) != 1:
        raise EvidenceRefused(Reason.MALFORMED, "a bundle names one signer: a certificate or a public key")
    if material.has("publicKey"):
        return (), material.child("publicKey", ("hint",)).optional_text("hint")
    if material.has("certificate"):
        if version != "0.3":
            raise EvidenceRefused(Reason.MALFORMED, f"a lone certificate in a bundle of v{version}")
        return (material.child("certificate", ("rawBytes",)).bytes("rawBytes"),), None
    if version == "0.3":
        raise EvidenceRefused(Reason.MALFORMED, "a chain of certificates in a bundle of v0.3")
    chain = material.child("x509CertificateChain", ("certificates",))
    listed = chain.list("certificates", count_max=_CERTIFICATES_MAX)
    found = tuple(Fields(each, "certificate", ("rawBytes",)).bytes("rawBytes") for each in listed)
    if not found:
        raise EvidenceRefused(Reason.MALFORMED, "a chain of no certificates")
    return found, None


def _timestamps(material: Fields) -> tuple[bytes, ...]:
    if not material.has("timestampVerificationData"):
        return ()
    listed = material.child("timestampVerificationData", ("rfc3161Timestamps",)).list(
        "rfc3161Timestamps", count_max=TIMESTAMPS_MAX
    )
    found = tuple(Fields(each, "timestamp", ("signedTimestamp",)).bytes("signedTimestamp") for each in listed)
    if len(set(found)) != len(found):
        raise EvidenceRefused(Reason.BAD_TIMESTAMP, "the same timestamp twice")
    return found


def _entry(document: object) -> LogEntry:
    entry = Fields(document, "log entry", _ENTRY)
    kind = entry.child("kindVersion", ("kind", "version"))
    return LogEntry(
        kind=f"{kind.text('kind')}/{kind.text('version')}",
        log=entry.child("logId", ("keyId",)).bytes("keyId"),
        index=entry.number("logIndex") if entry.has("logIndex") else 0,
        integrated_time=_integrated_time(entry),
        body=entry.bytes("canonicalizedBody"),
        promise=_promise(entry),
        proof=_proof(entry),
    )


def _integrated_time(entry: Fields) -> int | None:
    """Return the seconds since 1970; None when absent or zero, which ProtoJSON holds to be the same."""
    seconds = entry.number("integratedTime") if entry.has("integratedTime") else 0
    if seconds > _TIME_SECONDS_MAX:
        raise EvidenceRefused(Reason.MALFORMED, f"an integrated time of {seconds} seconds")
    return seconds or None


def _promise(entry: Fields) -> bytes | None:
    if not entry.has("inclusionPromise"):
        return None
    return entry.child("inclusionPromise", ("signedEntryTimestamp",)).bytes("signedEntryTimestamp")


def _proof(entry: Fields) -> Proof | None:
    if not entry.has("inclusionProof"):
        return None
    proof = entry.child("inclusionProof", ("logIndex", "rootHash", "treeSize", "hashes", "checkpoint"))
    hashes = proof.list("hashes", count_max=_HASHES_MAX)
    if not all(isinstance(each, str) for each in hashes):
        raise EvidenceRefused(Reason.MALFORMED, "an inclusion proof's hashes are not all texts")
    signed = (
        proof.child("checkpoint", ("envelope",)).optional_text("envelope")
        if proof.has("checkpoint")
        else None
    )
    return Proof(
        index=proof.number("logIndex") if proof.has("logIndex") else 0,
        size=proof.number("treeSize"),
        root=proof.bytes("rootHash"),
        hashes=tuple(decoded(str(each), "inclusion proof") for each in hashes),
        checkpoint=signed,
    )
