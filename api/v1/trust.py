"""Say what may vouch for evidence, and whose signatures no longer count."""

from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant, Output
from api.operations import operation
from api.replies import LedgerHead, Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, head, known, pinned
from api.v1.reports import ANY_REPORT
from api.v1.shapes import LedgerShape, RecordedShape
from api.v1.values import ContentDigest, Label, Line
from domain.actor import Actor
from domain.commands.distrust_signer import DistrustSigner, distrust_signer
from domain.commands.import_trust_root import ImportTrustRoot, import_trust_root
from domain.errors import (
    BrokenLedger,
    EvidenceLost,
    NothingFound,
    SecretInClear,
    UnknownEvent,
    UnusableTrustRoot,
)
from domain.evidence import Signs
from domain.ports import Receipt
from domain.queries.trust_at import trust_at
from domain.trust import RootKind, SignerDistrusted, TrustRootImported

TRUSTING = "trust"
"""The permission to change what is trusted."""
ROOT_LENGTH_MAX = 1 << 19
BODY_BYTES_MAX = 4 << 20


class RootBody(Input):
    """A trusted root of Sigstore, or a public key; what follows `source` is said of a key alone."""

    kind: RootKind
    name: Label
    content: Annotated[str, Field(max_length=ROOT_LENGTH_MAX)]
    """The `trusted_root.json`, or the key in PEM, as text: what is digested is its UTF-8."""
    source: Line | None = None
    log: ContentDigest | None = None
    """The imported root whose log and timestamp authorities may say when the key signed."""
    key_id: Line | None = None
    signs: Signs | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    occurred_at: Instant | None = None


class DistrustBody(Input):
    """The identity of certificates, with its issuer if it has several; or the fingerprint of a key."""

    identity: Line | None = None
    issuer: Line | None = None
    key: ContentDigest | None = None
    since: Annotated[Instant, Field(alias="from")]
    reason: Line
    occurred_at: Instant | None = None


class RootShape(Output):
    """One thing that is trusted."""

    root: ContentDigest
    kind: RootKind
    name: str
    source: str | None
    content: ContentDigest
    log: ContentDigest | None
    key_id: str | None
    signs: Signs | None
    valid_from: Instant | None
    valid_until: Instant | None
    imported_at: Instant

    @classmethod
    def of(cls, event: TrustRootImported) -> "RootShape":
        """Show *event*."""
        return cls(
            root=event.root,
            kind=event.kind,
            name=event.name,
            source=event.source,
            content=event.content,
            log=event.log,
            key_id=event.key_id,
            signs=event.signs,
            valid_from=event.valid_from,
            valid_until=event.valid_until,
            imported_at=event.occurred_at,
        )


class DistrustedShape(Output):
    """One signer that is not trusted from an instant on."""

    identity: str | None
    issuer: str | None
    key: ContentDigest | None
    since: Annotated[Instant, Field(serialization_alias="from")]
    reason: str

    @classmethod
    def of(cls, event: SignerDistrusted) -> "DistrustedShape":
        """Show *event*."""
        return cls(
            identity=event.identity,
            issuer=event.issuer,
            key=event.key,
            since=event.since,
            reason=event.reason,
        )


class TrustShape(Output):
    """What is trusted, the root imported last first, and who is not."""

    ledger: LedgerShape
    roots: list[RootShape]
    distrusted: list[DistrustedShape]


@operation(
    "GET", "/v1/trust/roots", scope=SCOPE, refusals=(*ANY_QUESTION, UnknownEvent, BrokenLedger), tag="ask"
)
def trust_roots(*, query: KnownQuery, services: Services) -> Reply[TrustShape]:
    """List what may vouch for evidence, and the signers that are distrusted."""
    found = trust_at(known(query), ledger=services.ledger, index=services.evidence.index)
    shape = TrustShape(
        ledger=LedgerShape.of(found.prefix),
        roots=[RootShape.of(each) for each in reversed(tuple(found.trust.roots.values()))],
        distrusted=[DistrustedShape.of(each) for each in found.trust.distrusted],
    )
    return Reply(shape, head=head(found.prefix), settled=pinned(query, found.prefix))


@operation(
    "GET",
    "/v1/trust/roots/<digest>/content",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, NothingFound, UnknownEvent, BrokenLedger, EvidenceLost),
    tag="ask",
    produces="application/octet-stream",
)
def trust_root_content(*, digest: ContentDigest, query: KnownQuery, services: Services) -> Reply[bytes]:
    """Hand out a trusted root or a public key, byte for byte as it was imported: to verify without us."""
    found = trust_at(known(query), ledger=services.ledger, index=services.evidence.index)
    imported = found.trust.roots.get(digest)
    if imported is None:
        raise NothingFound(f"nothing that is trusted goes by {digest}")
    return Reply(services.evidence.blobs.get(imported.content), head=head(found.prefix))


@operation(
    "POST",
    "/v1/trust/roots",
    scope=TRUSTING,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, SecretInClear, UnusableTrustRoot, BrokenLedger),
    tag="trust",
    body_bytes_max=BODY_BYTES_MAX,
)
def import_root(*, body: RootBody, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Trust a root or a public key from now on. What was recorded before is not verified again by this."""
    command = ImportTrustRoot(
        occurred_at=body.occurred_at or services.ledger.now(),
        actor=actor,
        kind=body.kind,
        content=body.content.encode(),
        name=body.name,
        source=body.source,
        log=body.log,
        key_id=body.key_id,
        signs=body.signs,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )
    receipt = import_trust_root(
        command, ledger=services.ledger, blobs=services.evidence.blobs, reader=services.evidence.reader
    )
    return _recorded(receipt)


@operation(
    "POST",
    "/v1/trust/distrusted",
    scope=TRUSTING,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, SecretInClear, BrokenLedger),
    tag="trust",
)
def distrust(*, body: DistrustBody, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Distrust a signer: what it signed at that instant or later counts for nothing from now on."""
    command = DistrustSigner(
        occurred_at=body.occurred_at or services.ledger.now(),
        actor=actor,
        identity=body.identity,
        issuer=body.issuer,
        key=body.key,
        since=body.since,
        reason=body.reason,
    )
    return _recorded(distrust_signer(command, ledger=services.ledger))


def _recorded(receipt: Receipt) -> Reply[RecordedShape]:
    return Reply(
        RecordedShape.of(receipt),
        status=200 if receipt.existing else 201,
        headers={"Location": f"/v1/events/{receipt.position}"},
        head=LedgerHead(receipt.position, str(receipt.digest)),
    )


OPERATIONS = (trust_roots, trust_root_content, import_root, distrust)
