"""Verify evidence against whatever is trusted now, and record what is new about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import evidence_file, trust
from domain.actor import Actor
from domain.admission import Finding, Kind
from domain.commands.finding import finding, placed
from domain.commands.telling import ATTEMPTS_MAX
from domain.commands.trusted import trusted
from domain.digest import Digest
from domain.errors import BrokenLedger, ConflictingAppend, EvidenceLost, NothingFound
from domain.evidence_file import Evidence
from domain.evidence_port import EvidenceVerifier
from domain.ports import Blobs, Ledger, LedgerReader, Receipt
from domain.stream import TRUST, evidence_stream
from domain.trust import Trust
from domain.verification import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAgain:
    """The command: which files, and who asks."""

    evidence: Iterable[Digest]
    occurred_at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that was admitted and cannot be verified again."""

    evidence: Digest
    refusal: EvidenceLost | BrokenLedger
    """Of the blob store: it has none, or something else."""


@dataclass(frozen=True, slots=True)
class VerifiedAgain:
    """What was new, and whose files are not what was admitted."""

    receipts: tuple[Receipt, ...]
    lost: tuple[Lost, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found about each piece of a file, with everything that was trusted then."""

    trust: int
    """Version of the stream of trust."""
    roots: tuple[Digest, ...]
    outcomes: Sequence[Outcome]


def verify_again(
    command: VerifyAgain, *, ledger: Ledger, blobs: Blobs, verifier: EvidenceVerifier
) -> VerifiedAgain:
    """Append what is found now and was not found before; nothing, when the roots and engines are the same.

    A file that is lost keeps no other from being verified. Raises `NothingFound`
    for one that was not admitted.
    """
    receipts: list[Receipt] = []
    lost: list[Lost] = []
    for file in command.evidence:
        kind = _known(file, ledger).kind
        if kind is None:
            raise NothingFound(f"evidence {file} was not admitted")
        if kind is not Kind.SIGNED:
            continue
        try:
            content = blobs.get(file)
        except (EvidenceLost, BrokenLedger) as refusal:
            lost.append(Lost(file, refusal))
            continue
        receipts += _again(file, content, command, ledger=ledger, blobs=blobs, verifier=verifier)
    return VerifiedAgain(tuple(receipts), tuple(lost))


def look(content: bytes, *, ledger: Ledger, blobs: Blobs, verifier: EvidenceVerifier) -> Looked:
    """Verify each piece of *content*. Takes its time, so nobody's turn should be held meanwhile."""
    version = _trust(ledger)
    anchors, roots = trusted(ledger, blobs)
    return Looked(version, roots, verifier.verify(content, anchors, at=ledger.now()))


def findings(
    looked: Looked, *, after: Evidence, occurred_at: datetime, actor: Actor, ledger: LedgerReader
) -> Sequence[Finding]:
    """Return what was *looked* at and is not known, as the events that follow *after*.

    Raises `ConflictingAppend` when something else is trusted by now: look again.
    """
    if _trust(ledger) != looked.trust:
        raise ConflictingAppend("what is trusted changed while evidence was verified")
    told = [
        finding(outcome, looked.roots, occurred_at=occurred_at, actor=actor) for outcome in looked.outcomes
    ]
    fresh = evidence_file.unsaid(after, told)
    return [placed(each, after.version + place) for place, each in enumerate(fresh, 1)]


def _again(
    file: Digest,
    content: bytes,
    command: VerifyAgain,
    *,
    ledger: Ledger,
    blobs: Blobs,
    verifier: EvidenceVerifier,
) -> Sequence[Receipt]:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        looked = look(content, ledger=ledger, blobs=blobs, verifier=verifier)
        with ledger.turn(evidence_stream(file)):
            try:
                found = findings(
                    looked,
                    after=_known(file, ledger),
                    occurred_at=command.occurred_at,
                    actor=command.actor,
                    ledger=ledger,
                )
                return ledger.append(found) if found else ()
            except ConflictingAppend:
                if attempt == ATTEMPTS_MAX:
                    raise
    raise AssertionError("the last attempt returns or raises")


def _known(file: Digest, ledger: LedgerReader) -> Evidence:
    return ledger.load(evidence_stream(file), evidence_file.fold) or Evidence()


def _trust(ledger: LedgerReader) -> int:
    return (ledger.load(TRUST, trust.fold) or Trust()).version
