"""The answers to what ran with a component: placements, with the SBOMs they rest on or what they lack."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from adapters.database import many
from adapters.database.metadata import BIGINT
from adapters.readmodels import containing, timeline
from adapters.readmodels.component_tables import BUILD_SBOM, COMPONENT, RUN, SBOM, SBOM_ABOUT
from adapters.readmodels.containing import Found, Walk
from adapters.readmodels.visible import FOREVER, KNOWN, clamped
from domain.component import Coordinates
from domain.digest import Digest
from domain.instant import LATEST, micros
from domain.placement import Placement
from domain.ports import Page
from domain.prefix import Prefix
from domain.sbom_port import Contained, Lacking, LackingArtifact, Listing, Meant, Unlisted, Wanted, Window

LISTINGS_MAX = 20
"""How many listings are told of one interval."""
LACKING_MAX = 20
"""How many artifacts without an SBOM are told of one interval."""

_BUILDS: sa.BindParameter[int] = sa.bindparam("builds", expanding=True, type_=BIGINT)
_LISTINGS = (
    sa.select(
        BUILD_SBOM.c.build_id,
        BUILD_SBOM.c.verified,
        BUILD_SBOM.c.artifact,
        SBOM.c.evidence,
        COMPONENT.c.package,
        COMPONENT.c.version,
        COMPONENT.c.qualifiers,
    )
    .select_from(
        BUILD_SBOM.join(
            RUN,
            sa.and_(
                RUN.c.series_id == BUILD_SBOM.c.series_id,
                RUN.c.first <= BUILD_SBOM.c.number,
                RUN.c.last >= BUILD_SBOM.c.number,
            ),
        )
        .join(SBOM, sa.and_(SBOM.c.series_id == BUILD_SBOM.c.series_id, SBOM.c.number == BUILD_SBOM.c.number))
        .join(COMPONENT, COMPONENT.c.id == RUN.c.component_id)
    )
    .where(
        BUILD_SBOM.c.build_id.in_(_BUILDS),
        BUILD_SBOM.c.position <= KNOWN,
        RUN.c.component_id.in_(sa.bindparam("components", expanding=True, type_=BIGINT)),
    )
)
_LISTED = sa.select(BUILD_SBOM.c.build_id, BUILD_SBOM.c.artifact, BUILD_SBOM.c.verified).where(
    BUILD_SBOM.c.build_id.in_(_BUILDS), BUILD_SBOM.c.position <= KNOWN
)
_ABOUT = sa.select(SBOM_ABOUT.c.artifact, SBOM_ABOUT.c.position).where(many.one_of(SBOM_ABOUT.c.artifact))


def meant(connection: sa.Connection, wanted: Wanted, prefix: Prefix) -> Meant:
    """See `domain.sbom_port.ComponentIndex.meant`."""
    found, listed, unplaced = containing.meant(connection, wanted.package, wanted.means, prefix.position)
    return Meant(tuple(found), listed, tuple(unplaced))


def contained(
    connection: sa.Connection,
    components: Sequence[int],
    window: Window,
    prefix: Prefix,
    *,
    after: Page | None,
    limit: int,
) -> Sequence[Contained]:
    """See `domain.sbom_port.ComponentIndex.containing`."""
    found = containing.containing(connection, components, _walk(window, prefix, after), limit=limit)
    if not found:
        return []
    builds = sorted({each.build_id for each in found})
    asked = {"builds": builds, "components": list(components), "known": prefix.position}
    listings: defaultdict[int, set[Listing]] = defaultdict(set)
    for build, verified, artifact, evidence, *coordinates in connection.execute(_LISTINGS, asked):
        listing = Listing(not verified, Coordinates(*coordinates), _digest(artifact), _digest(evidence))
        listings[build].add(listing)
    shown = {build: tuple(sorted(told)[:LISTINGS_MAX]) for build, told in listings.items()}
    placements = _placements(connection, found, prefix)
    return [Contained(place, shown[each.build_id]) for each, place in zip(found, placements, strict=True)]


def unlisted(
    connection: sa.Connection, window: Window, prefix: Prefix, *, limit: int
) -> tuple[Sequence[Unlisted], bool]:
    """See `domain.sbom_port.ComponentIndex.unlisted`."""
    found, truncated = containing.unlisted(connection, _walk(window, prefix, None), limit=limit)
    if not found:
        return [], truncated
    placements = _placements(connection, found, prefix)
    standing = _standing(connection, found, placements, prefix)
    together = zip(found, placements, strict=True)
    return [Unlisted(place, _lacking(each, place, standing)) for each, place in together], truncated


def _walk(window: Window, prefix: Prefix, after: Page | None) -> Walk:
    """Return where to look; nothing in *prefix* claims to be later than its clamp."""
    return Walk(
        low=0 if window.start is None else micros(window.start),
        high=min(FOREVER if window.end is None else micros(window.end), clamped(LATEST, prefix) + 1),
        known=prefix.position,
        environment=window.environment,
        after=(FOREVER, FOREVER) if after is None else (micros(after.since), after.position),
    )


def _placements(connection: sa.Connection, found: Iterable[Found], prefix: Prefix) -> Sequence[Placement]:
    return timeline.answers(connection, [(each.since, each.position) for each in found], prefix)


def _standing(
    connection: sa.Connection, found: Sequence[Found], placements: Sequence[Placement], prefix: Prefix
) -> Mapping[tuple[int, str], Lacking | None]:
    """Return how it stands with each artifact of each build, by the hex of its digest.

    None where a verified SBOM speaks of it; those of which nothing was handed in are left out.
    """
    builds = {each.build_id: place for each, place in zip(found, placements, strict=True)}
    digests = {
        build: {artifact.digest.hex for artifact in place.release.build.artifacts}
        for build, place in builds.items()
        if place.release is not None
    }
    wanted = sorted({bytes.fromhex(hex_) for made in digests.values() for hex_ in made})
    about = many.rows(connection, _ABOUT, ((raw,) for raw in wanted)) if wanted else ()
    handed_in = {bytes(raw).hex() for raw, position in about if position <= prefix.position}
    asked = {"builds": sorted(builds), "known": prefix.position}
    standing: dict[tuple[int, str], Lacking | None] = {
        (build, hex_): Lacking.UNREADABLE for build, made in digests.items() for hex_ in made & handed_in
    }
    for build, artifact, verified in connection.execute(_LISTED.order_by(BUILD_SBOM.c.verified), asked):
        standing[build, bytes(artifact).hex()] = None if verified else Lacking.CLAIMED
    return standing


def _lacking(
    found: Found, place: Placement, standing: Mapping[tuple[int, str], Lacking | None]
) -> tuple[LackingArtifact, ...]:
    made = () if place.release is None else place.release.build.artifacts
    told = ((each, standing.get((found.build_id, each.digest.hex), Lacking.NONE)) for each in made)
    lacking = [LackingArtifact(each.name, each.digest, why) for each, why in told if why is not None]
    return tuple(lacking[:LACKING_MAX])


def _digest(raw: bytes) -> Digest:
    return Digest(f"sha256:{bytes(raw).hex()}")
