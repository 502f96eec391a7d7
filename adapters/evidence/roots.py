"""A trusted root, opened: authorities and logs, each with the span in which its word counts.

The library asks the wall clock whether a key is in use *now*. Here it is asked whether the key was in use
when it signed, so that a verification repeated in ten years, or on a machine whose clock is wrong, says the
same. Spans include both ends (protobuf-specs, sigstore_common.proto: TimeRange).
"""

import copy
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from cryptography.x509 import Certificate
from cryptography.x509.verification import Store
from rfc3161_client import VerifierBuilder
from rfc3161_client.verify import Verifier as TokenVerifier
from sigstore._internal.trust import (
    CertificateAuthority,
    CTKeyring,
    Keyring,
    KeyringPurpose,
    RekorKeyring,
)
from sigstore.models import TrustedRoot as LibraryRoot
from sigstore_models.common.v1 import PublicKey, TimeRange
from sigstore_models.trustroot import v1 as models

from domain import json_text
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Reason

_MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
_MEDIA_TYPES = (_MEDIA_TYPE, "application/vnd.dev.sigstore.trustedroot.v0.1+json")
_TIMESTAMP_CHAIN_MIN = 2


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when, both included; None is open."""

    start: datetime | None
    end: datetime | None

    def __contains__(self, instant: datetime) -> bool:
        """Say whether *instant* is in it."""
        return (self.start is None or self.start <= instant) and (self.end is None or instant <= self.end)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: what it may vouch for, and when."""

    store: Store
    span: Span


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """A timestamp authority."""

    verifier: TokenVerifier
    span: Span


@dataclass(frozen=True, slots=True)
class Log:
    """A transparency log; it may be listed for several spans, always with the same key."""

    id: bytes
    keyring: RekorKeyring
    spans: tuple[Span, ...]

    def counted(self, instant: datetime) -> bool:
        """Whether its key was in use at *instant*."""
        return any(instant in span for span in self.spans)


class Clockless(LibraryRoot):
    """The library's trusted root, with every key it names, whatever the time is."""

    def __init__(self, inner: models.TrustedRoot) -> None:
        super().__init__(inner)
        self.authorities = [CertificateAuthority(each) for each in inner.certificate_authorities]
        self._timestamps = [CertificateAuthority(each) for each in inner.timestamp_authorities]
        self._ct = CTKeyring(Keyring([each.public_key for each in inner.ctlogs]))
        self._rekor = RekorKeyring(Keyring([each.public_key for each in inner.tlogs]))

    def of_log(self, log: Log) -> "Clockless":
        """Return the same root, with *log* as its only one."""
        narrowed = copy.copy(self)
        narrowed._rekor = log.keyring  # noqa: SLF001 - a copy of ourselves
        return narrowed

    def rekor_keyring(self, purpose: KeyringPurpose) -> RekorKeyring:  # noqa: ARG002 - the library's signature
        """Return the keys of the logs."""
        return self._rekor

    def ct_keyring(self, purpose: KeyringPurpose) -> CTKeyring:  # noqa: ARG002 - the library's signature
        """Return the keys of the certificate logs."""
        return self._ct

    def get_fulcio_certs(self) -> list[Certificate]:
        """Return the certificates of the authorities."""
        return [each for authority in self.authorities for each in certificates(authority)]

    def get_timestamp_authorities(self) -> list[CertificateAuthority]:
        """Return the timestamp authorities."""
        return self._timestamps


