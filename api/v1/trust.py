"""Say what may vouch for evidence, and whose signatures no longer count."""

from api.operations import operation
from api.replies import LedgerHead, Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, head, known, pinned
from api.v1.reports import ANY_REPORT
from api.v1.shapes import RecordedShape
from api.v1.trust_shapes import BuildersBody, DistrustBody, RootBody, TrustShape, WithdrawBody
from api.v1.values import ContentDigest
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.distrust_signer import DistrustSigner, distrust_signer
from domain.commands.import_builders import ImportBuilders, import_builders
from domain.commands.import_trust_root import ImportTrustRoot, import_trust_root
from domain.commands.withdraw_trust_root import WithdrawTrustRoot, withdraw_trust_root
from domain.errors import (
    BrokenLedger,
    EvidenceLost,
    NothingFound,
    SecretInClear,
    UnknownEvent,
    UnusableBuilders,
    UnusableTrustRoot,
)
from domain.ports import Receipt
from domain.queries.trust_at import trust_at

TRUSTING = Scope.TRUST
BODY_BYTES_MAX = 4 << 20


@operation(
    "GET", "/v1/trust/roots", scope=SCOPE, refusals=(*ANY_QUESTION, UnknownEvent, BrokenLedger), tag="ask"
)
def trust_roots(*, query: KnownQuery, services: Services) -> Reply[TrustShape]:
    """List what may vouch for evidence, what no longer may, and the signers that are distrusted."""
    found = trust_at(known(query), ledger=services.ledger, index=services.evidence.index)
    return Reply(TrustShape.of(found), head=head(found.prefix), settled=pinned(query, found.prefix))


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
        instance=body.instance,
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


@operation(
    "POST",
    "/v1/trust/withdrawn",
    scope=TRUSTING,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, SecretInClear, NothingFound, BrokenLedger),
    tag="trust",
)
def withdraw_root(*, body: WithdrawBody, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Withdraw a root or a key: nothing is verified with it any more, unless it is imported again."""
    command = WithdrawTrustRoot(
        occurred_at=body.occurred_at or services.ledger.now(),
        actor=actor,
        root=body.root,
        since=body.since,
        reason=body.reason,
    )
    return _recorded(withdraw_trust_root(command, ledger=services.ledger))


@operation(
    "GET",
    "/v1/trust/builders",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, NothingFound, UnknownEvent, BrokenLedger, EvidenceLost),
    tag="ask",
    produces="application/octet-stream",
)
def builder_table(*, query: KnownQuery, services: Services) -> Reply[bytes]:
    """Hand out the table that says which builder counts for which level, byte for byte."""
    found = trust_at(known(query), ledger=services.ledger, index=services.evidence.index)
    if found.trust.builders is None:
        raise NothingFound("no table of builders was in force")
    return Reply(services.evidence.blobs.get(found.trust.builders.table), head=head(found.prefix))


@operation(
    "POST",
    "/v1/trust/builders",
    scope=TRUSTING,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, SecretInClear, UnusableBuilders, BrokenLedger),
    tag="trust",
    body_bytes_max=BODY_BYTES_MAX,
)
def import_builder_table(*, body: BuildersBody, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Put a table of builders in force, in place of the one before."""
    command = ImportBuilders(
        occurred_at=body.occurred_at or services.ledger.now(),
        actor=actor,
        content=body.content.encode(),
        source=body.source,
    )
    evidence = services.evidence
    receipt = import_builders(
        command, ledger=services.ledger, blobs=evidence.blobs, read=evidence.read_builders
    )
    return _recorded(receipt)


def _recorded(receipt: Receipt) -> Reply[RecordedShape]:
    return Reply(
        RecordedShape.of(receipt),
        status=200 if receipt.existing else 201,
        headers={"Location": f"/v1/events/{receipt.position}"},
        head=LedgerHead(receipt.position, str(receipt.digest)),
    )


OPERATIONS = (
    trust_roots,
    trust_root_content,
    builder_table,
    import_root,
    withdraw_root,
    import_builder_table,
    distrust,
)
