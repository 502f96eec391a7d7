"""From a signer to what it signed, and from artifacts to where they ran: each by an index, newest first."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels import evidence, releases
from adapters.readmodels.evidence_tables import SUBJECT, VERIFICATION
from adapters.readmodels.releases import RELEASES
from adapters.readmodels.tables import ARTIFACT, PLACEMENT, RELEASE, SLOT
from adapters.readmodels.timeline import PAGE, answers, pairs
from adapters.readmodels.visible import FOREVER, KNOWN, holds
from domain.digest import Digest
from domain.instant import micros
from domain.placement import Placement, RanRelease
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest
from domain.suspect import Suspect

_SINCE: sa.BindParameter[int] = sa.bindparam("since", type_=BIGINT)
_BELOW: sa.BindParameter[int] = sa.bindparam("below", type_=BIGINT)
_DIGESTS: sa.BindParameter[bytes] = sa.bindparam("digests", expanding=True, type_=sa.LargeBinary)

_SIGNED = (
    sa.select(VERIFICATION.c.position)
    .where(
        VERIFICATION.c.position <= KNOWN,
        VERIFICATION.c.position < _BELOW,
        sa.or_(VERIFICATION.c.signed_at.is_(None), VERIFICATION.c.signed_at >= _SINCE),
    )
    .order_by(VERIFICATION.c.position.desc())
    .limit(PAGE)
)
_BY_KEY = _SIGNED.where(VERIFICATION.c.signer == sa.bindparam("key", type_=sa.LargeBinary))
_BY_IDENTITY = _SIGNED.where(VERIFICATION.c.identity == sa.bindparam("identity", type_=sa.Text))
_BY_BOTH = _BY_IDENTITY.where(VERIFICATION.c.issuer == sa.bindparam("issuer", type_=sa.Text))

_SPOKEN = (
    sa.select(SUBJECT.c.position)
    .where(SUBJECT.c.digest.in_(_DIGESTS), SUBJECT.c.position <= KNOWN)
    .distinct()
    .order_by(SUBJECT.c.position.desc())
    .limit(PAGE)
)
_BUILDS = sa.select(ARTIFACT.c.build_id).where(ARTIFACT.c.digest.in_(_DIGESTS), ARTIFACT.c.build_id <= KNOWN)
_RELEASED = RELEASES.where(RELEASE.c.build_id.in_(_BUILDS)).order_by(RELEASE.c.position.desc()).limit(PAGE)
_RAN = (
    sa.select(PLACEMENT.c.valid_from, PLACEMENT.c.position)
    .select_from(
        RELEASE.join(SLOT, SLOT.c.target_id == RELEASE.c.target_id).join(
            PLACEMENT,
            sa.and_(PLACEMENT.c.slot_id == SLOT.c.id, PLACEMENT.c.release == RELEASE.c.number),
        )
    )
    .where(
        RELEASE.c.build_id.in_(_BUILDS),
        holds(PLACEMENT.c.position, PLACEMENT.c.slot_id, PLACEMENT.c.valid_from),
    )
    .order_by(PLACEMENT.c.valid_from.desc(), PLACEMENT.c.position.desc())
    .limit(PAGE)
)


def signed_by(
    connection: sa.Connection, suspect: Suspect, prefix: Prefix, *, below: int | None, limit: int
) -> Sequence[int]:
    """See `domain.impact_port.ImpactIndex.signed_by`."""
    asked: dict[str, Any] = {
        "known": prefix.position,
        "below": FOREVER if below is None else below,
        "since": micros(suspect.since),
        "page": limit,
    }
    if suspect.key is not None:
        return connection.scalars(_BY_KEY, {**asked, "key": _raw(suspect.key)}).all()
    asked["identity"] = evidence.text(suspect.identity)
    if suspect.issuer is None:
        return connection.scalars(_BY_IDENTITY, asked).all()
    return connection.scalars(_BY_BOTH, {**asked, "issuer": evidence.text(suspect.issuer)}).all()


def spoken_of(
    connection: sa.Connection, artifacts: Collection[SubjectDigest], prefix: Prefix, *, limit: int
) -> Sequence[int]:
    """See `domain.impact_port.ImpactIndex.spoken_of`."""
    return connection.scalars(_SPOKEN, _asked(artifacts, prefix, limit)).all()


def released_with(
    connection: sa.Connection, artifacts: Collection[Digest], prefix: Prefix, *, limit: int
) -> Sequence[RanRelease]:
    """See `domain.impact_port.ImpactIndex.released_with`."""
    found = connection.execute(_RELEASED, _asked(artifacts, prefix, limit))
    return [releases.made(row) for row in found]


def ran_with(
    connection: sa.Connection, artifacts: Collection[Digest], prefix: Prefix, *, limit: int
) -> Sequence[Placement]:
    """See `domain.impact_port.ImpactIndex.ran_with`."""
    found = pairs(connection, _RAN, _asked(artifacts, prefix, limit))
    return answers(connection, found, prefix)


def _asked(artifacts: Collection[Digest] | Collection[SubjectDigest], prefix: Prefix, limit: int) -> Any:
    digests = sorted(map(_raw, artifacts))
    return {"digests": digests, "known": prefix.position, "page": limit}


def _raw(digest: Digest | SubjectDigest) -> bytes:
    return bytes.fromhex(digest.hex)
