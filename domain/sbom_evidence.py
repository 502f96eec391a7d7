"""SBOMs as evidence: which events make one known, about which artifacts, and on whose word."""

from dataclasses import dataclass

from domain import predicates
from domain.admission import EvidenceAdmitted, EvidenceVerified, Kind
from domain.digest import Digest
from domain.event import Event
from domain.evidence import Identity
from domain.subject_digest import SubjectDigest

UNSIGNED = frozenset({Kind.CYCLONEDX, Kind.SPDX})


@dataclass(frozen=True, slots=True)
class Piece:
    """One signed piece of a file."""

    place: int
    identity: Identity


@dataclass(frozen=True, slots=True)
class SbomEvidence:
    """One SBOM that was handed in. What it lists is read from its file."""

    evidence: Digest
    """The file."""
    piece: Piece | None
    """Which piece of it is a verified attestation that holds the SBOM; None when the file is the SBOM."""

    @property
    def verified(self) -> bool:
        """Whether a verified signature says whose it is; otherwise a reporter claims it, and no more."""
        return self.piece is not None


@dataclass(frozen=True, slots=True)
class SbomTold:
    """What one event says about an SBOM."""

    sbom: SbomEvidence
    about: frozenset[SubjectDigest]
    """The artifacts: those the signer names, or those the reporter said it is for."""


def told(event: Event) -> SbomTold | None:
    """Return what *event* says about an SBOM; None when it speaks of none, or of one about nothing.

    A signed file counts by what was verified of it alone: for which artifacts it was handed in is nothing
    that its signer said, and a signature that does not verify makes no claim.
    """
    match event:
        case EvidenceAdmitted(kind=kind, about=about) if kind in UNSIGNED and about:
            artifacts = frozenset(SubjectDigest("sha256", each.hex) for each in about)
            return SbomTold(SbomEvidence(event.evidence, None), artifacts)
        case EvidenceVerified(predicate_type=said) if said in predicates.SBOM_TYPES:
            piece = Piece(event.place, event.identity)
            artifacts = frozenset(artifact for _, artifact in event.artifacts())
            return SbomTold(SbomEvidence(event.evidence, piece), artifacts) if artifacts else None
        case _:
            return None
