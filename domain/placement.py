"""What ran, where and from when to when: the answers, as plain values.

A placement is a projection, never an event. It begins when a deployment, a
removal or a declaration says so and lasts until the next one for its slot.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.actor import Actor
from domain.digest import Digest
from domain.release import Identity
from domain.target import Target


class Kind(StrEnum):
    """What a deployment changed, seen against what ran before it in its slot."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    CONFIG = "config"


class Sighting(StrEnum):
    """Whether what runs by the ledger was also seen running."""

    MATCH = "match"
    DIFFERS = "differs"
    NOT_REPORTED = "not reported"


@dataclass(frozen=True, slots=True)
class RanArtifact:
    """One artifact of what ran."""

    name: str
    digest: Digest
    purl: str | None = None


@dataclass(frozen=True, slots=True)
class RanBuild:
    """The build behind what ran. A declared one has a label and whatever commit declared it."""

    name: str
    identity: Identity
    label: str | None = None
    repository: str | None = None
    commit: str | None = None
    ref: str | None = None
    artifacts: tuple[RanArtifact, ...] = ()


@dataclass(frozen=True, slots=True)
class RanConfig:
    """The configuration behind what ran; declared ones have a reference."""

    number: int
    digest: Digest
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class RanRelease:
    """A release with what it is made of."""

    target: Target
    number: int
    digest: Digest
    cut_at: datetime
    position: int
    build: RanBuild
    config: RanConfig
    first_of_build: int
    """The smallest release number of this target with the same build."""
    build_since: datetime
    """When that first release was cut: what orders builds, whenever they were reported."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that put a release, or nothing, into its slot."""

    position: int
    change: int
    """Number of the change in its environment's gap-free list."""
    topic: str
    deployment: str | None
    reason: str | None
    actor: Actor
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Placement:
    """One slot ran *release* (None: nothing) in [since, until); until None: no end is known."""

    target: Target
    slot: str
    since: datetime
    until: datetime | None
    release: RanRelease | None
    kind: Kind | None
    """None when nothing runs."""
    cause: Cause
    observed: Sighting = Sighting.NOT_REPORTED


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of an environment's gap-free numbered list, in the order of recording."""

    number: int
    occurred_at: datetime
    target: Target
    slot: str
    release: RanRelease | None
    cause: Cause
    corrected_by: int | None
    """Position of the correction that withdrew it, as far as known."""


class Dated(Protocol):
    """As much of a release as tells what running it means; see `RanRelease`."""

    @property
    def number(self) -> int:
        """The number of the release in its target."""
        ...

    @property
    def cut_at(self) -> datetime:
        """When it was cut, by the reporter's clock."""
        ...

    @property
    def first_of_build(self) -> int:
        """The smallest release number of the target with the same build."""
        ...

    @property
    def build_since(self) -> datetime:
        """When that one was cut."""
        ...


def kind_of(current: Dated, previous: Dated | None) -> Kind:
    """Say what running *current* after *previous* was.

    Same build with a later configuration is `config`; going back to a release,
    or to a build, that this target had earlier is `rollback`. Earlier means cut
    earlier, not numbered lower: history that is declared today has high numbers.
    Labels are never compared: they have no order.
    """
    if previous is None or current.number == previous.number:
        return Kind.DEPLOY
    if current.first_of_build == previous.first_of_build:
        later = (current.cut_at, current.number) > (previous.cut_at, previous.number)
        return Kind.CONFIG if later else Kind.ROLLBACK
    newer = (current.build_since, current.first_of_build) > (
        previous.build_since,
        previous.first_of_build,
    )
    return Kind.DEPLOY if newer else Kind.ROLLBACK
