"""Evidence that came in: that it is kept, and what was established about each piece of it, or why not.

Every file has a stream of its own. What is established is recorded when the file is admitted, so that it
is known at that position for ever; a newer root or engine adds to it and takes nothing away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain import canonical, report
from domain.digest import Digest
from domain.event import Event
from domain.event import Subject as Spoken
from domain.evidence import Format, Identity, Reason
from domain.statement import Statement, Subject
from domain.subject_digest import SubjectDigest
from domain.verification import (
    CertificateSigner,
    Engine,
    KeySigner,
    LogPlace,
    Refused,
    Signer,
    TrustedTime,
    Verified,
)

WORDS_LENGTH_MAX = 500


class Kind(StrEnum):
    """What a file of evidence is."""

    SIGNED = "signed"
    """Pieces that were signed; each is verified by itself."""
    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"
    SARIF = "sarif"
    OPENVEX = "openvex"
    JUNIT = "junit"
    TEST_RESULT = "test-result"
    VULNS = "vulns"
    """Statements by in-toto's predicates of these names, which nobody signed."""

    @property
    def media_type(self) -> str:
        """What the file is served as by those who know it; registered, or its specification's own."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Kind.SIGNED: "application/json",
    Kind.CYCLONEDX: "application/vnd.cyclonedx+json",
    Kind.SPDX: "application/spdx+json",
    Kind.SARIF: "application/sarif+json",
    Kind.OPENVEX: "application/json",
    Kind.JUNIT: "application/xml",
    Kind.TEST_RESULT: "application/vnd.in-toto+json",
    Kind.VULNS: "application/vnd.in-toto+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Referenced:
    """A document that is kept elsewhere: an entry of in-toto's `reference/v0.1`, and its size."""

    digest: Digest
    size: int
    """Bytes."""
    media_type: str
    download_location: str
    """Path below the ledger's own API."""
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class EvidenceAdmitted(Event):
    """A file is kept byte for byte. `actor` is the attester of the reference."""

    topic: ClassVar[str] = "evidence-admitted.v1"

    kind: Kind
    references: tuple[Referenced, ...]
    """The one file."""
    about: tuple[Digest, ...]
    """Artifacts the reporter says it is for: a claim, which no signature in it needs to share."""
    admission: int
    """1 for the first time; told again for more artifacts it counts on."""

    @property
    def evidence(self) -> Digest:
        """The file."""
        return self.references[0].digest

    def subjects(self) -> tuple[Spoken, ...]:
        """Return the file, and what it is said to be about."""
        said = (Spoken(each.text, "sha256", each.hex) for each in self.about)
        return (Spoken(self.references[0].name or "evidence", "sha256", self.evidence.hex), *said)

    def natural_key(self) -> Digest:
        """Return the key of this admission of the file."""
        return report.key("evidence", self.evidence.text, str(self.admission))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """One thing that verified evidence speaks about: a subject of its statement, or the signed file."""

    name: str | None = None
    digests: tuple[tuple[str, str], ...]
    """By algorithm, as the signer spelled them."""


@dataclass(frozen=True, kw_only=True)
class EvidenceVerified(Event):
    """What cryptography establishes about one piece; see `domain.verification.Verified`."""

    topic: ClassVar[str] = "evidence-verified.v1"

    evidence: Digest
    place: int
    format: Format
    identity: Identity
    engine: Engine
    root: Digest
    log_root: Digest | None = None
    certificate: CertificateSigner | None = None
    """The signer, when a certificate says who that is; otherwise `key`."""
    key: KeySigner | None = None
    times: tuple[TrustedTime, ...]
    log: LogPlace | None = None
    predicate_type: str | None = None
    not_a_statement: str | None = None
    attested: tuple[Attested, ...]

    @property
    def signer(self) -> Signer:
        """Who signed."""
        signer = self.certificate or self.key
        assert signer is not None, "what was verified was signed by somebody"
        return signer

    def subjects(self) -> tuple[Spoken, ...]:
        """Return the file, and each artifact it speaks about."""
        named = (Spoken(name, digest.algorithm, digest.hex) for name, digest in self.artifacts())
        return (Spoken("evidence", "sha256", self.evidence.hex), *named)

    def artifacts(self) -> Iterator[tuple[str, SubjectDigest]]:
        """Yield each artifact it speaks about, by each digest that names one."""
        for subject in self.attested:
            for algorithm, hex_ in subject.digests:
                digest = SubjectDigest.found(algorithm, hex_)
                if digest is not None:
                    yield subject.name or str(digest), digest

    def natural_key(self) -> Digest:
        """Return the key of what one engine says of the piece under one root, with one log."""
        under = [each.text for each in (self.root, self.log_root) if each is not None]
        return report.key("verification", self.evidence.text, str(self.place), self.engine.value, *under)

    def verified(self, statement: Statement | None) -> Verified:
        """Return the outcome that was recorded, with the *statement* that its piece holds."""
        return Verified(
            file=self.evidence,
            place=self.place,
            format=self.format,
            identity=self.identity,
            engine=self.engine,
            root=self.root,
            log_root=self.log_root,
            signer=self.signer,
            times=self.times,
            log=self.log,
            subjects=tuple(Subject(each.name, each.digests) for each in self.attested),
            statement=statement,
            not_a_statement=self.not_a_statement,
        )


@dataclass(frozen=True, kw_only=True)
class EvidenceTurnedDown(Event):
    """A piece, or a whole file, is not what it would have to be. A file that cannot be read is not kept."""

    topic: ClassVar[str] = "evidence-refused.v1"

    evidence: Digest
    place: int | None = None
    """None for the whole file."""
    format: Format | None = None
    reason: Reason
    words: str
    roots: tuple[Digest, ...]
    """Everything that was trusted when it was tried, newest first."""

    def subjects(self) -> tuple[Spoken, ...]:
        """Return the file."""
        return (Spoken("evidence", "sha256", self.evidence.hex),)

    def natural_key(self) -> Digest:
        """Return the key of this reason under these roots."""
        roots = sorted(root.text for root in self.roots)
        return report.key("refusal", self.evidence.text, str(self.place), self.reason.value, *roots)


Finding = EvidenceVerified | EvidenceTurnedDown


def provable(log: LogPlace | None) -> LogPlace | None:
    """Return *log*, if its number fits the record (RFC 7493, section 2.2); no log is that long."""
    return log if log is not None and log.index <= canonical.INTEGER_MAX else None


def safe(refused: Refused) -> str:
    """Return the words of *refused* on one line: a library's may quote the evidence."""
    shown = (each if each.isprintable() else "?" for each in refused.words[:WORDS_LENGTH_MAX])
    return "".join(shown) or "no reason was given"
