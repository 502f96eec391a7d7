"""Answers: what the ledger knows, as JSON shows it.

What comes in thousands is a `TypedDict`: a tenth of the time of a model, and described the same.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from api.fields import Instant, Output
from api.v1.values import ContentDigest
from domain import placement as facts
from domain.actor import Actor
from domain.coverage import Unknown
from domain.placement import Kind, Sighting
from domain.ports import Receipt
from domain.prefix import Prefix
from domain.release import Identity

closed = with_config(ConfigDict(extra="forbid"))
"""Describes a dict that has no other members, as `Output` does of a model."""

T = TypeVar("T")
S = TypeVar("S")


def shown(value: T | None, show: Callable[[T], S]) -> S | None:
    """Show *value*, unless there is none."""
    return None if value is None else show(value)


class LedgerShape(Output):
    """The prefix an answer was computed from; ask again with `position:N` for the same bytes."""

    position: Annotated[int, Field(ge=0)]
    known_at: Instant | None
    """When the event at that position was recorded; null for an empty ledger."""
    digest: ContentDigest | None
    """Digest of the event at that position."""

    @classmethod
    def of(cls, prefix: Prefix) -> "LedgerShape":
        """Show *prefix*."""
        known = prefix.recorded_at if prefix.position else None
        return cls(position=prefix.position, known_at=known, digest=prefix.digest)


@closed
class ActorShape(TypedDict):
    """Who did it, and how much that is worth."""

    kind: str
    issuer: str
    subject: str


class RecordedShape(Output):
    """Where a report landed. `existing`: it was there already, and nothing was added."""

    position: int
    recorded_at: Instant
    digest: ContentDigest
    topic: str
    stream: str
    existing: bool
    release: int | None = None
    """Number of the release, when the report was about one."""
    deployment: str | None = None
    """Name of the deployment, given or made up."""
    config: int | None = None
    """Number of the configuration, when the report was about one."""

    @classmethod
    def of(cls, receipt: Receipt) -> "RecordedShape":
        """Show *receipt*."""
        event = receipt.event
        assert event is not None, "what was recorded or found comes with its event"
        release = getattr(event, "release", None)
        return cls(
            position=receipt.position,
            recorded_at=receipt.recorded_at,
            digest=receipt.digest,
            topic=event.topic,
            stream=event.stream,
            existing=receipt.existing,
            release=getattr(release, "number", None) or getattr(event, "runs", None),
            deployment=getattr(event, "deployment", None),
            config=getattr(event, "config_number", None) or getattr(event, "number", None),
        )


@closed
class SourceShape(TypedDict):
    """What was built."""

    repository: str | None
    commit: str | None
    ref: str | None


@closed
class ArtifactShape(TypedDict):
    """One artifact."""

    name: str
    digest: ContentDigest
    purl: str | None


@closed
class BuildShape(TypedDict):
    """The build behind a release. A declared one has only what declared it."""

    id: str
    label: str | None
    identity: Identity
    source: SourceShape
    artifacts: list[ArtifactShape]


@closed
class ConfigShape(TypedDict):
    """The configuration behind a release."""

    version: int
    digest: ContentDigest
    reference: str | None


class ReleaseShape(Output):
    """A release, and what it is made of."""

    number: int
    digest: ContentDigest
    service: str
    environment: str
    cut_at: Instant
    position: int
    build: BuildShape
    config: ConfigShape

    @classmethod
    def of(cls, release: facts.RanRelease) -> "ReleaseShape":
        """Show *release*."""
        return cls(
            number=release.number,
            digest=release.digest,
            service=release.target.service,
            environment=release.target.environment,
            cut_at=release.cut_at,
            position=release.position,
            build=build_shape(release.build),
            config=config_shape(release.config),
        )


@closed
class ReleaseName(TypedDict):
    """A release, by number and digest."""

    number: int
    digest: ContentDigest


@closed
class DeploymentShape(TypedDict):
    """The event that put it there."""

    id: str | None
    kind: Kind | None
    reason: str | None
    actor: ActorShape
    position: int
    recorded_at: Instant
    change: int
    """Number in the environment's gap-free list of changes."""
    topic: str


@closed
class RunningShape(TypedDict):
    """One slot and what ran in it; `until` null: no end is known, or it was not asked for."""

    service: str
    environment: str
    slot: str
    since: Instant
    until: Instant | None
    release: ReleaseName | None
    build: BuildShape | None
    config: ConfigShape | None
    deployment: DeploymentShape
    observed: Sighting


class UnknownShape(Output):
    """From `from` to `to` nobody reported on the environment. Null: since ever; without an end so far."""

    environment: str
    since: Annotated[Instant | None, Field(serialization_alias="from")]
    until: Annotated[Instant | None, Field(serialization_alias="to")]
    why: str

    @classmethod
    def of(cls, unknown: Unknown) -> "UnknownShape":
        """Show *unknown*."""
        return cls(environment=unknown.environment, since=unknown.since, until=unknown.until, why=unknown.why)


@closed
class StateShape(TypedDict):
    """What ran in a scope at `as_of`, from the prefix in `ledger`.

    `running` is what the ledger was told, also while what really ran is `unknown`.
    """

    environment: str | None
    service: str | None
    as_of: Instant
    ledger: LedgerShape
    running: list[RunningShape]
    unknown: list[UnknownShape]


def running_shape(place: facts.Placement) -> RunningShape:
    """Show *place*."""
    release = place.release
    return {
        "service": place.target.service,
        "environment": place.target.environment,
        "slot": place.slot,
        "since": place.since,
        "until": place.until,
        "release": None if release is None else {"number": release.number, "digest": release.digest},
        "build": None if release is None else build_shape(release.build),
        "config": None if release is None else config_shape(release.config),
        "deployment": cause_shape(place.cause, place.kind),
        "observed": place.observed,
    }


def build_shape(build: facts.RanBuild) -> BuildShape:
    """Show *build*."""
    return {
        "id": build.name,
        "label": build.label,
        "identity": build.identity,
        "source": {"repository": build.repository, "commit": build.commit, "ref": build.ref},
        "artifacts": [{"name": a.name, "digest": a.digest, "purl": a.purl} for a in build.artifacts],
    }


def config_shape(config: facts.RanConfig) -> ConfigShape:
    """Show *config*."""
    return {"version": config.number, "digest": config.digest, "reference": config.reference}


def cause_shape(cause: facts.Cause, kind: Kind | None) -> DeploymentShape:
    """Show *cause*."""
    return {
        "id": cause.deployment,
        "kind": kind,
        "reason": cause.reason,
        "actor": actor_shape(cause.actor),
        "position": cause.position,
        "recorded_at": cause.recorded_at,
        "change": cause.change,
        "topic": cause.topic,
    }


def actor_shape(actor: Actor) -> ActorShape:
    """Show *actor*."""
    return {"kind": actor.kind.value, "issuer": actor.issuer, "subject": actor.subject}


def settled(asked: datetime | None, known_at: object, prefix: Prefix) -> bool:
    """Whether the same question has this answer for ever: both clocks were given."""
    return asked is not None and known_at is not None and prefix.position > 0
