"""What events about evidence add to the tables that find it."""

from adapters.readmodels.batch import Batch
from adapters.readmodels.evidence_tables import EVIDENCE, EVIDENCE_FOR, PROVENANCE, SUBJECT, VERIFICATION
from domain import canonical, provenance
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified
from domain.expectations import checked
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
        "identity": text(certificate.identity if certificate else None),
        "issuer": text(certificate.issuer if certificate else None),
        "repository_id": text(certificate.source_repository_id if certificate else None),
        "owner_id": text(certificate.source_repository_owner_id if certificate else None),
        "signed_at": micros(event.times[0].instant) if event.times else None,
        "predicate_type": text(event.predicate_type),
    }
    batch.add(VERIFICATION, row)
    about = [bytes.fromhex(each) for each in sorted({digest.hex for _, digest in event.artifacts()})]
    for artifact in about:
        batch.add(SUBJECT, {"digest": artifact, "position": position})
    if event.predicate_type in provenance.TYPES:
        signed = {
            name: row[name] for name in ("owner_id", "repository_id", "identity", "issuer", "signed_at")
        }
        signed |= {"piece": _piece(event), "source": text(checked.source_of(signer))}
        for artifact in about:
            batch.add(PROVENANCE, {"digest": artifact, "position": position, **signed})


def _piece(event: EvidenceVerified) -> bytes:
    identity = event.identity
    roots = [each.text for each in (event.root, event.log_root) if each is not None]
    named = (identity.signed.text, identity.signer.text, identity.signature.text, event.engine.value, *roots)
    return bytes.fromhex(canonical.digest(list(named)).hex)


def text(said: str | None) -> str | None:
    """Return *said* as it is kept, and looked for: without NUL, and cut."""
    return None if said is None else said.replace("\0", "\N{REPLACEMENT CHARACTER}")[:TEXT_LENGTH_MAX]
