"""Which verifications of provenance are held against expectations, when there are many.

Whoever may hand in evidence can have a good piece verified a thousand times over, in as many spellings, and
anybody's own provenance of the same artifact. None of it may hide what is looked for. So a piece counts
once; what a certificate rules out comes last, and costs no reading; and when even then there is more than
is looked at, the answer says so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from domain import provenance
from domain.admission import EvidenceVerified
from domain.event import Recorded
from domain.expectations.expected import Expectations
from domain.ports import EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.statement import matching
from domain.subject_digest import SubjectDigest

CANDIDATES_MAX = 500
"""How many are held against what their certificates alone can rule out; each is read from the ledger."""
VERIFICATIONS_MAX = 50
"""How many are held against all that is expected; the file of each is read."""


@dataclass(frozen=True, slots=True)
class Found:
    """One verification, in its place."""

    recorded: Recorded
    event: EvidenceVerified


@dataclass(frozen=True, slots=True)
class ProvenanceFound:
    """Those that are looked at: first those that may hold, each kind with the newest first."""

    found: Sequence[Found]
    truncated: bool
    """Whether there are more that may hold."""


def provenance_of(
    artifact: SubjectDigest,
    expected: Expectations,
    prefix: Prefix,
    *,
    may_hold: Callable[[Found], bool],
    ledger: LedgerReader,
    index: EvidenceIndex,
) -> ProvenanceFound:
    """Return the verifications to look at; those that *may_hold* is false of are for showing alone."""

    def found(expected: Expectations, limit: int) -> tuple[list[Found], bool]:
        positions = index.provenance_about(artifact, expected, prefix, limit=limit + 1)
        told = ledger.many_at(sorted(positions[:limit])) if positions else ()
        return list(_speaking(list(told), artifact)), len(positions) > limit

    candidates, more = found(expected, CANDIDATES_MAX)
    able = [each for each in candidates if may_hold(each)]
    looked_at = able[:VERIFICATIONS_MAX]
    if len(looked_at) < VERIFICATIONS_MAX:
        able_at = {each.recorded.position for each in able}
        everything = expected == Expectations()
        others, _ = (candidates, more) if everything else found(Expectations(), VERIFICATIONS_MAX)
        unable = [each for each in others if each.recorded.position not in able_at]
        looked_at += unable[: VERIFICATIONS_MAX - len(looked_at)]
    return ProvenanceFound(looked_at, more or len(able) > VERIFICATIONS_MAX)


def _speaking(events: Sequence[Recorded], artifact: SubjectDigest) -> Iterator[Found]:
    """Yield the verifications among *events*, newest first.

    An index found them, and is not believed: the signed event itself must speak of *artifact*.
    """
    for recorded in reversed(events):
        event = recorded.event
        if not isinstance(event, EvidenceVerified) or event.predicate_type not in provenance.TYPES:
            continue
        if matching(event.verified(None).subjects, artifact.by_algorithm):
            yield Found(recorded, event)
