"""What a verifier found, as the event that is recorded of it."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domain import admission
from domain.actor import Actor
from domain.admission import Attested, EvidenceTurnedDown, EvidenceVerified, Finding
from domain.digest import Digest
from domain.report import Report
from domain.stream import evidence_stream
from domain.verification import CertificateSigner, KeySigner, Outcome, Refused, Verified

F = TypeVar("F", bound=Finding)


def refusal(
    refused: Refused, roots: tuple[Digest, ...], *, occurred_at: datetime, actor: Actor
) -> EvidenceTurnedDown:
    """Return the event that says that *refused* was tried with *roots*; see `finding`."""
    return EvidenceTurnedDown(
        stream=evidence_stream(refused.file),
        version=0,
        occurred_at=occurred_at,
        actor=actor,
        evidence=refused.file,
        place=refused.place,
        format=refused.format,
        reason=refused.reason,
        words=admission.safe(refused),
        roots=roots,
    )


def finding(outcome: Outcome, roots: tuple[Digest, ...], *, occurred_at: datetime, actor: Actor) -> Finding:
    """Return the event that says *outcome*, found with *roots*; it has no place in its stream yet."""
    match outcome:
        case Refused():
            return refusal(outcome, roots, occurred_at=occurred_at, actor=actor)
        case Verified():
            return _verification(outcome, occurred_at=occurred_at, actor=actor)


def _verification(found: Verified, *, occurred_at: datetime, actor: Actor) -> EvidenceVerified:
    signer = found.signer
    return EvidenceVerified(
        stream=evidence_stream(found.file),
        version=0,
        occurred_at=occurred_at,
        actor=actor,
        evidence=found.file,
        place=found.place,
        format=found.format,
        identity=found.identity,
        engine=found.engine,
        root=found.root,
        log_root=found.log_root,
        certificate=signer if isinstance(signer, CertificateSigner) else None,
        key=signer if isinstance(signer, KeySigner) else None,
        times=found.times,
        log=admission.provable(found.log),
        predicate_type=None if found.statement is None else found.statement.predicate_type,
        not_a_statement=found.not_a_statement,
        attested=tuple(Attested(name=each.name, digests=each.digests) for each in found.subjects),
    )


def placed(found: F, version: int) -> F:
    """Return *found* at its place in the stream, as a report of its own that is made once."""
    return replace(found, version=version, report=Report(fingerprint=found.natural_key()))
