"""What was established about a piece of evidence by cryptography alone, or why it was refused.

Nothing here is a judgement: whether that signer may build that artifact is for a policy to say. And nothing
here is unauthenticated: a log's outer index, a key id or a certificate's place in the bundle is a hint for
finding a key, never a fact.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.digest import Digest
from domain.evidence import Format, Identity, Reason
from domain.statement import Statement, Subject


class Engine(StrEnum):
    """What verified it. A better engine of the same name would make a new name."""

    SIGSTORE = "sigstore"
    """sigstore-python as it is."""
    SIGSTORE_LEGACY = "sigstore-legacy"
    """The same protocol for what it leaves out: `intoto` entries, promises without a proof, other keys."""
    TIMESTAMPED = "timestamped"
    """A certificate, and timestamp authorities instead of a log: GitHub's private instance."""
    PINNED_KEY = "pinned-key"
    """A public key that was agreed on beforehand."""


class TimeSource(StrEnum):
    """How an instant is known."""

    LOG = "log"
    """Promised by the log's signature, and the entry is proven to be in the log."""
    LOG_PROMISE = "log-promise"
    """Promised by the log's signature alone."""
    TIMESTAMP = "rfc3161"
    """Signed by a timestamp authority."""


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """An instant at which the signature existed, by somebody else's word than the signer's."""

    instant: datetime
    source: TimeSource


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a transparency log proved it holds the entry."""

    log: Digest
    """The log's id, as the trusted root names it."""
    index: int
    """0-based; from the inclusion proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSigner:
    """Who a certificate authority says signed. Every field is read from the certificate.

    Source of the numbers: sigstore/fulcio, docs/oid-info.md, below 1.3.6.1.4.1.57264.1. What a certificate
    does not say is None; those from before 2023 have only the issuer and the five `github_workflow` fields.
    """

    fingerprint: Digest
    """Of the certificate (DER)."""
    identity: str
    """The one subject alternative name."""
    identity_kind: str
    """`uri`, `email` or `other`."""
    issuer: str
    """Who vouched for the identity: .8, or .1 in older certificates."""
    github_workflow_trigger: str | None = None  # .2
    github_workflow_sha: str | None = None  # .3
    github_workflow_name: str | None = None  # .4
    github_workflow_repository: str | None = None  # .5
    github_workflow_ref: str | None = None  # .6
    build_signer_uri: str | None = None  # .9
    build_signer_digest: str | None = None  # .10
    runner_environment: str | None = None  # .11
    source_repository_uri: str | None = None  # .12
    source_repository_digest: str | None = None  # .13
    source_repository_ref: str | None = None  # .14
    source_repository_id: str | None = None  # .15
    source_repository_owner_uri: str | None = None  # .16
    source_repository_owner_id: str | None = None  # .17
    build_config_uri: str | None = None  # .18
    build_config_digest: str | None = None  # .19
    build_trigger: str | None = None  # .20
    run_invocation_uri: str | None = None  # .21
    source_repository_visibility: str | None = None  # .22
    deployment_environment: str | None = None  # .23
    token_subject: str | None = None  # .24


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySigner:
    """A key that was pinned."""

    fingerprint: Digest
    """Of the public key (DER, SubjectPublicKeyInfo)."""


Signer = CertificateSigner | KeySigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One piece of evidence, verified."""

    file: Digest
    place: int
    """Which piece of the file, from 0."""
    format: Format
    identity: Identity
    engine: Engine
    root: Digest
    """SHA-256 of the trusted root used, or the fingerprint of the pinned key."""
    log_root: Digest | None = None
    """SHA-256 of the trusted root whose log vouched for a pinned key's signature."""
    signer: Signer
    times: tuple[TrustedTime, ...]
    """Earliest first. Empty only for a pinned key, of which nobody else may have seen the signature."""
    log: LogPlace | None
    subjects: tuple[Subject, ...]
    """What it speaks about; empty when what was signed is not a statement."""
    statement: Statement | None
    not_a_statement: str | None = None
    """Why the signed payload is not read as a Statement: it is a link, say. None for a signed file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One piece of evidence, or a whole file, refused."""

    file: Digest
    place: int | None
    """Which piece of the file; None when the file could not be read into pieces."""
    format: Format | None
    reason: Reason
    words: str


Outcome = Verified | Refused
