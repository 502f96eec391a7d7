"""Where facts are read from."""

from dataclasses import dataclass

from domain.access.access import Access
from domain.evidence_port import EvidenceReader
from domain.expectations.builders import ReadBuilders
from domain.policy.law import Law
from domain.ports import BlobReader, EvidenceIndex, LedgerReader, Placements
from domain.prefix import Prefix
from domain.sbom_port import SbomReader


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is asked, of one ledger."""

    ledger: LedgerReader
    placements: Placements
    index: EvidenceIndex
    blobs: BlobReader
    reader: EvidenceReader
    read_builders: ReadBuilders
    sboms: SbomReader


@dataclass(frozen=True, slots=True)
class Moment:
    """What all facts of one decision have in common: one prefix, and what was said until then."""

    prefix: Prefix
    law: Law
    access: Access


def ref_of(position: int) -> str:
    """Return the reference to the event at *position*."""
    return f"position:{position}"
