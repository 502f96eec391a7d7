"""How what is trusted is said and shown."""

from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant, Output
from api.v1.shapes import LedgerShape
from api.v1.values import ContentDigest, Instance, Label, Line
from domain.evidence import Signs
from domain.queries.trust_at import TrustKnown
from domain.trust import BuildersImported, SignerDistrusted
from domain.trust_root import RootKind, TrustRootImported, TrustRootWithdrawn

ROOT_LENGTH_MAX = 1 << 19
TABLE_LENGTH_MAX = 1 << 21


class RootBody(Input):
    """A trusted root of Sigstore, or a public key; what follows `instance` is said of a key alone."""

    kind: RootKind
    name: Label
    content: Annotated[str, Field(max_length=ROOT_LENGTH_MAX)]
    """The `trusted_root.json`, or the key in PEM, as text: what is digested is its UTF-8."""
    source: Line | None = None
    instance: Instance | None = None
    """Which instance of Sigstore it is a root of: `public-good`, `github`, or a name of your own. The table
    of builders counts under instances. Without it a root that is known keeps its own."""
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


class WithdrawBody(Input):
    """A root or a key that was imported."""

    root: ContentDigest
    since: Annotated[Instant, Field(alias="from")]
    """What this ledger recorded as verified with it by then still counts."""
    reason: Line
    occurred_at: Instant | None = None


class BuildersBody(Input):
    """A table of builders, as `docs/operating.md` describes it."""

    content: Annotated[str, Field(max_length=TABLE_LENGTH_MAX)]
    """The JSON file as text: what is digested is its UTF-8."""
    source: Line | None = None
    occurred_at: Instant | None = None


class WithdrawnShape(Output):
    """That a root was withdrawn: nothing is verified with it any more."""

    since: Annotated[Instant, Field(serialization_alias="from")]
    """What was recorded as verified with it by then still counts."""
    reason: str
    withdrawn_at: Instant


class BuildersShape(Output):
    """The table that says which builder counts for which level."""

    table: ContentDigest
    source: str | None
    imported_at: Instant

    @classmethod
    def of(cls, event: BuildersImported) -> "BuildersShape":
        """Show *event*."""
        return cls(table=event.table, source=event.source, imported_at=event.occurred_at)


class RootShape(Output):
    """One thing that is trusted, or was."""

    root: ContentDigest
    kind: RootKind
    name: str
    source: str | None
    instance: str | None
    content: ContentDigest
    log: ContentDigest | None
    key_id: str | None
    signs: Signs | None
    valid_from: Instant | None
    valid_until: Instant | None
    imported_at: Instant
    withdrawn: WithdrawnShape | None

    @classmethod
    def of(cls, event: TrustRootImported, withdrawn: TrustRootWithdrawn | None) -> "RootShape":
        """Show *event*, and that it was *withdrawn*."""
        return cls(
            root=event.root,
            kind=event.kind,
            name=event.name,
            source=event.source,
            instance=event.instance,
            content=event.content,
            log=event.log,
            key_id=event.key_id,
            signs=event.signs,
            valid_from=event.valid_from,
            valid_until=event.valid_until,
            imported_at=event.occurred_at,
            withdrawn=None
            if withdrawn is None
            else WithdrawnShape(
                since=withdrawn.since, reason=withdrawn.reason, withdrawn_at=withdrawn.occurred_at
            ),
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
    """What is trusted or was, the root imported last first; who is not; and the table of builders."""

    ledger: LedgerShape
    roots: list[RootShape]
    distrusted: list[DistrustedShape]
    builders: BuildersShape | None
    """Null when no table is in force: then no builder counts."""

    @classmethod
    def of(cls, found: TrustKnown) -> "TrustShape":
        """Show *found*."""
        trust = found.trust
        return cls(
            ledger=LedgerShape.of(found.prefix),
            roots=[
                RootShape.of(each, trust.withdrawn.get(each.root)) for each in [*trust.roots.values()][::-1]
            ],
            distrusted=[DistrustedShape.of(each) for each in trust.distrusted],
            builders=None if trust.builders is None else BuildersShape.of(trust.builders),
        )
