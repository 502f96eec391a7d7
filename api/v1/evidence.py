"""Hand in evidence, and ask what is established by it."""

from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant, Output
from api.operations import operation
from api.replies import LedgerHead, Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, head, known, pinned
from api.v1.evidence_shapes import EvidenceShape, FileShape, files, of_file
from api.v1.reports import ANY_REPORT
from api.v1.shapes import LedgerShape, RecordedShape
from api.v1.values import ArtifactDigest, ContentDigest, line
from domain import names
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.admit_evidence import ABOUT_MAX, AdmitEvidence, admit_evidence
from domain.commands.verify_evidence import VerifyAgain, verify_again
from domain.digest import Digest
from domain.errors import (
    BrokenLedger,
    ConflictingAppend,
    EvidenceLost,
    LedgerUnavailable,
    NothingFound,
    UnknownEvent,
    UnreadableEvidence,
)
from domain.ports import BLOB_BYTES_MAX
from domain.queries.evidence_of import evidence_about, evidence_of

FILES_AT_ONCE = 100
MEDIA_TYPES = (
    "application/octet-stream",
    "application/json",
    "application/jsonl",
    "application/xml",
    "application/vnd.dev.sigstore.bundle+json",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.in-toto+json",
    "application/vnd.cyclonedx+json",
    "application/spdx+json",
    "application/sarif+json",
)
READING = (*ANY_QUESTION, NothingFound, UnknownEvent, BrokenLedger)


class AdmitQuery(Input):
    """`name`: of the file; `for`: artifacts it is said to be for; `occurred_at`: default now."""

    name: Annotated[str, line("name", names.NAME_LENGTH_MAX)] | None = None
    about: Annotated[list[ContentDigest], Field(alias="for", max_length=ABOUT_MAX, default_factory=list)]
    occurred_at: Instant | None = None


class AdmittedShape(Output):
    """Where the file landed, and all that is known of it now."""

    recorded: RecordedShape
    evidence: FileShape


@operation(
    "POST",
    "/v1/evidence",
    scope=Scope.REPORT_EVIDENCE,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, UnreadableEvidence, EvidenceLost, BrokenLedger),
    tag="report",
    accepts=MEDIA_TYPES,
    body_bytes_max=BLOB_BYTES_MAX,
)
def record_evidence(
    *, body: bytes, query: AdmitQuery, actor: Actor, services: Services
) -> Reply[AdmittedShape]:
    """Hand in a file of evidence: it is kept byte for byte, and each signed piece in it is verified.

    The same file again is the same evidence. A piece that does not verify is refused, and that is
    recorded; so is a file that cannot be read, of which nothing else is kept.
    """
    command = AdmitEvidence(
        occurred_at=query.occurred_at or services.ledger.now(),
        actor=actor,
        content=body,
        name=query.name,
        about=tuple(query.about),
    )
    receipt = admit_evidence(
        command,
        ledger=services.ledger,
        blobs=services.evidence.blobs,
        verifier=services.evidence.verifier,
        reader=services.evidence.reader,
    )
    found = evidence_of(Digest.of(body), None, ledger=services.ledger, index=services.evidence.index)
    return Reply(
        AdmittedShape(recorded=RecordedShape.of(receipt), evidence=of_file(found.events)),
        status=200 if receipt.existing else 201,
        headers={"Location": f"/v1/evidence/{Digest.of(body)}"},
        head=LedgerHead(receipt.position, str(receipt.digest)),
    )


@operation("GET", "/v1/evidence/<digest>", scope=SCOPE, refusals=READING, tag="ask")
def evidence(*, digest: ContentDigest, query: KnownQuery, services: Services) -> Reply[EvidenceShape]:
    """Tell what is recorded of a file of evidence, and what was established about each piece of it."""
    found = evidence_of(digest, known(query), ledger=services.ledger, index=services.evidence.index)
    shape = EvidenceShape(
        ledger=LedgerShape.of(found.prefix), evidence=of_file(found.events), truncated=found.truncated
    )
    return Reply(shape, head=head(found.prefix), settled=pinned(query, found.prefix))


