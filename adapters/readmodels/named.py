"""What a name stands for: a digest, a commit, a build or a release, in full or shortened."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.readmodels import shortened
from adapters.readmodels.releases import RELEASES, made, release
from adapters.readmodels.tables import ARTIFACT, BUILD, CHANGE, CONFIG, RELEASE, SLOT
from adapters.readmodels.visible import KNOWN
from domain.errors import NothingFound, UnknownRelease
from domain.placement import RanRelease
from domain.ports import Named
from domain.prefix import Prefix

_DIGEST = re.compile(r"sha256:([0-9a-f]{7,64})", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_RELEASE = re.compile(r"([a-z0-9._-]+)@([a-z0-9._-]+)#([0-9]{1,18})", re.ASCII)

_BUILDS = sa.select(BUILD.c.service, BUILD.c.name, BUILD.c.id).where(BUILD.c.id <= KNOWN).order_by(BUILD.c.id)
_IN_ORDER = RELEASES.order_by(RELEASE.c.position)
_DECLARED = (
    sa.select(SLOT.c.target_id, CHANGE.c.release)
    .join(SLOT, SLOT.c.id == CHANGE.c.slot_id)
    .where(shortened.STANDING, CHANGE.c.release.is_not(None))
)


def named(connection: sa.Connection, name: str, prefix: Prefix) -> Named:
    """See `domain.ports.Placements.named`."""
    known = prefix.position
    if (digest := _DIGEST.fullmatch(name)) is not None:
        return _digest(connection, digest[1], known)
    if (whole := _RELEASE.fullmatch(name)) is not None:
        return _release(connection, name, whole, prefix)
    if "/" in name:
        return _build(connection, name, known)
    if _COMMIT.fullmatch(name) is not None:
        return _commit(connection, shortened.commit(connection, name, known), known)
    raise NothingFound(
        f"nothing goes by {name[:220]!r}: expected sha256: and at least 7 hex digits, at least 7"
        " of a commit, service/build, or service@environment#number"
    )


def _digest(connection: sa.Connection, digits: str, known: int) -> Named:
    kind, raw = shortened.digest(connection, digits, known)
    return _OF_KIND[kind](connection, kind, raw, known)


def _artifact(connection: sa.Connection, kind: str, raw: bytes, known: int) -> Named:
    makers = sa.select(ARTIFACT.c.build_id).where(ARTIFACT.c.digest == raw)
    builds = _builds(connection, BUILD.c.id.in_(makers), known)
    releases = _releases(connection, RELEASE.c.build_id.in_(makers), known)
    return Named(kind, f"sha256:{raw.hex()}", builds, releases)


def _config(connection: sa.Connection, kind: str, raw: bytes, known: int) -> Named:
    place = sa.tuple_(RELEASE.c.target_id, RELEASE.c.config_number)
    meant = sa.select(CONFIG.c.target_id, CONFIG.c.number).where(CONFIG.c.digest == raw)
    releases = _releases(connection, place.in_(meant), known)
    return Named(kind, f"sha256:{raw.hex()}", (), releases)


def _release_digest(connection: sa.Connection, kind: str, raw: bytes, known: int) -> Named:
    releases = _releases(connection, RELEASE.c.digest == raw, known)
    return Named(kind, f"sha256:{raw.hex()}", _builds_of(connection, releases, known), releases)


_OF_KIND: dict[str, Callable[[sa.Connection, str, bytes, int], Named]] = {
    "artifact": _artifact,
    "config": _config,
    "release": _release_digest,
}


def _commit(connection: sa.Connection, commit: str, known: int) -> Named:
    """Return what was built from *commit*, and what it declared to run."""
    declared = _DECLARED.where(CHANGE.c.commit == commit)
    place = sa.tuple_(RELEASE.c.target_id, RELEASE.c.number)
    meant = {
        each.position: each
        for condition in (BUILD.c.commit == commit, place.in_(declared))
        for each in _releases(connection, condition, known)
    }
    releases = tuple(meant[position] for position in sorted(meant))
    built = _builds(connection, BUILD.c.commit == commit, known)
    implied = _builds_of(connection, releases, known)
    builds = sorted({*built, *implied}, key=lambda build: build[2])
    return Named("commit", commit, tuple(builds), releases)


def _build(connection: sa.Connection, name: str, known: int) -> Named:
    service, _, build = name.partition("/")
    same = sa.and_(BUILD.c.service == service, BUILD.c.name == build)
    builds = _builds(connection, same, known)
    if not builds:
        raise NothingFound(f"no build {build[:220]!r} of {service[:120]!r} is recorded")
    return Named("build", name, builds, _releases(connection, same, known))


def _release(connection: sa.Connection, name: str, whole: re.Match[str], prefix: Prefix) -> Named:
    service, environment, number = whole.groups()
    try:
        found = release(connection, service, environment, int(number), prefix)
    except UnknownRelease as unknown:
        raise NothingFound(str(unknown)) from unknown
    builds = _builds_of(connection, (found,), prefix.position)
    return Named("release", name, builds, (found,))


def _releases(
    connection: sa.Connection, condition: sa.ColumnElement[bool], known: int
) -> tuple[RanRelease, ...]:
    found = connection.execute(_IN_ORDER.where(condition), {"known": known})
    return tuple(made(row) for row in found)


def _builds(
    connection: sa.Connection, condition: sa.ColumnElement[bool], known: int
) -> tuple[tuple[str, str, int], ...]:
    found = connection.execute(_BUILDS.where(condition), {"known": known})
    return tuple((service, name, position) for service, name, position in found)


def _builds_of(
    connection: sa.Connection, releases: Sequence[RanRelease], known: int
) -> tuple[tuple[str, str, int], ...]:
    if not releases:
        return ()
    place: Any = sa.tuple_(BUILD.c.service, BUILD.c.name, BUILD.c.identity)
    keys = {(each.target.service, each.build.name, each.build.identity.value) for each in releases}
    return _builds(connection, place.in_(sorted(keys)), known)
