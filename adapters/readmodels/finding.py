"""Where the ledger says something about a file of evidence, about an artifact, or about trust."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from adapters.readmodels.evidence import text
from adapters.readmodels.evidence_tables import EVIDENCE, EVIDENCE_FOR, PROVENANCE, SUBJECT, TRUST
from adapters.readmodels.visible import KNOWN
from domain.digest import Digest
from domain.expectations.expected import Expectations
from domain.expectations.uris import repository
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest

_DIGEST: sa.BindParameter[bytes] = sa.bindparam("asked", type_=sa.LargeBinary)
_DIGESTS: sa.BindParameter[bytes] = sa.bindparam("files", expanding=True, type_=sa.LargeBinary)
_LIMIT: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)
_OF_FILES = (
    sa.select(EVIDENCE.c.position)
    .where(EVIDENCE.c.digest.in_(_DIGESTS), EVIDENCE.c.position <= KNOWN)
    .order_by(EVIDENCE.c.position.desc())
    .limit(_LIMIT)
)
_ABOUT = (
    sa.union(
        sa.select(SUBJECT.c.position).where(SUBJECT.c.digest == _DIGEST, SUBJECT.c.position <= KNOWN),
        sa.select(EVIDENCE_FOR.c.position).where(
            EVIDENCE_FOR.c.artifact == _DIGEST, EVIDENCE_FOR.c.position <= KNOWN
        ),
    )
    .order_by(sa.desc("position"))
    .limit(_LIMIT)
)
_ADMITTED = (
    sa.select(EVIDENCE.c.digest)
    .where(EVIDENCE.c.digest > _DIGEST, EVIDENCE.c.admitted == 1, EVIDENCE.c.position <= KNOWN)
    .order_by(EVIDENCE.c.digest)
    .limit(_LIMIT)
)
_PIECE = (
    sa.func.row_number()
    .over(
        partition_by=PROVENANCE.c.piece,
        order_by=(PROVENANCE.c.signed_at.is_(None), PROVENANCE.c.signed_at, PROVENANCE.c.position),
    )
    .label("place")
)
_PROVENANCE = sa.select(PROVENANCE.c.position, _PIECE).where(
    PROVENANCE.c.digest == _DIGEST, PROVENANCE.c.position <= KNOWN
)
_PLACES: sa.BindParameter[int] = sa.bindparam("places", expanding=True, type_=sa.BigInteger)
_MINE = (
    sa.select(PROVENANCE.c.position, PROVENANCE.c.piece)
    .where(PROVENANCE.c.digest == _DIGEST, PROVENANCE.c.position.in_(_PLACES))
    .subquery("mine")
)
_RANKED = (
    sa.select(
        PROVENANCE.c.position,
        PROVENANCE.c.piece,
        *(
            sa.func.row_number().over(partition_by=PROVENANCE.c.piece, order_by=order).label(name)
            for name, order in (("first", PROVENANCE.c.position), ("last", PROVENANCE.c.position.desc()))
        ),
    )
    .where(
        PROVENANCE.c.digest == _DIGEST,
        PROVENANCE.c.position <= KNOWN,
        PROVENANCE.c.piece.in_(sa.select(_MINE.c.piece)),
    )
    .subquery("ranked")
)
_COPIES = (
    sa.select(_MINE.c.position, _RANKED.c.position)
    .join(_RANKED, _MINE.c.piece == _RANKED.c.piece)
    .where(
        _MINE.c.position != _RANKED.c.position,
        sa.or_(_RANKED.c.first <= _LIMIT, _RANKED.c.last <= _LIMIT),
    )
    .order_by(_MINE.c.position, _RANKED.c.position)
)
_TRUST = sa.select(TRUST.c.position).where(TRUST.c.position <= KNOWN).order_by(TRUST.c.position)


def of_files(
    connection: sa.Connection, files: Collection[Digest], prefix: Prefix, *, limit: int
) -> Sequence[int]:
    """See `domain.ports.EvidenceIndex.evidence_of`."""
    named = sorted(bytes.fromhex(file.hex) for file in files)
    asked = {"files": named, "known": prefix.position, "most": limit}
    return connection.scalars(_OF_FILES, asked).all()


def about(connection: sa.Connection, artifact: SubjectDigest, prefix: Prefix, *, limit: int) -> Sequence[int]:
    """See `domain.ports.EvidenceIndex.evidence_about`."""
    asked = {"asked": bytes.fromhex(artifact.hex), "known": prefix.position, "most": limit}
    return connection.scalars(_ABOUT, asked).all()


def provenance_about(
    connection: sa.Connection, artifact: SubjectDigest, expected: Expectations, prefix: Prefix, *, limit: int
) -> Sequence[int]:
    """See `domain.ports.EvidenceIndex.provenance_about`."""
    proven = {
        "source": None if expected.source is None else repository(expected.source),
        "owner_id": expected.owner_id,
        "repository_id": expected.repository_id,
        "identity": expected.identity,
        "issuer": expected.issuer,
    }
    asked = [PROVENANCE.c[name] == text(value) for name, value in proven.items() if value is not None]
    pieces = _PROVENANCE.where(*asked).subquery()
    first = sa.select(pieces.c.position).where(pieces.c.place == 1).order_by(pieces.c.position.desc())
    named = {"asked": bytes.fromhex(artifact.hex), "known": prefix.position, "most": limit}
    return connection.scalars(first.limit(_LIMIT), named).all()


def copies_of(
    connection: sa.Connection,
    artifact: SubjectDigest,
    positions: Collection[int],
    prefix: Prefix,
    *,
    limit: int,
) -> Sequence[tuple[int, int]]:
    """See `domain.ports.EvidenceIndex.copies_of`."""
    asked = {"asked": bytes.fromhex(artifact.hex), "places": sorted(positions), "known": prefix.position}
    return [(one, other) for one, other in connection.execute(_COPIES, {**asked, "most": limit})]


def admitted(
    connection: sa.Connection, prefix: Prefix, *, after: Digest | None, limit: int
) -> Sequence[Digest]:
    """See `domain.ports.EvidenceIndex.admitted`."""
    start = b"" if after is None else bytes.fromhex(after.hex)
    found = connection.scalars(_ADMITTED, {"asked": start, "known": prefix.position, "most": limit})
    return [Digest(f"sha256:{bytes(digest).hex()}") for digest in found]


def trust_events(connection: sa.Connection, prefix: Prefix) -> Sequence[int]:
    """See `domain.ports.EvidenceIndex.trust_events`."""
    return connection.scalars(_TRUST, {"known": prefix.position}).all()