@operation(
    "GET",
    "/v1/evidence/<digest>/content",
    scope=SCOPE,
    refusals=(*READING, EvidenceLost),
    tag="ask",
    produces="application/octet-stream",
)
def evidence_content(*, digest: ContentDigest, query: KnownQuery, services: Services) -> Reply[bytes]:
    """Hand out a file of evidence, byte for byte as it came in."""
    found = evidence_of(digest, known(query), ledger=services.ledger, index=services.evidence.index)
    if not found.kept:
        raise NothingFound(f"evidence {digest} was refused as a whole, and is not kept")
    return Reply(services.evidence.blobs.get(digest), head=head(found.prefix))


class AboutShape(Output):
    """The evidence about an artifact: verified to speak of it, or said to be for it."""

    artifact: ArtifactDigest
    ledger: LedgerShape
    evidence: list[FileShape]
    truncated: bool
    """Whether there is older evidence that is left out."""


@operation(
    "GET",
    "/v1/artifacts/<digest>/evidence",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEvent, BrokenLedger),
    tag="ask",
)
def artifact_evidence(*, digest: ArtifactDigest, query: KnownQuery, services: Services) -> Reply[AboutShape]:
    """List the evidence that is verified to speak of an artifact, or was handed in for it."""
    found = evidence_about(digest, known(query), ledger=services.ledger, index=services.evidence.index)
    shape = AboutShape(
        artifact=digest,
        ledger=LedgerShape.of(found.prefix),
        evidence=files(found.events),
        truncated=found.truncated,
    )
    return Reply(shape, head=head(found.prefix), settled=pinned(query, found.prefix))


class VerifyBody(Input):
    """Which evidence to verify again: one file, or all of it, some files at a time `after` a digest."""

    evidence: ContentDigest | None = None
    after: ContentDigest | None = None
    occurred_at: Instant | None = None


class LostShape(Output):
    """A file that was admitted and is not there any more, or is another: hand it in again."""

    evidence: ContentDigest
    words: str


class VerifiedShape(Output):
    """What was new. `next`: say it as `after`, until there is none."""

    ledger: LedgerShape
    looked_at: int
    recorded: list[RecordedShape]
    lost: list[LostShape]
    next: ContentDigest | None


@operation(
    "POST",
    "/v1/evidence:verify",
    scope=Scope.REPORT_EVIDENCE,
    refusals=(*ANY_REPORT, NothingFound, EvidenceLost, BrokenLedger, ConflictingAppend, LedgerUnavailable),
    tag="report",
)
def verify_evidence(*, body: VerifyBody, actor: Actor, services: Services) -> Reply[VerifiedShape]:
    """Verify evidence again, against what is trusted now; only what differs from before is recorded.

    Of all the evidence, files that are lost are named; the one file that was asked for is refused.
    """
    every = body.evidence is None
    looked_at = [body.evidence] if body.evidence is not None else list(_next(body.after, services))
    done = verify_again(
        VerifyAgain(evidence=looked_at, occurred_at=body.occurred_at or services.ledger.now(), actor=actor),
        ledger=services.ledger,
        blobs=services.evidence.blobs,
        verifier=services.evidence.verifier,
    )
    if done.lost and not every:
        raise done.lost[0].refusal
    prefix = services.ledger.prefix(None)
    shape = VerifiedShape(
        ledger=LedgerShape.of(prefix),
        looked_at=len(looked_at),
        recorded=[RecordedShape.of(receipt) for receipt in done.receipts],
        lost=[LostShape(evidence=each.evidence, words=str(each.refusal)) for each in done.lost],
        next=looked_at[-1] if every and len(looked_at) == FILES_AT_ONCE else None,
    )
    return Reply(shape, head=head(prefix))


def _next(after: Digest | None, services: Services) -> list[Digest]:
    prefix = services.ledger.prefix(None)
    return list(services.evidence.index.admitted(prefix, after=after, limit=FILES_AT_ONCE))


OPERATIONS = (record_evidence, evidence, evidence_content, artifact_evidence, verify_evidence)
