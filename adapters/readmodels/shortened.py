"""The one digest or commit that a shortened name fits, by a range of an index."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adapters.readmodels.tables import ARTIFACT, BUILD, CHANGE, CONFIG, RELEASE
from adapters.readmodels.visible import KNOWN
from domain.errors import AmbiguousName, NothingFound

CANDIDATES_MAX = 5
"""How many of the things that a shortened name fits a refusal lists."""

STANDING = sa.and_(
    CHANGE.c.position <= KNOWN,
    sa.or_(CHANGE.c.withdrawn_by.is_(None), CHANGE.c.withdrawn_by > KNOWN),
)
"""Which changes the prefix knows, and nothing in it withdraws."""


def _range(
    column: sa.Column[Any], seen: sa.ColumnElement[bool], kind: type[sa.types.TypeEngine[Any]]
) -> sa.Select[Any]:
    low: sa.BindParameter[Any] = sa.bindparam("low", type_=kind)
    high: sa.BindParameter[Any] = sa.bindparam("high", type_=kind)
    fits = sa.select(column).distinct().where(column >= low, column <= high, seen)
    return fits.order_by(column).limit(CANDIDATES_MAX + 1)


_DIGESTS = {
    "artifact": _range(ARTIFACT.c.digest, ARTIFACT.c.build_id <= KNOWN, sa.LargeBinary),
    "config": _range(CONFIG.c.digest, CONFIG.c.position <= KNOWN, sa.LargeBinary),
    "release": _range(RELEASE.c.digest, RELEASE.c.position <= KNOWN, sa.LargeBinary),
}
_COMMITS = (
    _range(BUILD.c.commit, BUILD.c.id <= KNOWN, sa.Text),
    _range(CHANGE.c.commit, STANDING, sa.Text),
)


def digest(connection: sa.Connection, digits: str, known: int) -> tuple[str, bytes]:
    """Return what kind of digest starts with *digits*, and all of it.

    Raises `NothingFound`, and `AmbiguousName` when several start like that.
    """
    asked = {
        "low": bytes.fromhex(digits.ljust(64, "0")),
        "high": bytes.fromhex(digits.ljust(64, "f")),
        "known": known,
    }
    found: dict[bytes, str] = {}
    for kind, query in _DIGESTS.items():
        for raw in connection.scalars(query, asked):
            found.setdefault(bytes(raw), kind)
    _check_one(f"sha256:{digits}", [f"sha256:{raw.hex()}" for raw in sorted(found)])
    ((raw, kind),) = found.items()
    return kind, raw


def commit(connection: sa.Connection, digits: str, known: int) -> str:
    """Return the commit that starts with *digits*; raises as `digest` does."""
    # `g` follows every hex digit, in every collation.
    asked = {"low": digits, "high": f"{digits}g", "known": known}
    found = {each for query in _COMMITS for each in connection.scalars(query, asked)}
    if digits in found:
        return digits
    _check_one(digits, sorted(found))
    return str(found.pop())


def _check_one(name: str, found: Sequence[str]) -> None:
    if not found:
        raise NothingFound(f"nothing recorded goes by {name}")
    if len(found) > 1:
        some = ", ".join(found[:CANDIDATES_MAX])
        more = " and more" if len(found) > CANDIDATES_MAX else ""
        raise AmbiguousName(f"{name} fits {some}{more}: give more digits")
