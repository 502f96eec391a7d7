"""Engine `sigstore`: sigstore-python, on a trusted root that was handed to it.

Overridden are only the places where it would ask the wall clock or leave a fact unrecorded; the protocol's
steps are its own (`sigstore/verify/verifier.py`). Inside parts are used, hence the narrow version bound.
"""

from datetime import datetime

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate
from rfc3161_client import TimeStampResponse
from sigstore._internal.timestamp import TimestampSource, TimestampVerificationResult
from sigstore.errors import Error as LibraryRefusal
from sigstore.hashes import Hashed
from sigstore.models import Bundle as LibraryBundle
from sigstore.verify import Verifier
from sigstore_models.common.v1 import HashAlgorithm

from adapters.evidence import chains, logs, timestamps
from adapters.evidence.pieces import Bundle, Envelope
from adapters.evidence.roots import Log, Root
from domain.evidence import EvidenceRefused, Reason
from domain.verification import TimeSource, TrustedTime

_KINDS = {
    True: ("dsse/0.0.1", "hashedrekord/0.0.2"),
    False: ("hashedrekord/0.0.1", "hashedrekord/0.0.2"),
}


def can(bundle: Bundle, certificate: Certificate, algorithm: str | None) -> bool:
    """Say whether the library has everything this bundle needs: it knows EC keys over SHA-256."""
    key, in_envelope = certificate.public_key(), isinstance(bundle.content, Envelope)
    return (
        all(logs.proven(entry) and entry.kind in _KINDS[in_envelope] for entry in bundle.entries)
        and isinstance(key, ec.EllipticCurvePublicKey)
        and (isinstance(key.curve, ec.SECP256R1) if in_envelope else algorithm == "sha256")
    )


def verify(root: Root, bundle: Bundle, digest: bytes | None) -> list[TrustedTime]:
    """Verify *bundle*, which has one log entry; *digest* is of the file, when no envelope is signed.

    Return the trusted times; raises `EvidenceRefused`.
    """
    entry = bundle.entries[0]
    log = logs.usable(root, entry, bundle.version)
    verifier = _Verifier(root, log)
    try:
        read = LibraryBundle.from_json(orjson.dumps(bundle.document))
        if digest is None:
            verifier.verify_dsse(read, _JUDGED_ELSEWHERE)
        else:
            hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest)
            verifier.verify_artifact(hashed, read, _JUDGED_ELSEWHERE)
    except LibraryRefusal as refused:
        words = " ".join(str(refused).split())[:300]
        raise EvidenceRefused(_reason(words), words) from refused
    stamped = [TrustedTime(each, TimeSource.TIMESTAMP) for each in verifier.stamped]
    return stamped + logs.promised_times(log, entry, stamped=verifier.stamped)


class _Verifier(Verifier):
    """The library's verifier, for one bundle. Whom the certificate names is judged elsewhere."""

    def __init__(self, root: Root, log: Log) -> None:
        # Not the library's constructor: it opens an HTTP client that is never used for verifying.
        self._root = root
        self._trusted_root = root.library.of_log(log)
        self.stamped: list[datetime] = []

    def _verify_chain_at_time(
        self, certificate: Certificate, timestamp_result: TimestampVerificationResult
    ) -> list[Certificate]:
        chains.check_log_in_use(self._root, certificate)
        return chains.chain(self._root, certificate, timestamp_result.time)

    def _verify_signed_timestamp(
        self, timestamp_response: TimeStampResponse, message: bytes
    ) -> TimestampVerificationResult | None:
        at = timestamps.instant(self._root, timestamp_response, message)
        if at is None:
            return None
        self.stamped.append(at)
        return TimestampVerificationResult(source=TimestampSource.TIMESTAMP_AUTHORITY, time=at)


class _JudgedElsewhere:
    """Accepts whomever the certificate names: the facts say who it was, and a policy says whether he may."""

    def verify(self, cert: Certificate) -> None:
        """Refuse nobody."""


_JUDGED_ELSEWHERE = _JudgedElsewhere()


def _reason(words: str) -> Reason:
    """Return the nearest reason: the library tells its refusals apart by their words only."""
    for part, reason in _REASONS:
        if part in words:
            return reason
    return Reason.NOT_VERIFIED


_REASONS = (
    ("SCT", Reason.UNTRUSTED_CERTIFICATE),
    ("Key usage", Reason.UNTRUSTED_CERTIFICATE),
    ("Extended usage", Reason.UNTRUSTED_CERTIFICATE),
    ("expired at time of signing", Reason.UNTRUSTED_CERTIFICATE),
    ("verified time", Reason.NO_TRUSTED_TIME),
    ("signed timestamp", Reason.NO_TRUSTED_TIME),
    ("imestamp", Reason.BAD_TIMESTAMP),
    ("does not match bundle", Reason.LOG_MISMATCH),
    ("do not match bundle", Reason.LOG_MISMATCH),
    ("inconsistent with other materials", Reason.LOG_MISMATCH),
    ("invalid log entry", Reason.LOG_ENTRY),
    ("inclusion", Reason.LOG_ENTRY),
    ("ignature", Reason.BAD_SIGNATURE),
    ("digest mismatch", Reason.CONTRADICTORY),
    ("leaf", Reason.UNTRUSTED_CERTIFICATE),
    ("failed to load bundle", Reason.MALFORMED),
)
