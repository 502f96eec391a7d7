"""What events about evidence add to the tables that find it."""

from adapters.readmodels.batch import Batch
from adapters.readmodels.evidence_tables import EVIDENCE, EVIDENCE_FOR, SUBJECT, VERIFICATION
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified
from domain.instant import micros
from domain.verification import CertificateSigner

TEXT_LENGTH_MAX = 1000


def take(
    batch: Batch, event: EvidenceAdmitted | EvidenceVerified | EvidenceTurnedDown, position: int
) -> None:
    """Add to *batch* what the event at *position* says."""
    first = isinstance(event, EvidenceAdmitted) and event.admission == 1
    digest = bytes.fromhex(event.evidence.hex)
    batch.add(EVIDENCE, {"digest": digest, "position": position, "admitted": int(first)})
    match event:
        case EvidenceAdmitted():
            for artifact in event.about:
                batch.add(EVIDENCE_FOR, {"artifact": bytes.fromhex(artifact.hex), "position": position})
        case EvidenceVerified():
            _verified(batch, event, position)
        case EvidenceTurnedDown():
            pass  # found by its file alone


def _verified(batch: Batch, event: EvidenceVerified, position: int) -> None:
    signer = event.signer
    certificate = signer if isinstance(signer, CertificateSigner) else None
    row = {
        "position": position,
        "evidence": bytes.fromhex(event.evidence.hex),
        "place": event.place,
        "engine": event.engine.value,
        "root": bytes.fromhex(event.root.hex),
        "signer": bytes.fromhex(signer.fingerprint.hex),
        "identity": _text(certificate.identity if certificate else None),
        "issuer": _text(certificate.issuer if certificate else None),
        "repository_id": _text(certificate.source_repository_id if certificate else None),
        "owner_id": _text(certificate.source_repository_owner_id if certificate else None),
        "signed_at": micros(event.times[0].instant) if event.times else None,
        "predicate_type": _text(event.predicate_type),
    }
    batch.add(VERIFICATION, row)
    for artifact in sorted({digest.hex for _, digest in event.artifacts()}):
        batch.add(SUBJECT, {"digest": bytes.fromhex(artifact), "position": position})


def _text(said: str | None) -> str | None:
    return None if said is None else said.replace("\0", "\N{REPLACEMENT CHARACTER}")[:TEXT_LENGTH_MAX]
