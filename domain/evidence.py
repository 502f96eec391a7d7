"""Evidence: a document about an artifact, kept byte for byte and named by its digest.

One file may hold several pieces (JSON lines, an npm document), and each is judged by itself. The same
piece has many spellings, so a piece is not known by the hash of its file but by what was signed, by
whom, and the signature (`Identity`).
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.digest import Digest

BYTES_MAX = 4 << 20
"""Of one file; an SBOM that is not wrapped in an attestation has a larger bound of its own."""
DEPTH_MAX = 32
"""Levels of JSON, in the file and in what it carries."""
PIECES_MAX = 1024
"""Of one file."""
SUBJECTS_MAX = 1024
"""Of one statement."""
SIGNATURES_MAX = 32
"""Of one envelope; each may cost a verification."""
CHECKS_MAX = 4096
"""Of one file: signatures, log entries and timestamps altogether, each of which may cost a verification."""
LINKS_MAX = 1024
"""Looked at for one layout."""
LINKS_BYTES_MAX = 32 << 20
"""Of all the files that are looked at for one layout."""
STEPS_MAX = 64
"""Of one layout; also of its keys."""
TIMESTAMPS_MAX = 32
"""Of one bundle, as sigstore-go and sigstore-python bound it."""


class Format(StrEnum):
    """How a piece of evidence is written down."""

    SIGSTORE_BUNDLE = "sigstore-bundle"
    DSSE = "dsse"
    IN_TOTO_METABLOCK = "in-toto-metablock"
    PEP_740 = "pep-740"
    NPM_ATTESTATIONS = "npm-attestations"
    GOOGLE_CLOUD_BUILD = "google-cloud-build"


class Reason(StrEnum):
    """Why evidence is refused. The codes are recorded, so they are never renamed."""

    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    NOT_UTF8 = "not-utf8"
    TOO_DEEP = "too-deep"
    DUPLICATE_NAME = "duplicate-name"
    NOT_A_NUMBER = "not-a-number"
    LONE_SURROGATE = "lone-surrogate"
    BAD_BASE64 = "bad-base64"
    UNKNOWN_FIELD = "unknown-field"
    UNKNOWN_FORMAT = "unknown-format"
    MALFORMED = "malformed"
    TOO_MANY = "too-many"
    UNSUPPORTED_VERSION = "unsupported-version"
    CONTRADICTORY = "contradictory"
    NOT_A_STATEMENT = "not-a-statement"
    NO_ANCHOR = "no-anchor"
    UNUSABLE_ANCHOR = "unusable-anchor"
    NO_TRUSTED_TIME = "no-trusted-time"
    NOT_YET = "not-yet"
    UNTRUSTED_CERTIFICATE = "untrusted-certificate"
    UNTRUSTED_KEY = "untrusted-key"
    KEY_OUT_OF_USE = "key-out-of-use"
    UNSUPPORTED_KEY = "unsupported-key"
    BAD_SIGNATURE = "bad-signature"
    BAD_TIMESTAMP = "bad-timestamp"
    LOG_ENTRY = "log-entry"
    LOG_MISMATCH = "log-mismatch"
    LAYOUT_UNSAFE = "layout-unsafe"
    LAYOUT_EXPIRED = "layout-expired"
    LAYOUT_NOT_HELD = "layout-not-held"
    NOT_VERIFIED = "not-verified"


class Signs(StrEnum):
    """What a pinned key puts its signature under."""

    PAE = "pae"
    """The pre-authentication encoding of an envelope (DSSE), or a digest: the rule."""
    PAYLOAD = "payload"
    """The bare payload: Google Cloud Build's regional keys, until 2023."""
    LAYOUT = "layout"
    """in-toto layouts, and nothing else: the key of a layout's owner. Only such keys vouch for a layout."""


class EvidenceRefused(Exception):
    """A piece of evidence is not what it would have to be, in words that are safe to show.

    It is a finding about evidence, not a refusal of the ledger: the finding itself can be recorded.
    """

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two pieces of evidence the same: all three digests agree."""

    signed: Digest
    """Of the bytes that were signed: the PAE of an envelope (DSSE v1.0, protocol.md)."""
    signer: Digest
    """Of the certificate (DER), or of the public key (DER, SubjectPublicKeyInfo)."""
    signature: Digest
    """Of the signature; an ECDSA one in DER with the smaller of its two equivalent values for s."""
