"""What follows when a signer is not trusted any more: verifications, artifacts, releases, where they ran."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from domain import trust
from domain.admission import EvidenceVerified
from domain.digest import Digest
from domain.event import Recorded
from domain.evidence import SUBJECTS_MAX
from domain.impact_port import ImpactIndex
from domain.placement import Placement, RanRelease
from domain.ports import EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.queries.then_and_now import Judging, ThenAndNow
from domain.subject_digest import SubjectDigest
from domain.suspect import Suspect

ARTIFACTS_MAX = SUBJECTS_MAX
"""Of one page; as many as one verification can speak of."""
SPOKEN_MAX = 5000
"""How many verifications, by anybody, of the artifacts of one page are looked at; the newest."""
RAN_MAX = 1000
"""How many releases, and how many intervals, of the artifacts of one page are told; the newest."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A verification of something that the signer signed at the instant or later, as far as is proven."""

    recorded: Recorded
    verification: EvidenceVerified
    artifacts: tuple[SubjectDigest, ...]
    """What it speaks of; each once, by SHA-256 where that is said."""
    judged: ThenAndNow


@dataclass(frozen=True, slots=True)
class AffectedArtifact:
    """One artifact, and where it went."""

    artifact: SubjectDigest
    then: int
    """How many verifications, by anybody, spoke of it and counted, just before the signer was distrusted."""
    now: int
    """How many do with the signer distrusted."""
    releases: tuple[RanRelease, ...]
    intervals: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """One page, and the position below which the verifications of the next one are."""

    prefix: Prefix
    distrusted: int | None
    """Position at which the signer was first distrusted; None when it is only asked what if."""
    affected: tuple[Affected, ...]
    artifacts: tuple[AffectedArtifact, ...]
    """Those that the verifications of this page speak of."""
    truncated: bool
    """Whether older verifications, releases or intervals of these artifacts are left out."""
    following: int | None


def impact_of(
    suspect: Suspect,
    known_at: datetime | int | None,
    *,
    below: int | None = None,
    limit: int = 100,
    ledger: LedgerReader,
    index: EvidenceIndex,
    impact: ImpactIndex,
) -> Impact:
    """Answer from one prefix, at most *limit* verifications at a time, the newest first.

    Nothing is recorded, and it is the same question whether the distrust is. Raises
    `ContradictoryReport` for what names no signer, or two.
    """
    trust.checked_signer(suspect.identity, suspect.issuer, suspect.key)
    prefix = ledger.prefix(known_at)
    judging = Judging.by(suspect, _at(ledger, index.trust_events(prefix)))
    found = impact.signed_by(suspect, prefix, below=below, limit=limit + 1)
    read = _at(ledger, found[:limit])
    taken, affected = _page(read, judging)
    about = {artifact for each in affected for artifact in each.artifacts}
    speaking = impact.spoken_of(about, prefix, limit=SPOKEN_MAX + 1) if about else ()
    had = {each.recorded.position for each in affected}
    others = _at(ledger, [each for each in speaking[:SPOKEN_MAX] if each not in had])
    ours = ((each.verification, each.judged) for each in affected)
    counts = _counts(about, chain(ours, _judged(others, judging)))
    files = {Digest(str(each)) for each in about if each.algorithm == "sha256"}
    releases = impact.released_with(files, prefix, limit=RAN_MAX + 1) if files else ()
    intervals = impact.ran_with(files, prefix, limit=RAN_MAX + 1) if releases else ()
    return Impact(
        prefix,
        judging.distrusted,
        tuple(affected),
        tuple(_artifacts(about, counts, releases[:RAN_MAX], intervals[:RAN_MAX])),
        len(speaking) > SPOKEN_MAX or max(len(releases), len(intervals)) > RAN_MAX,
        found[taken - 1] if taken < len(found) else None,
    )


def _at(ledger: LedgerReader, positions: Sequence[int]) -> Sequence[Recorded]:
    return ledger.many_at(positions) if positions else ()


def _page(read: Sequence[Recorded], judging: Judging) -> tuple[int, list[Affected]]:
    """Return how many of *read* are on this page, and those of them that are concerned.

    An index found them, and is not believed. The page ends early when no more artifacts fit on it.
    """
    affected: list[Affected] = []
    about: set[SubjectDigest] = set()
    for taken, recorded in enumerate(read):
        event = recorded.event
        assert isinstance(event, EvidenceVerified), "the index names verifications"
        if not judging.suspect.concerns(event.signer, event.times):
            continue
        artifacts = tuple(dict.fromkeys(_spoken_of(event)))
        if affected and len(about) + sum(each not in about for each in artifacts) > ARTIFACTS_MAX:
            return taken, affected
        about.update(artifacts)
        affected.append(Affected(recorded, event, artifacts, judging.judge(recorded, event)))
    return len(read), affected


def _spoken_of(event: EvidenceVerified) -> Iterator[SubjectDigest]:
    """Yield each artifact that *event* speaks of, by SHA-256 if it can be."""
    for subject in event.attested:
        named = [SubjectDigest.found(algorithm, hex_) for algorithm, hex_ in subject.digests]
        known = [each for each in named if each is not None]
        if known:
            yield min(known, key=lambda each: each.algorithm)


def _counts(
    about: Collection[SubjectDigest], speaking: Iterable[tuple[EvidenceVerified, ThenAndNow]]
) -> Mapping[SubjectDigest, tuple[int, int]]:
    """Return how many of the verifications *speaking* of each artifact counted then, and count now."""
    counts = dict.fromkeys(about, (0, 0))
    for event, judged in speaking:
        for artifact in {digest for _, digest in event.artifacts()} & counts.keys():
            then, now = counts[artifact]
            then += judged.then is not None and judged.then.counts
            counts[artifact] = (then, now + judged.now.counts)
    return counts


def _judged(others: Iterable[Recorded], judging: Judging) -> Iterator[tuple[EvidenceVerified, ThenAndNow]]:
    for recorded in others:
        event = recorded.event
        assert isinstance(event, EvidenceVerified), "the index names verifications"
        yield event, judging.judge(recorded, event)


def _artifacts(
    about: Iterable[SubjectDigest],
    counts: Mapping[SubjectDigest, tuple[int, int]],
    releases: Iterable[RanRelease],
    intervals: Iterable[Placement],
) -> Iterator[AffectedArtifact]:
    of_artifact: defaultdict[str, list[RanRelease]] = defaultdict(list)
    ran: defaultdict[str, list[Placement]] = defaultdict(list)
    for release in releases:
        for made in {each.digest.text for each in release.build.artifacts}:
            of_artifact[made].append(release)
    for place in intervals:
        assert place.release is not None, "nothing that ran is left out"
        for made in {each.digest.text for each in place.release.build.artifacts}:
            ran[made].append(place)
    for artifact in sorted(about, key=str):
        then, now = counts[artifact]
        name = str(artifact)
        yield AffectedArtifact(artifact, then, now, tuple(of_artifact[name]), tuple(ran[name]))
