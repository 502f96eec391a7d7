"""One file of evidence, as its stream tells: how often it came in and from where, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain import report
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified, Finding, Kind
from domain.digest import Digest
from domain.event import Event
from domain.workload import Workload, of_actor

UPLOADERS_MAX = 100
"""Runs that are remembered to have handed in one file."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The folded stream of one file."""

    version: int = 0
    kind: Kind | None = None
    """None when it was refused as a whole, and is not kept."""
    admissions: int = 0
    about: frozenset[Digest] = frozenset()
    told: frozenset[Digest] = frozenset()
    """Natural keys of what was found."""
    uploaders: tuple[Workload, ...] = ()
    """The runs that handed it in, the first one first; of somebody who is no run nothing is known."""


def fold(known: Evidence | None, event: Event) -> Evidence:
    """Advance *known* by one event of the file's stream."""
    known = known or Evidence()
    match event:
        case EvidenceAdmitted():
            uploader = of_actor(event.actor)
            return replace(
                known,
                version=event.version,
                kind=event.kind,
                admissions=event.admission,
                about=known.about.union(event.about),
                uploaders=(*known.uploaders, uploader) if is_new(uploader, known) else known.uploaders,
            )
        case EvidenceVerified() | EvidenceTurnedDown():
            return replace(known, version=event.version, told=known.told | {event.natural_key()})
        case _:
            raise AssertionError(f"{event.topic} is of no evidence")


def is_new(uploader: Workload, known: Evidence) -> bool:
    """Whether *uploader* is a run of a source that did not hand the file in before."""
    origins = {each.origin for each in known.uploaders}
    return uploader.origin not in {(), *origins} and len(origins) < UPLOADERS_MAX


def admission_key(file: Digest, admission: int) -> Digest:
    """Return the key of that *admission* of *file*, from 1."""
    return report.key("evidence", file.text, str(admission))


def unsaid(known: Evidence, findings: Sequence[Finding]) -> list[Finding]:
    """Return those of *findings* that are not *known* yet."""
    return [finding for finding in findings if finding.natural_key() not in known.told]
