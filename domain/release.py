"""A release: one build joined with one config version, for one target; numbered, never edited."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain import canonical, instant, report
from domain.actor import Actor
from domain.build import BuildOutcome, BuildRecorded
from domain.digest import Digest
from domain.errors import FailedBuild, UnknownRelease
from domain.event import Event, Subject
from domain.grown import GrownMap
from domain.report import Report
from domain.stream import target_stream
from domain.target import Target


class Identity(StrEnum):
    """How much is known about the bytes behind a build."""

    REPORTED = "reported"
    """A builder named the artifacts by digest."""
    DECLARED = "declared"
    """Only a label is known; taken over from before the ledger."""


@dataclass(frozen=True, slots=True)
class BuildName:
    """A build as a release refers to it; a declared one goes by its label."""

    name: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Release:
    """A release, as other events refer to it."""

    number: int
    """1 for a target's first release, then without gaps."""
    digest: Digest


@dataclass(frozen=True, kw_only=True)
class ReleaseCut(Event):
    """A build and a config version were joined."""

    topic: ClassVar[str] = "release-cut.v1"

    target: Target
    release: Release
    build: str
    artifacts: tuple[Digest, ...]
    commit: str
    config_number: int
    config_digest: Digest

    def subjects(self) -> tuple[Subject, ...]:
        """Return the release and what it is made of."""
        return (
            Subject(f"{self.target}#{self.release.number}", "sha256", self.release.digest.hex),
            *(Subject(self.build, "sha256", made.hex) for made in self.artifacts),
            Subject(f"config of {self.target}", "sha256", self.config_digest.hex),
        )

    def natural_key(self) -> Digest:
        """Return the key of the joint: one build and one configuration are released once."""
        return key_of(self.target, self.build, self.config_digest)

    def report_keys(self) -> tuple[Digest, ...]:
        """Return the joint, and what was told: "current" must mean the same when it is told again."""
        assert self.report is not None, "a release is always told"
        return (*super().report_keys(), self.report.fingerprint)


@dataclass(frozen=True, slots=True)
class Releases:
    """What a target's stream says of its releases."""

    digests: GrownMap[int, str] = field(default_factory=GrownMap)
    """By number."""
    numbers: GrownMap[str, int] = field(default_factory=GrownMap)
    """Which number a build and a configuration were joined under, by the joint as `_joint` spells it.

    Text and numbers alone: the state of a long stream costs the garbage collector nothing.
    """

    @property
    def cut(self) -> Sequence[Release]:
        """Every release; number *n* stands at place *n* - 1."""
        return [Release(number, Digest(text)) for number, text in self.digests.items()]


def key_of(target: Target, build: str, config: Digest) -> Digest:
    """Return the key under which *build* and *config* are joined once."""
    return report.key("release", str(target), build, str(config))


def fold(releases: Releases, event: Event) -> Releases:
    """Advance *releases* by one event of the target's stream."""
    match event:
        case ReleaseCut():
            build = BuildName(event.build, Identity.REPORTED)
            return added(releases, event.release, build, event.config_digest)
        case _:
            return releases


def added(releases: Releases, release: Release, build: BuildName, config: Digest) -> Releases:
    """Return *releases* with the next one; numbers have no gaps."""
    assert release.number == len(releases.digests) + 1, "releases are numbered without gaps"
    return Releases(
        digests=releases.digests.with_new(release.number, release.digest.text),
        numbers=releases.numbers.with_new(_joint(build, config), release.number),
    )


def numbered(releases: Releases, number: int, target: Target) -> Release:
    """Return release *number*; raises `UnknownRelease`."""
    if number not in releases.digests:
        raise UnknownRelease(f"{target} has no release {number}, it has {len(releases.digests)} so far")
    return Release(number, Digest(releases.digests[number]))


def found(releases: Releases, build: BuildName, config: Digest) -> Release | None:
    """Return the release that joined *build* and *config* already, if one did."""
    number = releases.numbers.get(_joint(build, config))
    return None if number is None else Release(number, Digest(releases.digests[number]))


def following(releases: Releases, target: Target, build: object, config: Digest) -> Release:
    """Return the next release of *target*; its digest covers target, number, build and config."""
    number = len(releases.digests) + 1
    content = {"build": build, "config": str(config), "number": number, "target": str(target)}
    return Release(number, canonical.digest(content))


def cut(
    releases: Releases,
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    target: Target,
    build: BuildRecorded,
    config: tuple[int, Digest],
) -> ReleaseCut | None:
    """Decide what joining *build* and *config* adds; None when that release exists already.

    Raises `FailedBuild`: a failed build never becomes a release.
    """
    if build.outcome is BuildOutcome.FAILED:
        raise FailedBuild(f"build {build.build} of {build.service} failed, it cannot be released")
    number, digest = config
    if found(releases, BuildName(build.build, Identity.REPORTED), digest) is not None:
        return None
    made = {
        "artifacts": [str(artifact.digest) for artifact in build.artifacts],
        "build": build.build,
        "commit": build.source.commit,
        "built_at": instant.text(build.occurred_at),
    }
    return ReleaseCut(
        stream=target_stream(target),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        target=target,
        release=following(releases, target, made, digest),
        build=build.build,
        artifacts=tuple(artifact.digest for artifact in build.artifacts),
        commit=build.source.commit,
        config_number=number,
        config_digest=digest,
    )


def _joint(build: BuildName, config: Digest) -> str:
    return f"{config.hex} {build.identity} {build.name}"
