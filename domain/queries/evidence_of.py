"""What the ledger knows of a file of evidence, or of the evidence about an artifact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.admission import EvidenceAdmitted, EvidenceVerified
from domain.digest import Digest
from domain.errors import NothingFound
from domain.event import Recorded
from domain.ports import EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest

EVENTS_MAX = 2500
"""More than one file can have pieces, each verified or refused."""
Told = EvidenceAdmitted | EvidenceVerified
"""Events that tie a file to an artifact."""


@dataclass(frozen=True, slots=True)
class EvidenceKnown:
    """The events that say it, oldest first, and the prefix they are of."""

    prefix: Prefix
    events: tuple[Recorded, ...]
    truncated: bool
    """Whether there are earlier ones that are left out."""

    @property
    def kept(self) -> bool:
        """Whether a file among them was admitted; the first event says so, and may be left out."""
        return self.truncated or any(isinstance(each.event, EvidenceAdmitted) for each in self.events)


def evidence_of(
    file: Digest, known_at: datetime | int | None, *, ledger: LedgerReader, index: EvidenceIndex
) -> EvidenceKnown:
    """Return what is known of *file*; raises `NothingFound` when that is nothing."""
    prefix = ledger.prefix(known_at)
    found = _known(index.evidence_of((file,), prefix, limit=EVENTS_MAX + 1), prefix, ledger)
    if not found.events:
        raise NothingFound(f"nothing is known of evidence {file}")
    return found


def evidence_about(
    artifact: SubjectDigest, known_at: datetime | int | None, *, ledger: LedgerReader, index: EvidenceIndex
) -> EvidenceKnown:
    """Return all that is known of the files that were admitted for *artifact* or speak of it, if any."""
    said = spoken_about(artifact, known_at, ledger=ledger, index=index)
    files = {event.evidence for event in (each.event for each in said.events) if isinstance(event, Told)}
    if not files:
        return said
    found = _known(index.evidence_of(files, said.prefix, limit=EVENTS_MAX + 1), said.prefix, ledger)
    return replace(found, truncated=said.truncated or found.truncated)


def spoken_about(
    artifact: SubjectDigest, known_at: datetime | int | None, *, ledger: LedgerReader, index: EvidenceIndex
) -> EvidenceKnown:
    """Return the admissions for *artifact* and the verifications that speak of it, and nothing else."""
    prefix = ledger.prefix(known_at)
    return _known(index.evidence_about(artifact, prefix, limit=EVENTS_MAX + 1), prefix, ledger)


def _known(newest_first: Sequence[int], prefix: Prefix, ledger: LedgerReader) -> EvidenceKnown:
    positions = sorted(newest_first[:EVENTS_MAX])
    events = tuple(ledger.many_at(positions)) if positions else ()
    return EvidenceKnown(prefix, events, len(newest_first) > EVENTS_MAX)
