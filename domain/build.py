"""A build: one run of a builder, from one commit to artifacts named by digest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain import names, report
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import AlreadyRecorded, ContradictoryReport
from domain.event import Event, Subject
from domain.identity import Identity
from domain.report import Report

ARTIFACTS_MAX = 1024


class BuildOutcome(StrEnum):
    """How a build ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Source:
    """What was built: a repository, a full commit and, when known, the ref it was taken from."""

    repository: str
    commit: str
    ref: str | None = None
    author: Identity | None = None
    """Who wrote it, as the reporter says; perhaps a bot."""
    merged_by: Identity | None = None
    """Who let it in: of a bot's work, who answers for it."""

    def __post_init__(self) -> None:
        """Refuse anything but a full commit and printable names."""
        names.line(self.repository, "repository")
        names.commit(self.commit)
        if self.ref is not None:
            names.line(self.ref, "ref")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes, named by digest; `purl` as package-url 1.0 writes it."""

    name: str
    digest: Digest
    purl: str | None = None

    def __post_init__(self) -> None:
        """Refuse unprintable names."""
        names.line(self.name, "artifact name")
        if self.purl is not None:
            names.line(self.purl, "purl")


@dataclass(frozen=True, kw_only=True)
class BuildRecorded(Event):
    """A builder reported how a build ended and what came out of it."""

    topic: ClassVar[str] = "build-recorded.v1"

    service: str
    build: str
    outcome: BuildOutcome
    source: Source
    builder: str | None = None
    label: str | None = None
    """A version people use, such as `v1357`; neither unique nor ordered."""
    artifacts: tuple[Artifact, ...] = ()

    def subjects(self) -> tuple[Subject, ...]:
        """Return the artifacts and the commit."""
        made = tuple(Subject(made.name, "sha256", made.digest.hex) for made in self.artifacts)
        return (*made, Subject(self.source.repository, "gitCommit", self.source.commit))

    def natural_key(self) -> Digest:
        """Return the key of the build itself."""
        return key_of(self.service, self.build)


@dataclass(frozen=True, slots=True)
class Build:
    """A build as its stream tells it."""

    version: int
    recorded: BuildRecorded


def stream_of(service: str, build: str) -> str:
    """Return the stream of *build*; a build is named within its service."""
    return f"build:{service}/{build}"


def key_of(service: str, build: str) -> Digest:
    """Return the key under which a build is told about once."""
    return report.key("build", service, build)


def fold(build: Build | None, event: Event) -> Build | None:
    """Advance *build* by one event of its stream."""
    match event:
        case BuildRecorded():
            return Build(event.version, event)
        case _:
            return build


def record(
    known: Build | None,
    *,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    service: str,
    build: str,
    outcome: BuildOutcome,
    source: Source,
    builder: str | None = None,
    label: str | None = None,
    artifacts: tuple[Artifact, ...] = (),
) -> BuildRecorded | None:
    """Decide what this report adds to the ledger.

    Returns None when the ledger says exactly this already. Raises
    `AlreadyRecorded` when it says otherwise, `ContradictoryReport` for a failed
    build with artifacts, a succeeded one without, or one artifact named twice.
    """
    if known is not None:
        if known.recorded.report is not None and known.recorded.report.fingerprint == told.fingerprint:
            return None
        raise AlreadyRecorded(
            f"build {build} of {service} is recorded as {known.recorded.outcome}"
            f" from {known.recorded.source.commit}"
        )
    _check_artifacts(outcome, artifacts)
    return BuildRecorded(
        stream=stream_of(service, build),
        version=1,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        service=names.key(service, "service"),
        build=names.name(build, "build"),
        outcome=outcome,
        source=source,
        builder=None if builder is None else names.line(builder, "builder"),
        label=None if label is None else names.line(label, "label", length_max=names.NAME_LENGTH_MAX),
        artifacts=artifacts,
    )


def _check_artifacts(outcome: BuildOutcome, artifacts: tuple[Artifact, ...]) -> None:
    if outcome is BuildOutcome.FAILED and artifacts:
        raise ContradictoryReport(f"a failed build has no artifacts, got {len(artifacts)}")
    if outcome is BuildOutcome.SUCCEEDED and not artifacts:
        raise ContradictoryReport("a succeeded build has at least one artifact, got none")
    if len(artifacts) > ARTIFACTS_MAX:
        raise ContradictoryReport(f"{len(artifacts)} artifacts, at most {ARTIFACTS_MAX}")
    seen = {(artifact.name, artifact.digest) for artifact in artifacts}
    if len(seen) != len(artifacts):
        raise ContradictoryReport("one artifact is listed twice")
