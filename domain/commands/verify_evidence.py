"""Verify evidence against whatever is trusted now, and record what is new about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from domain import admission
from domain.actor import Actor
from domain.admission import Attested, Evidence, EvidenceTurnedDown, EvidenceVerified, Finding, Kind
from domain.commands.telling import ATTEMPTS_MAX
from domain.commands.trusted import trusted
from domain.digest import Digest
from domain.errors import ConflictingAppend, NothingFound
from domain.evidence_port import EvidenceVerifier
from domain.ports import Blobs, Ledger, Receipt
from domain.report import Report
from domain.stream import evidence_stream
from domain.verification import CertificateSigner, KeySigner, Outcome, Refused, Verified

F = TypeVar("F", bound=Finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAgain:
    """The command: which file, and who asks."""

    evidence: Digest
    occurred_at: datetime
    actor: Actor


def verify_again(
    command: VerifyAgain, *, ledger: Ledger, blobs: Blobs, verifier: EvidenceVerifier
) -> Sequence[Receipt]:
    """Append what is found now and was not found before; nothing, when the roots and engines are the same.

    Raises `NothingFound` for a file that was not admitted.
    """
    stream = evidence_stream(command.evidence)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        with ledger.turn(stream):
            known = ledger.load(stream, admission.fold) or Evidence()
            if known.kind is None:
                raise NothingFound(f"evidence {command.evidence} was not admitted")
            if known.kind is not Kind.SIGNED:
                return ()
            found = findings(
                blobs.get(command.evidence),
                after=known,
                occurred_at=command.occurred_at,
                actor=command.actor,
                ledger=ledger,
                blobs=blobs,
                verifier=verifier,
            )
            try:
                return ledger.append(found) if found else ()
            except ConflictingAppend:
                if attempt == ATTEMPTS_MAX:
                    raise
    raise AssertionError("the last attempt returns or raises")


def findings(
    content: bytes,
    *,
    after: Evidence,
    occurred_at: datetime,
    actor: Actor,
    ledger: Ledger,
    blobs: Blobs,
    verifier: EvidenceVerifier,
) -> Sequence[Finding]:
    """Return what the pieces of *content* establish that is not known, as the events that follow *after*."""
    anchors, roots = trusted(ledger, blobs)
    told = [
        finding(outcome, roots, occurred_at=occurred_at, actor=actor)
        for outcome in verifier.verify(content, anchors, at=ledger.now())
    ]
    fresh = admission.unsaid(after, told)
    return [placed(each, after.version + place) for place, each in enumerate(fresh, 1)]


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
