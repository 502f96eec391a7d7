"""How evidence is shown: one file, what it is, and every finding about its pieces."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from api.fields import Instant, Output
from api.v1.shapes import ActorShape, LedgerShape, actor_shape, shown
from api.v1.values import ContentDigest
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified, Kind
from domain.digest import Digest
from domain.event import Recorded
from domain.evidence import Format, Reason
from domain.verification import Engine, TimeSource


class SignerShape(Output):
    """Who signed: a certificate says so, or it is a key that was pinned."""

    fingerprint: ContentDigest
    identity: str | None
    issuer: str | None
    claims: dict[str, str]
    """Everything else the certificate says, under the names of its fields."""


class TimeShape(Output):
    """An instant at which the signature existed, and who vouches for it."""

    instant: Instant
    source: TimeSource


class SubjectShape(Output):
    """What a verified piece speaks about."""

    name: str | None
    digest: dict[str, str]


class VerificationShape(Output):
    """What one engine established about one piece, under one root."""

    position: int
    recorded_at: Instant
    place: int
    format: Format
    engine: Engine
    root: ContentDigest
    log_root: ContentDigest | None
    signer: SignerShape
    times: list[TimeShape]
    log_index: int | None
    predicate_type: str | None
    not_a_statement: str | None
    subjects: list[SubjectShape]

    @classmethod
    def of(cls, recorded: Recorded, event: EvidenceVerified) -> "VerificationShape":
        """Show *event*."""
        return cls(
            position=recorded.position,
            recorded_at=recorded.recorded_at,
            place=event.place,
            format=event.format,
            engine=event.engine,
            root=event.root,
            log_root=event.log_root,
            signer=_signer(event),
            times=[TimeShape(instant=each.instant, source=each.source) for each in event.times],
            log_index=shown(event.log, lambda log: log.index),
            predicate_type=event.predicate_type,
            not_a_statement=event.not_a_statement,
            subjects=[SubjectShape(name=each.name, digest=dict(each.digests)) for each in event.attested],
        )


class RefusalShape(Output):
    """Why a piece, or the whole file, was refused, and what was trusted when it was."""

    position: int
    recorded_at: Instant
    place: int | None
    format: Format | None
    reason: Reason
    words: str
    roots: list[ContentDigest]


class FileShape(Output):
    """One file of evidence. Verifications and refusals are of different times, oldest first."""

    digest: ContentDigest
    kind: Kind | None
    """Null when the admission is not part of this answer, or the file was refused as a whole."""
    size: Annotated[int, Field(ge=0)] | None
    media_type: str | None
    name: str | None
    admitted: int | None
    """Position of its first admission."""
    actor: ActorShape
    about: list[ContentDigest]
    """Artifacts it is said to be for."""
    verifications: list[VerificationShape]
    refusals: list[RefusalShape]


class EvidenceShape(Output):
    """A file of evidence, from the prefix in `ledger`."""

    ledger: LedgerShape
    evidence: FileShape
    truncated: bool
    """Whether there are older findings that are left out."""


Told = EvidenceAdmitted | EvidenceVerified | EvidenceTurnedDown


def files(events: Iterable[Recorded]) -> list[FileShape]:
    """Show each file that *events* are about, in the order they first speak of it."""
    by_file: dict[Digest, list[Recorded]] = {}
    for recorded in events:
        by_file.setdefault(_told(recorded).evidence, []).append(recorded)
    return [of_file(about) for about in by_file.values()]


def of_file(events: Sequence[Recorded]) -> FileShape:
    """Show the one file that *events*, at least one and oldest first, are about."""
    told = [(recorded, _told(recorded)) for recorded in events]
    admissions = [(recorded, event) for recorded, event in told if isinstance(event, EvidenceAdmitted)]
    first = admissions[0] if admissions else None
    referenced = shown(first, lambda found: found[1].references[0])
    return FileShape(
        digest=told[0][1].evidence,
        kind=shown(first, lambda found: found[1].kind),
        size=shown(referenced, lambda file: file.size),
        media_type=shown(referenced, lambda file: file.media_type),
        name=shown(referenced, lambda file: file.name),
        admitted=shown(first, lambda found: found[0].position),
        actor=actor_shape(told[0][1].actor),
        about=[artifact for _, event in admissions for artifact in event.about],
        verifications=[
            VerificationShape.of(recorded, event)
            for recorded, event in told
            if isinstance(event, EvidenceVerified)
        ],
        refusals=[
            _refusal(recorded, event) for recorded, event in told if isinstance(event, EvidenceTurnedDown)
        ],
    )


def _told(recorded: Recorded) -> Told:
    event = recorded.event
    assert isinstance(event, Told), "the index names events about evidence"
    return event


def _refusal(recorded: Recorded, event: EvidenceTurnedDown) -> RefusalShape:
    return RefusalShape(
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        place=event.place,
        format=event.format,
        reason=event.reason,
        words=event.words,
        roots=list(event.roots),
    )


def _signer(event: EvidenceVerified) -> SignerShape:
    said: Mapping[str, object] = asdict(event.signer)
    own = {"fingerprint", "identity", "issuer"}
    claims = {name: str(value) for name, value in said.items() if value is not None and name not in own}
    return SignerShape(
        fingerprint=event.signer.fingerprint,
        identity=event.certificate.identity if event.certificate else None,
        issuer=event.certificate.issuer if event.certificate else None,
        claims=claims,
    )
