"""Ask about releases: those of a target, and one by its number."""

from api.fields import Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, PageQuery, head, known, opened, pinned, sealed
from api.v1.shapes import LedgerShape, ReleaseShape
from api.v1.values import Number, TargetName
from domain.errors import UnknownEnvironment, UnknownRelease, UnknownService
from domain.ports import Scope
from domain.queries.asking import check_known


class ReleasesShape(Output):
    """Releases of a target, highest number first; numbers have no gaps."""

    target: str
    ledger: LedgerShape
    releases: list[ReleaseShape]
    next: str | None


@operation(
    "GET",
    "/v1/targets/<target>/releases",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownService, UnknownEnvironment, ForeignCursor),
    tag="ask",
)
def target_releases(*, target: TargetName, query: PageQuery, services: Services) -> Reply[ReleasesShape]:
    """List every release of a target, `service@environment`."""
    name = "target_releases"
    known_at, place = opened(query, operation=name, services=services)
    prefix = services.ledger.prefix(known_at)
    check_known(Scope(target.environment, target.service), prefix, services.placements)
    found = services.placements.releases(
        target.service,
        target.environment,
        prefix,
        below=int(place["below"]) if place else None,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    following: dict[str, int | str] | None = {"below": page[-1].number} if len(found) > query.limit else None
    shape = ReleasesShape(
        target=str(target),
        ledger=LedgerShape.of(prefix),
        releases=[ReleaseShape.of(release) for release in page],
        next=sealed(query, following, prefix, operation=name, services=services),
    )
    return Reply(shape, head=head(prefix), settled=pinned(query, prefix))


class OneReleaseShape(Output):
    """One release."""

    ledger: LedgerShape
    release: ReleaseShape


@operation(
    "GET",
    "/v1/targets/<target>/releases/<int:number>",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownRelease),
    tag="ask",
)
def target_release(
    *, target: TargetName, number: Number, query: KnownQuery, services: Services
) -> Reply[OneReleaseShape]:
    """Show one release of a target, by its number."""
    prefix = services.ledger.prefix(known(query))
    release = services.placements.release(target.service, target.environment, number, prefix)
    shape = OneReleaseShape(ledger=LedgerShape.of(prefix), release=ReleaseShape.of(release))
    return Reply(shape, head=head(prefix), settled=pinned(query, prefix))


OPERATIONS = (target_releases, target_release)
