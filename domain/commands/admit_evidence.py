"""Admit evidence: keep it byte for byte, and record what it establishes."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain import evidence_file, names, report
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, Finding, Kind, Referenced
from domain.commands.finding import placed, refusal
from domain.commands.telling import Told, once
from domain.commands.trusted import trusted
from domain.commands.verify_evidence import Looked, findings, look
from domain.digest import Digest
from domain.errors import MalformedValue, UnreadableEvidence
from domain.evidence import EvidenceRefused, Reason
from domain.evidence_file import Evidence, is_new
from domain.evidence_port import EvidenceReader, EvidenceVerifier
from domain.ports import Blobs, Ledger, Receipt
from domain.report import Report
from domain.stream import evidence_stream
from domain.verification import Refused
from domain.workload import of_actor

ABOUT_MAX = 100
NAMELESS = frozenset({Reason.TOO_LARGE, Reason.NOT_JSON, Reason.NOT_UTF8, Reason.UNKNOWN_FORMAT})
"""Why a file is refused that may be anything at all: nothing is recorded of it."""


@dataclass(frozen=True, kw_only=True)
class AdmitEvidence(Told):
    """The command: a file, and which artifacts its reporter says it is for."""

    content: bytes
    name: str | None = None
    about: tuple[Digest, ...] = ()


def admit_evidence(
    command: AdmitEvidence,
    *,
    ledger: Ledger,
    blobs: Blobs,
    verifier: EvidenceVerifier,
    reader: EvidenceReader,
) -> Receipt:
    """Keep the file and append what is found, once; of one that cannot be read, why.

    Who hands in a file that is there adds an admission, if that says something new: more artifacts, or
    another run than those that handed it in before.

    The receipt is that of the admission, or of the refusal of a file that looks
    like evidence and cannot be read. Raises `UnreadableEvidence` for anything else.
    Of what is refused nothing is kept.
    """
    if command.name is not None:
        names.line(command.name, "name", length_max=names.NAME_LENGTH_MAX)
    if len(command.about) > ABOUT_MAX:
        raise MalformedValue(f"evidence for {len(command.about)} artifacts, at most {ABOUT_MAX}")
    file = Digest.of(command.content)
    try:
        kind = reader.kind(command.content)
    except EvidenceRefused as wrong:
        if wrong.reason in NAMELESS:
            raise UnreadableEvidence(f"{wrong.reason}: {wrong.words}") from wrong
        return _refuse(_whole(file, wrong), command, ledger, blobs)
    stream = evidence_stream(file)
    told = _tell(command, file)
    looked: Looked | None = None

    def known() -> Evidence:
        return ledger.load(stream, evidence_file.fold) or Evidence()

    def prepare() -> None:
        nonlocal looked
        blobs.put(command.content)
        if kind is Kind.SIGNED and not known().admissions:
            looked = look(command.content, ledger=ledger, blobs=blobs, verifier=verifier)

    def decide() -> list[EvidenceAdmitted | Finding]:
        before = known()
        admitted = _admitted(command, file, kind, before, told)
        if before.admissions or looked is None:
            return [admitted]
        after = evidence_file.fold(before, admitted)
        found = findings(
            looked, after=after, occurred_at=command.occurred_at, actor=command.actor, ledger=ledger
        )
        return [admitted, *found]

    def natural() -> Digest:
        before = known()
        more = not before.admissions or _new(command, before) or is_new(of_actor(command.actor), before)
        return evidence_file.admission_key(file, before.admissions + 1 if more else 1)

    return once(
        told,
        natural,
        occurred_at=command.occurred_at,
        stream=stream,
        ledger=ledger,
        decide=decide,
        prepare=prepare,
        joint=True,
    )


def _whole(file: Digest, wrong: EvidenceRefused) -> Refused:
    return Refused(file=file, place=None, format=None, reason=wrong.reason, words=wrong.words)


def _tell(command: AdmitEvidence, file: Digest) -> Report:
    about = sorted(each.text for each in command.about)
    content: dict[str, object] = {"evidence": file.text, "name": command.name, "about": about}
    if origin := of_actor(command.actor).origin:
        content["origin"] = list(origin)  # another run that hands in the same file tells something else
    return command.report(report.fingerprint("evidence", content))


def _new(command: AdmitEvidence, known: Evidence) -> Sequence[Digest]:
    """Return the artifacts that nobody said it is for before."""
    return sorted(set(command.about) - known.about)


def _admitted(
    command: AdmitEvidence, file: Digest, kind: Kind, known: Evidence, told: Report
) -> EvidenceAdmitted:
    referenced = Referenced(
        digest=file,
        size=len(command.content),
        media_type=kind.media_type,
        download_location=f"/v1/evidence/{file}/content",
        name=command.name,
    )
    return EvidenceAdmitted(
        stream=evidence_stream(file),
        version=known.version + 1,
        occurred_at=command.occurred_at,
        actor=command.actor,
        report=told,
        kind=kind,
        references=(referenced,),
        about=tuple(_new(command, known)),
        admission=known.admissions + 1,
    )


def _refuse(refused: Refused, command: AdmitEvidence, ledger: Ledger, blobs: Blobs) -> Receipt:
    """Record that the file cannot be read; its bytes are not kept."""
    stream = evidence_stream(refused.file)
    _, roots = trusted(ledger, blobs)
    turned_down = refusal(refused, roots, occurred_at=command.occurred_at, actor=command.actor)

    def decide() -> list[EvidenceTurnedDown]:
        before = ledger.load(stream, evidence_file.fold) or Evidence()
        return [placed(turned_down, before.version + 1)]

    return once(
        Report(fingerprint=turned_down.natural_key()),
        turned_down.natural_key(),
        occurred_at=command.occurred_at,
        stream=stream,
        ledger=ledger,
        decide=decide,
    )
