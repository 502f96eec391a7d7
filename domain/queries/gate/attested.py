"""Which verified pieces of evidence speak of the artifacts of a release: all of them, or no answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.admission import EvidenceVerified
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.event import Recorded
from domain.queries.gate.sources import Moment, Sources
from domain.queries.still_trusted import still_trusted
from domain.subject_digest import SubjectDigest
from domain.trust import Trust

ARTIFACTS_MAX = 100
"""Of one release."""
ATTESTATIONS_MAX = 500
"""Of one artifact. With more, nobody can say what all of them are, and nothing is decided."""
EVENTS_MAX = 2500
"""Of all artifacts together: admissions, the same piece in another spelling, attestations."""


@dataclass(frozen=True, slots=True)
class Attested:
    """One piece that speaks of one artifact."""

    artifact: Digest
    recorded: Recorded
    event: EvidenceVerified
    trusted: bool
    """Whether what vouched for it still is."""


def attested(artifacts: Sequence[Digest], trust: Trust, moment: Moment, sources: Sources) -> list[Attested]:
    """Return them by artifact, oldest first; of each piece the first.

    Raises `MalformedValue` when there is more than is looked at, before any of it is read.
    """
    if len(artifacts) > ARTIFACTS_MAX:
        raise MalformedValue(f"{len(artifacts)} artifacts, at most {ARTIFACTS_MAX} are looked at")
    events = _events(artifacts, moment, sources)
    about = {place: {artifact for _, artifact in event.artifacts()} for place, (_, event) in events.items()}
    found = [each for artifact in artifacts for each in _of(artifact, events, about, trust)]
    if len(found) > EVENTS_MAX:
        raise MalformedValue(f"more than {EVENTS_MAX} attestations speak of the release")
    return found


Events = Mapping[int, tuple[Recorded, EvidenceVerified]]


def _events(artifacts: Sequence[Digest], moment: Moment, sources: Sources) -> Events:
    """Return the verifications by position, in order; each is read once, of however many it speaks."""
    found: set[int] = set()
    for artifact in artifacts:
        subject = SubjectDigest("sha256", artifact.hex)
        found.update(sources.index.evidence_about(subject, moment.prefix, limit=EVENTS_MAX + 1))
        if len(found) > EVENTS_MAX:
            raise MalformedValue(
                f"more than {EVENTS_MAX} events speak of the release, of {artifact} the last"
            )
    told = sources.ledger.many_at(sorted(found)) if found else ()
    return {each.position: (each, each.event) for each in told if isinstance(each.event, EvidenceVerified)}


def _of(
    artifact: Digest, events: Events, about: Mapping[int, set[SubjectDigest]], trust: Trust
) -> Iterator[Attested]:
    """Yield what speaks of *artifact*: an index found it, and the signed event itself must say so."""
    subject = SubjectDigest("sha256", artifact.hex)
    pieces: dict[object, tuple[Recorded, EvidenceVerified]] = {}
    for position, (recorded, event) in events.items():
        if subject in about[position]:
            pieces.setdefault((event.identity, event.root), (recorded, event))
    if len(pieces) > ATTESTATIONS_MAX:
        raise MalformedValue(f"more than {ATTESTATIONS_MAX} attestations speak of {artifact}")
    for recorded, event in pieces.values():
        trusted = all(check.held for check in still_trusted(recorded, event, trust))
        yield Attested(artifact, recorded, event, trusted)
