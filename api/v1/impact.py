"""Ask what follows when a signer is not trusted from an instant on, whether that is recorded or not."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.fields import Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, PageQuery, head, opened, pinned, sealed
from api.v1.shapes import LedgerShape, ReleaseName, closed, shown
from api.v1.values import ArtifactDigest, ContentDigest, Line
from domain.errors import BrokenLedger, ContradictoryReport, UnknownEvent
from domain.placement import Placement, RanRelease
from domain.queries.impact_of import Affected, AffectedArtifact, impact_of
from domain.queries.then_and_now import Counted
from domain.suspect import Suspect


class ImpactQuery(PageQuery):
    """`identity` of certificates, with `issuer` if it has several, or `key`, a fingerprint; and `from`."""

    identity: Line | None = None
    issuer: Line | None = None
    key: ContentDigest | None = None
    since: Annotated[Instant, Field(alias="from")]


@closed
class CountedShape(TypedDict):
    """Whether a verification counts, and if not, why."""

    counts: bool
    why: str | None


@closed
class AffectedShape(TypedDict):
    """A verification of what the signer signed at that instant or later, or cannot prove to have before."""

    position: int
    recorded_at: Instant
    evidence: ContentDigest
    place: int
    predicate_type: str | None
    signer: ContentDigest
    signed_at: Instant | None
    """The earliest instant at which somebody else saw the signature; null when nobody did."""
    artifacts: list[ArtifactDigest]
    then: CountedShape | None
    """As known just before the signer was distrusted, or else now; null when it was recorded later."""
    now: CountedShape
    """With the signer distrusted."""


@closed
class WentShape(TypedDict):
    """A release with the artifact."""

    service: str
    environment: str
    release: ReleaseName
    position: int


@closed
class IntervalShape(TypedDict):
    """When a slot ran a release with the artifact; `until` null: no end is known."""

    service: str
    environment: str
    slot: str
    release: ReleaseName
    since: Instant
    until: Instant | None
    change: int
    position: int


@closed
class AffectedArtifactShape(TypedDict):
    """One artifact, how many verifications that speak of it counted `then` and count `now`, where it went."""

    digest: ArtifactDigest
    then: int
    now: int
    releases: list[WentShape]
    intervals: list[IntervalShape]


class ImpactShape(Output):
    """Verifications of what the signer signed, newest first, and the artifacts that this page speaks of.

    An artifact may stand on two pages, and says the same on both.
    """

    identity: str | None
    issuer: str | None
    key: ContentDigest | None
    since: Annotated[Instant, Field(serialization_alias="from")]
    ledger: LedgerShape
    distrusted: int | None
    """Position at which the signer was first distrusted; null when that is not recorded."""
    verifications: list[AffectedShape]
    artifacts: list[AffectedArtifactShape]
    truncated: bool
    """Whether older verifications, releases or intervals of these artifacts are left out."""
    next: str | None


@operation(
    "GET",
    "/v1/trust/impact",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, ContradictoryReport, ForeignCursor, UnknownEvent, BrokenLedger),
    tag="ask",
)
def trust_impact(*, query: ImpactQuery, services: Services) -> Reply[ImpactShape]:
    """Tell what is affected when a signer is not trusted: verifications, artifacts, releases, intervals.

    Nothing is recorded: ask before distrusting a signer, and again at any time after.
    """
    name = "trust_impact"
    known_at, place = opened(query, operation=name, services=services)
    suspect = Suspect(identity=query.identity, issuer=query.issuer, key=query.key, since=query.since)
    found = impact_of(
        suspect,
        known_at,
        below=int(place["below"]) if place else None,
        limit=query.limit,
        ledger=services.ledger,
        index=services.evidence.index,
        impact=services.evidence.impact,
    )
    following: dict[str, int | str] | None = None if found.following is None else {"below": found.following}
    shape = ImpactShape(
        identity=query.identity,
        issuer=query.issuer,
        key=query.key,
        since=query.since,
        ledger=LedgerShape.of(found.prefix),
        distrusted=found.distrusted,
        verifications=[_affected(each) for each in found.affected],
        artifacts=[_artifact(each) for each in found.artifacts],
        truncated=found.truncated,
        next=sealed(query, following, found.prefix, operation=name, services=services),
    )
    return Reply(shape, head=head(found.prefix), settled=pinned(query, found.prefix))


def _affected(affected: Affected) -> AffectedShape:
    event = affected.verification
    return {
        "position": affected.recorded.position,
        "recorded_at": affected.recorded.recorded_at,
        "evidence": event.evidence,
        "place": event.place,
        "predicate_type": event.predicate_type,
        "signer": event.signer.fingerprint,
        "signed_at": event.times[0].instant if event.times else None,
        "artifacts": list(affected.artifacts),
        "then": shown(affected.judged.then, _counted),
        "now": _counted(affected.judged.now),
    }


def _counted(counted: Counted) -> CountedShape:
    return {"counts": counted.counts, "why": counted.why}


def _artifact(affected: AffectedArtifact) -> AffectedArtifactShape:
    return {
        "digest": affected.artifact,
        "then": affected.then,
        "now": affected.now,
        "releases": [_went(each) for each in affected.releases],
        "intervals": [_interval(each) for each in affected.intervals],
    }


def _went(release: RanRelease) -> WentShape:
    return {
        "service": release.target.service,
        "environment": release.target.environment,
        "release": {"number": release.number, "digest": release.digest},
        "position": release.position,
    }


def _interval(place: Placement) -> IntervalShape:
    assert place.release is not None, "only what ran is affected"
    return {
        "service": place.target.service,
        "environment": place.target.environment,
        "slot": place.slot,
        "release": {"number": place.release.number, "digest": place.release.digest},
        "since": place.since,
        "until": place.until,
        "change": place.cause.change,
        "position": place.cause.position,
    }


OPERATIONS = (trust_impact,)
