"""One signed piece as it was read from a file: everything in it still unverified."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.evidence import EvidenceRefused, Format

IN_TOTO = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; *key_id* is a hint."""

    value: bytes
    key_id: str | None
    certificate: bool = False
    """Whether a certificate was put beside it, as slsa-github-generator did before bundles."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def pae(self) -> bytes:
        """What is signed (DSSE v1.0, protocol.md: PAE)."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True, slots=True)
class Message:
    """The signature of a file that is not in the evidence: of its digest, when that is stated."""

    algorithm: str | None
    """`sha256`, `sha384` or `sha512`."""
    digest: bytes | None
    signature: bytes


@dataclass(frozen=True, slots=True)
class Metablock:
    """in-toto's older wrapping: signatures over the canonical form of an object."""

    signed: Mapping[str, Any]
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """That a log holds an entry: a path to a root that the log signed."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What a transparency log says about a signature."""

    kind: str
    log: bytes
    index: int
    """Outer index: covered by the promise, and by nothing else."""
    integrated_time: int | None
    body: bytes
    promise: bytes | None
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signature with what is needed to verify it (protobuf-specs, sigstore_bundle.proto)."""

    version: str
    content: Envelope | Message
    certificates: tuple[bytes, ...]
    """DER, the signer's first. Empty when a public key is named instead."""
    hint: str | None
    entries: tuple[LogEntry, ...]
    timestamps: tuple[bytes, ...]
    document: Mapping[str, Any] = field(repr=False)
    """The same as strictly read JSON, for the library that reads it again."""

    @property
    def entry_documents(self) -> Sequence[object]:
        """The log entries as strictly read JSON."""
        found: Sequence[object] = self.document["verificationMaterial"].get("tlogEntries") or ()
        return found


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a file."""

    format: Format
    content: Bundle | Envelope | Metablock
    predicate_type: str | None = None
    """What stands beside it in the file; the statement must agree."""

    @property
    def checks(self) -> int:
        """How many signatures, log entries and timestamps there are to be verified."""
        if isinstance(self.content, Bundle):
            return 1 + len(self.content.entries) + len(self.content.timestamps)
        return len(self.content.signatures)


@dataclass(frozen=True, slots=True)
class Unread:
    """One piece of a file that cannot be read; the others may still be good."""

    format: Format
    refusal: EvidenceRefused
