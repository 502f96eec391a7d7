"""The runs that handed a piece of evidence in, in whatever file it came.

One piece has many spellings, each a file of its own. Whoever hands in a copy of somebody's piece, first or a
hundred times, does not hide by it that the run that signed it has handed it in.
"""

from collections.abc import Mapping, Sequence

from domain import evidence_file
from domain.admission import EvidenceVerified
from domain.digest import Digest
from domain.ports import EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.queries.provenance_of import Found
from domain.stream import evidence_stream
from domain.subject_digest import SubjectDigest
from domain.workload import Workload

COPIES_MAX = 10
"""Of one piece that are looked at: so many of the first ones, and so many of the last ones."""


def uploaders_of(
    found: Sequence[Found],
    artifact: SubjectDigest,
    prefix: Prefix,
    *,
    ledger: LedgerReader,
    index: EvidenceIndex,
) -> Mapping[int, Sequence[Workload]]:
    """Return the runs that handed in each of *found*, by its position; those of its own file come first."""
    pieces = {each.recorded.position: each.event for each in found}
    copies = index.copies_of(artifact, pieces, prefix, limit=COPIES_MAX) if pieces else ()
    others = sorted({other for _, other in copies})
    told = dict(zip(others, ledger.many_at(others) if others else (), strict=True))
    files = {position: {event.evidence: None} for position, event in pieces.items()}
    for position, other in copies:
        event = told[other].event
        # An index says that it is a copy, and is not believed.
        if isinstance(event, EvidenceVerified) and event.identity == pieces[position].identity:
            files[position][event.evidence] = None
    known = {file: _runs(file, prefix, ledger) for each in files.values() for file in each}
    return {position: [run for file in each for run in known[file]] for position, each in files.items()}


def _runs(file: Digest, prefix: Prefix, ledger: LedgerReader) -> Sequence[Workload]:
    evidence = ledger.load_until(evidence_stream(file), evidence_file.fold, prefix)
    return () if evidence is None else evidence.uploaders