class Root:
    """A trusted root, ready for use. Immutable; safe to share between threads."""

    def __init__(self, content: bytes) -> None:
        """Read the `trusted_root.json` in *content*; raises `EvidenceRefused`."""
        self.digest = Digest.of(content)
        inner = _model(content)
        self.library = Clockless(inner)
        _read_subjects(self.library.get_fulcio_certs())
        self.authorities = tuple(
            Authority(Store(certificates(each)), Span(each.validity_period_start, each.validity_period_end))
            for each in self.library.authorities
        )
        self.timestamp_authorities = tuple(
            TimestampAuthority(verifier, _span(each.valid_for))
            for each in inner.timestamp_authorities
            if (verifier := _token_verifier(certificates(CertificateAuthority(each)))) is not None
        )
        self.logs = _logs(inner.tlogs)
        self._certificate_logs = _spans((_key_id(each.public_key), each.public_key) for each in inner.ctlogs)

    @property
    def has_certificate_logs(self) -> bool:
        """Whether certificates must be in a log."""
        return bool(self._certificate_logs)

    def took(self, log_id: bytes, instant: datetime) -> bool:
        """Whether a certificate log of that id, the SHA-256 of its key, was in use at *instant*."""
        return any(instant in span for span in self._certificate_logs.get(log_id, ()))

    def log(self, log_id: bytes) -> Log:
        """Return the log of that id; raises `EvidenceRefused`."""
        log = self.logs.get(log_id)
        if log is None:
            raise EvidenceRefused(Reason.LOG_ENTRY, f"log {log_id.hex()[:16]}… is not in the trusted root")
        return log


def certificates(authority: CertificateAuthority) -> list[Certificate]:
    """Return an authority's certificates, leaf to root, without asking what time it is."""
    return authority._certificates  # noqa: SLF001 - the public method leaves them out before their time has come


def _model(content: bytes) -> models.TrustedRoot:
    try:
        document = json_text.read(content)
        return models.TrustedRoot.from_json(orjson.dumps(_completed(document)))
    except EvidenceRefused as wrong:
        raise EvidenceRefused(Reason.UNUSABLE_ANCHOR, f"the trusted root: {wrong.words}") from wrong
    except ValueError as wrong:
        because = " ".join(str(wrong).split())[:200]
        raise EvidenceRefused(Reason.UNUSABLE_ANCHOR, f"the trusted root: {because}") from wrong


def _completed(document: object) -> dict[str, Any]:
    """Fill in what the library demands and ProtoJSON lets a writer leave out, because it is empty."""
    if not isinstance(document, dict) or document.get("mediaType") not in _MEDIA_TYPES:
        raise EvidenceRefused(Reason.UNSUPPORTED_VERSION, "no trusted root of version 0.1")
    lists: dict[str, Sequence[Any]] = {
        name: document.get(name) or []
        for name in ("tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities")
    }
    for name in ("certificateAuthorities", "timestampAuthorities"):
        lists[name] = [
            {**each, "subject": {"organization": "", "commonName": "", **(each.get("subject") or {})}}
            for each in lists[name]
        ]
    return {**document, **lists, "mediaType": _MEDIA_TYPE}


def _read_subjects(issuers: Sequence[Certificate]) -> None:
    """Read the names once, quietly: the library does for its log, and an odd name makes it warn each time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in issuers:
            _ = each.subject


def _key_id(key: PublicKey) -> bytes:
    """Return the id of a certificate log with that *key* (RFC 6962, section 3.2)."""
    return sha256(key.raw_bytes or b"").digest()


def _logs(listed: Sequence[models.TransparencyLogInstance]) -> Mapping[bytes, Log]:
    keys = {each.log_id.key_id: each.public_key for each in listed}
    if any(each.public_key.raw_bytes != keys[each.log_id.key_id].raw_bytes for each in listed):
        raise EvidenceRefused(Reason.UNUSABLE_ANCHOR, "the trusted root has two keys for one log")
    spans = _spans((each.log_id.key_id, each.public_key) for each in listed)
    return {name: Log(name, RekorKeyring(Keyring([key])), spans[name]) for name, key in keys.items()}


def _spans(keys: Iterable[tuple[bytes, PublicKey]]) -> Mapping[bytes, tuple[Span, ...]]:
    """Return the spans in which each key counts, by the id of its log."""
    found: dict[bytes, tuple[Span, ...]] = {}
    for name, key in keys:
        found[name] = (*found.get(name, ()), _span(key.valid_for))
    return found


def _span(said: TimeRange | None) -> Span:
    return Span(None, None) if said is None else Span(said.start, said.end)


def _token_verifier(chain: Sequence[Certificate]) -> TokenVerifier | None:
    """Return what verifies tokens of an authority; None when it names no issuer of its certificate."""
    if len(chain) < _TIMESTAMP_CHAIN_MIN:
        return None
    builder = VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
    for each in chain[1:-1]:
        builder = builder.add_intermediate_certificate(each)
    return builder.build()
