"""Ask what is inside an artifact, and where and when a component ran."""

from typing import Annotated

from api.fields import Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, PageQuery, SpanQuery, head, opened, pinned, sealed
from api.v1.component_shapes import (
    ComponentShape,
    ContainingShape,
    ReadShape,
    SbomShape,
    UnlistedShape,
    UnreadableShape,
    component_shape,
    containing_shape,
    spelled,
    unlisted_shape,
)
from api.v1.shapes import LedgerShape, UnknownShape
from api.v1.values import ArtifactDigest, ContentDigest, Environment, line
from domain import instant
from domain.errors import BrokenLedger, UnclearComponent, UnknownEnvironment, UnknownEvent
from domain.ports import Page
from domain.queries.components_of import components_of
from domain.queries.where_contained import where_contained
from domain.sbom_port import Window


class ComponentQuery(SpanQuery):
    """`purl`: a component, in whatever version, in one, or in a range; or `name:` of one without a purl.

    `pkg:pypi/jinja2`, `pkg:pypi/jinja2@3.1.2`, `pkg:pypi/jinja2@>=3,<3.1.3` or
    `pkg:pypi/jinja2@vers:pypi/>=3|<3.1.3`. Intervals that overlap [`from`, `to`), newest first.
    """

    purl: Annotated[str, line("component", example="pkg:pypi/jinja2@3.1.2")]
    environment: Environment | None = None


class ComponentRanShape(Output):
    """Intervals in which a running release contained the component; `next` is the cursor that goes on.

    `unlisted` has what ran in the same time without a verified SBOM: what was inside, nobody can tell. It is
    told on the first page, with what runs at the end of the time before all else. `unknown` is when nobody
    reported on the environment asked about, or else on those of this page, from `from` or the first interval
    there up to `as_of`: `to`, or now, or what `known_at` says. It may stand on several pages; it cuts no
    interval.
    """

    package: str
    listed: bool
    """Whether any SBOM lists the package, in whatever version; if none does, look at the spelling."""
    as_of: Instant
    ledger: LedgerShape
    intervals: list[ContainingShape]
    unplaced: list[str]
    """Known components of the package, 100 at most, of which nobody can say whether they are in the range."""
    unlisted: list[UnlistedShape]
    unlisted_truncated: bool
    """Whether there is more of that, or may be: there was too much to look at."""
    unknown: list[UnknownShape]
    unknown_truncated: bool
    """Whether more is unknown than these, or may be."""
    next: str | None


@operation(
    "GET",
    "/v1/components",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnclearComponent, UnknownEnvironment, ForeignCursor),
    tag="ask",
)
def component_ran(*, query: ComponentQuery, services: Services) -> Reply[ComponentRanShape]:
    """Tell where and when what ran contained a component, and of what nobody can tell."""
    name = "component_ran"
    known_at, place = opened(query, operation=name, services=services)
    answer = where_contained(
        query.purl,
        Window(query.environment, query.start, query.end),
        known_at,
        after=Page(instant.from_micros(int(place["since"])), int(place["after"])) if place else None,
        until=instant.from_micros(int(place["until"])) if place else None,
        limit=query.limit,
        ledger=services.ledger,
        placements=services.placements,
        index=services.evidence.components,
        reader=services.evidence.sboms,
    )
    more = answer.following
    following: dict[str, int | str] | None = None
    if more is not None:
        until = instant.micros(answer.unreported.until)
        following = {"since": instant.micros(more.since), "after": more.position, "until": until}
    shape = ComponentRanShape(
        package=answer.package,
        listed=answer.meant.listed,
        as_of=answer.unreported.until,
        ledger=LedgerShape.of(answer.prefix),
        intervals=[containing_shape(each) for each in answer.intervals],
        unplaced=[spelled(each) for each in answer.meant.unplaced],
        unlisted=[unlisted_shape(each) for each in answer.unlisted],
        unlisted_truncated=answer.truncated,
        unknown=[UnknownShape.of(each) for each in answer.unreported.unknown],
        unknown_truncated=answer.unreported.truncated,
        next=sealed(query, following, answer.prefix, operation=name, services=services),
    )
    return Reply(shape, head=head(answer.prefix), settled=pinned(query, answer.prefix))


class InsideQuery(PageQuery):
    """`evidence`: the file of the SBOM to read; default: the newest verified, else the newest claimed one."""

    evidence: ContentDigest | None = None


class InsideShape(Output):
    """What one SBOM lists, and which there are; `next` is the cursor that goes on.

    Without `read`, no SBOM of the artifact can be read, and what is inside is unknown.
    """

    artifact: ArtifactDigest
    ledger: LedgerShape
    sboms: list[SbomShape]
    """Those that were verified first, of each kind the newest first."""
    sboms_truncated: bool
    read: ReadShape | None
    unreadable: list[UnreadableShape]
    """Those that would have been read before it."""
    components: list[ComponentShape]
    next: str | None


@operation(
    "GET",
    "/v1/artifacts/<digest>/components",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEvent, BrokenLedger, ForeignCursor),
    tag="ask",
)
def artifact_components(
    *, digest: ArtifactDigest, query: InsideQuery, services: Services
) -> Reply[InsideShape]:
    """List the components of an artifact, by an SBOM about it, in the order of the document."""
    name = f"artifact_components {digest}"
    known_at, place = opened(query, operation=name, services=services)
    answer = components_of(
        digest,
        known_at,
        evidence=query.evidence,
        ledger=services.ledger,
        index=services.evidence.index,
        reader=services.evidence.sboms,
    )
    found = answer.sbom.components if answer.sbom is not None else ()
    start = int(place.get("after", 0))
    end = start + query.limit
    following: dict[str, int | str] | None = {"after": end} if end < len(found) else None
    read = None if answer.chosen is None or answer.sbom is None else ReadShape.of(answer.chosen, answer.sbom)
    shape = InsideShape(
        artifact=digest,
        ledger=LedgerShape.of(answer.prefix),
        sboms=[SbomShape.of(each) for each in answer.sboms],
        sboms_truncated=answer.truncated,
        read=read,
        unreadable=[UnreadableShape.of(each) for each in answer.unreadable],
        components=[component_shape(each) for each in found[start:end]],
        next=sealed(query, following, answer.prefix, operation=name, services=services),
    )
    return Reply(shape, head=head(answer.prefix))


OPERATIONS = (component_ran, artifact_components)
