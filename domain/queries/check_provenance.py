"""Hold what is verified about an artifact against what somebody expects of its provenance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain import instant
from domain.admission import EvidenceVerified
from domain.event import Recorded
from domain.evidence import EvidenceRefused
from domain.evidence_port import EvidenceReader
from domain.expectations.builders import BuilderRow
from domain.expectations.checked import Check, Checked, check
from domain.expectations.expected import Expectations
from domain.ports import Blobs, EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.provenance import V0_1, V0_2, V1, V1_DRAFT
from domain.queries.evidence_of import spoken_about
from domain.queries.trust_at import known_trust
from domain.statement import Statement, matching
from domain.subject_digest import SubjectDigest
from domain.trust import Trust

PROVENANCE = frozenset({V0_1, V0_2, V1, V1_DRAFT})
VERIFICATIONS_MAX = 50
"""How many are held against expectations, the newest first; each is read from the blob store."""


class Verdict(StrEnum):
    """Whether the expectations hold."""

    HELD = "held"
    """By one verification at least, all of them."""
    NOT_HELD = "not-held"
    MISSING = "missing"
    """No provenance of it was verified: nothing can be said."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One verification, held against the expectations."""

    recorded: Recorded
    verification: EvidenceVerified
    checked: Checked


@dataclass(frozen=True, slots=True)
class ProvenanceChecked:
    """Every verification of provenance that speaks of the artifact, the one that holds most first."""

    prefix: Prefix
    verdict: Verdict
    judged: tuple[Judged, ...]
    truncated: bool
    """Whether there are older ones that were not looked at."""


def check_provenance(
    artifact: SubjectDigest,
    expected: Expectations,
    known_at: datetime | int | None,
    *,
    builders: Sequence[BuilderRow],
    ledger: LedgerReader,
    index: EvidenceIndex,
    blobs: Blobs,
    reader: EvidenceReader,
) -> ProvenanceChecked:
    """Judge each verification of *artifact*'s provenance by itself; what one lacks no other makes up for.

    A signer that is distrusted, by what is known at *known_at*, fails the check `distrusted`.
    """
    known = spoken_about(artifact, known_at, ledger=ledger, index=index)
    trust = known_trust(known.prefix, ledger=ledger, index=index)
    about = list(_provenance(known.events, artifact))
    looked_at = about[:VERIFICATIONS_MAX]
    contents = {event.evidence: blobs.get(event.evidence) for _, event in looked_at}
    judged = []
    for recorded, event in looked_at:
        said = _said(contents[event.evidence], event, reader)
        verified = event.verified(said)
        subjects = matching(verified.subjects, artifact.by_algorithm)
        found = check(verified, subjects, expected, builders)
        checks = (*found.checks, _distrusted(event, trust))
        judged.append(Judged(recorded, event, Checked(checks, found.level)))
    judged.sort(key=lambda each: sum(not one.held for one in each.checked.checks))
    verdict = Verdict.NOT_HELD if judged else Verdict.MISSING
    if judged and judged[0].checked.held:
        verdict = Verdict.HELD
    truncated = known.truncated or len(about) > VERIFICATIONS_MAX
    return ProvenanceChecked(known.prefix, verdict, tuple(judged), truncated)


def _provenance(
    events: Sequence[Recorded], artifact: SubjectDigest
) -> Iterator[tuple[Recorded, EvidenceVerified]]:
    """Yield the verifications of provenance among *events*, newest first.

    An index found them, and is not believed: the signed event itself must speak of *artifact*.
    """
    for recorded in reversed(events):
        event = recorded.event
        if not isinstance(event, EvidenceVerified) or event.predicate_type not in PROVENANCE:
            continue
        if matching(event.verified(None).subjects, artifact.by_algorithm):
            yield recorded, event


def _said(content: bytes, event: EvidenceVerified, reader: EvidenceReader) -> Statement | None:
    """Return what the piece says; None, with which nothing holds, when this program no longer reads it so."""
    try:
        return reader.statement(content, event.place, event.identity)
    except EvidenceRefused:
        return None


def _distrusted(event: EvidenceVerified, trust: Trust) -> Check:
    against = trust.distrust(event.signer, event.times)
    found = (
        "nothing against it" if against is None else f"since {instant.text(against.since)}: {against.reason}"
    )
    return Check("distrusted", held=against is None, expected="a signer that is not distrusted", found=found)
