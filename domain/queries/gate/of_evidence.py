"""Facts from evidence: only what was verified, each with whether its signer is still trusted."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from domain import instant, predicates
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, MalformedValue
from domain.expectations.builders import BuilderRow
from domain.expectations.expected import Expectations
from domain.expectations.origin import Origin
from domain.policy.shape import plain
from domain.predicates import RanTests
from domain.queries.check_provenance import Judged, held_against, known_builders
from domain.queries.gate.attested import Attested, attested
from domain.queries.gate.files import Files
from domain.queries.gate.sources import Moment, Sources
from domain.queries.provenance_of import VERIFICATIONS_MAX
from domain.queries.said_by import said_by
from domain.queries.trust_at import known_trust
from domain.sbom import Summary
from domain.sbom_evidence import Piece, told
from domain.subject_digest import SubjectDigest
from domain.trust import Trust
from domain.verification import CertificateSigner

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"

Facts = dict[str, Any]


def of_evidence(artifacts: Sequence[Digest], moment: Moment, sources: Sources) -> dict[str, list[Facts]]:
    """Return the sections `attestations`, `provenance`, `sboms` and `tests` about *artifacts*.

    Raises `MalformedValue` when there is more about them than is looked at.
    """
    artifacts = list(dict.fromkeys(artifacts))
    trust = known_trust(moment.prefix, ledger=sources.ledger, index=sources.index)
    files = Files(sources.blobs)
    found = attested(artifacts, trust, moment, sources)
    trusted = [each for each in found if each.trusted]
    return {
        "attestations": [_attestation(each) for each in found],
        "provenance": list(_provenance(artifacts, trust, moment, files, sources)),
        "sboms": list(_sboms(trusted, files, sources)),
        "tests": list(_tests(trusted, files, sources)),
    }


def _attestation(each: Attested) -> Facts:
    event, signer = each.event, each.event.signer
    certified = isinstance(signer, CertificateSigner)
    return {
        "ref": str(event.evidence),
        "type": plain(event.predicate_type or ""),
        "artifact": str(each.artifact),
        "issuer": plain(signer.issuer) if isinstance(signer, CertificateSigner) else "",
        "signer": plain(signer.identity)
        if isinstance(signer, CertificateSigner)
        else str(signer.fingerprint),
        "root": str(event.root) if certified else "",
        "verified_at": instant.text(each.recorded.recorded_at),
        "distrusted": not each.trusted,
    }


def _provenance(
    artifacts: Sequence[Digest], trust: Trust, moment: Moment, files: Files, sources: Sources
) -> Iterator[Facts]:
    builders: Sequence[BuilderRow] = known_builders(trust, files, sources.read_builders)
    for artifact in artifacts:
        checked = held_against(
            SubjectDigest("sha256", artifact.hex),
            Expectations(),
            moment.prefix,
            trust,
            builders,
            ledger=sources.ledger,
            index=sources.index,
            blobs=files,
            reader=sources.reader,
        )
        if checked.truncated:
            raise MalformedValue(f"more than {VERIFICATIONS_MAX} verified provenances speak of {artifact}")
        for judged in checked.judged:
            if judged.checked.origin is not None:
                yield _one_provenance(artifact, judged, judged.checked.origin)


def _one_provenance(artifact: Digest, judged: Judged, origin: Origin) -> Facts:
    """Return what one piece comes to; a check that does not hold takes its level away."""
    held = judged.checked.held
    source = origin.signer if origin.signer.repository is not None else origin.provenance
    return {
        "ref": str(judged.verification.evidence),
        "artifact": str(artifact),
        "builder": plain(judged.checked.builder or ""),
        "level": (judged.checked.level or 0) if held else 0,
        "repository": plain(source.repository or ""),
        "commit": plain(source.commit or ""),
        "repository_agrees": origin.repository.agreement.value,
        "commit_agrees": origin.commit.agreement.value,
        "distrusted": not held,
    }


def _sboms(trusted: Sequence[Attested], files: Files, sources: Sources) -> Iterator[Facts]:
    """Yield what SBOMs come to, each file read once, of however many artifacts it speaks."""
    by_file: dict[Digest, list[tuple[Digest, Piece]]] = {}
    for each in trusted:
        known = told(each.event)
        if known is not None and known.sbom.piece is not None:
            by_file.setdefault(known.sbom.evidence, []).append((each.artifact, known.sbom.piece))
    for file, about in by_file.items():
        try:
            content = files.get(file)
        except (EvidenceLost, BrokenLedger):
            continue  # what cannot be read describes nothing
        read = sources.sboms.summaries(file, content, [piece for _, piece in about])
        for (artifact, _), summary in zip(about, read, strict=True):
            if summary is not None:
                yield _one_sbom(artifact, file, summary)


def _one_sbom(artifact: Digest, evidence: Digest, sbom: Summary) -> Facts:
    licences: dict[str, int] = {}
    for name, count in sbom.licences.items():
        licences[plain(name)] = licences.get(plain(name), 0) + count
    return {
        "ref": str(evidence),
        "artifact": str(artifact),
        "format": sbom.format.value.lower(),
        "components": sbom.components,
        "without_version": sbom.without_version,
        "licences": licences,
    }


def _tests(trusted: Sequence[Attested], files: Files, sources: Sources) -> Iterator[Facts]:
    results = [each for each in trusted if each.event.predicate_type == TEST_RESULT]
    for place, said in said_by([each.event for each in results], blobs=files, reader=sources.reader):
        read = None if said.statement is None else predicates.read(said.statement)
        if isinstance(read, RanTests):
            configured = (each.uri for each in read.configuration if each.uri)
            yield {
                "ref": str(results[place].event.evidence),
                "suite": plain(next(configured, "")),
                "result": plain(read.result.lower()),
                "failed": len(read.failed),
                "artifact": str(results[place].artifact),
                "finished_at": instant.text(_first_seen(results[place])),
            }


def _first_seen(each: Attested) -> datetime:
    """Return the earliest instant at which the signature is known to have existed."""
    return min((time.instant for time in each.event.times), default=each.recorded.recorded_at)
