"""What is inside an artifact, by one of the SBOMs about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, MalformedValue
from domain.event import Recorded
from domain.ports import EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.queries.evidence_of import spoken_about
from domain.sbom import Sbom
from domain.sbom_evidence import SbomEvidence, told
from domain.sbom_port import SbomReader
from domain.subject_digest import SubjectDigest

TRIED_MAX = 3
"""How many SBOMs are tried before an artifact counts as having none that can be read."""
SBOMS_MAX = 100


@dataclass(frozen=True, slots=True)
class SbomKnown:
    """An SBOM about the artifact, and the event that let the ledger know."""

    recorded: Recorded
    sbom: SbomEvidence


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An SBOM that was tried, and why it cannot be read."""

    sbom: SbomEvidence
    words: str


@dataclass(frozen=True, slots=True)
class ComponentsOf:
    """What one SBOM lists, and which others there are."""

    prefix: Prefix
    sboms: Sequence[SbomKnown]
    """Those that were verified first, of each kind the newest first."""
    truncated: bool
    """Whether there are more."""
    chosen: SbomKnown | None
    """The first that can be read; None: what is inside is unknown."""
    sbom: Sbom | None
    """What it lists."""
    unreadable: Sequence[Unreadable]
    """Those that come before it and cannot be read."""


def components_of(
    artifact: SubjectDigest,
    known_at: datetime | int | None,
    *,
    evidence: Digest | None = None,
    ledger: LedgerReader,
    index: EvidenceIndex,
    reader: SbomReader,
) -> ComponentsOf:
    """Answer from one prefix: by the best SBOM that can be read, or by the file *evidence*."""
    spoken = spoken_about(artifact, known_at, ledger=ledger, index=index)
    found = _known(spoken.events, artifact)
    wanted = [each for each in found if evidence in (None, each.sbom.evidence)]
    unreadable: list[Unreadable] = []
    chosen, sbom = None, None
    for each in wanted[:TRIED_MAX]:
        try:
            sbom = reader.read(each.sbom)
        except (MalformedValue, EvidenceLost, BrokenLedger) as wrong:
            unreadable.append(Unreadable(each.sbom, str(wrong)))
            continue
        chosen = each
        break
    truncated = spoken.truncated or len(found) > SBOMS_MAX
    return ComponentsOf(spoken.prefix, found[:SBOMS_MAX], truncated, chosen, sbom, unreadable)


def _known(events: Sequence[Recorded], artifact: SubjectDigest) -> list[SbomKnown]:
    """Return the SBOMs that *events* say are about *artifact*, each with the first that says so."""
    first: dict[SbomEvidence, SbomKnown] = {}
    for recorded in events:
        said = told(recorded.event)
        if said is not None and artifact in said.about:
            first.setdefault(said.sbom, SbomKnown(recorded, said.sbom))
    return sorted(first.values(), key=lambda each: (not each.sbom.verified, -each.recorded.position))
