"""Reports, as bodies of single requests and as lines of a batch.

Every report says when it happened (`occurred_at`) and may carry the reporter's
own `id`, which makes a retry safe. In a batch, and in a correction's
replacement, a line also says its `type`.
"""

from typing import Annotated, Literal

from pydantic import Field

from api.access.about import About
from api.fields import Input
from api.v1.build_line import BuildReport
from api.v1.report_line import ReportLine, TargetLine
from api.v1.values import (
    VALUE_PATTERN,
    Build,
    Commit,
    ContentDigest,
    Deployment,
    Environment,
    Label,
    Line,
    Number,
    Reporter,
    Sequence,
    Service,
    Slot,
)
from domain.actor import Actor
from domain.commands.correct import Correct, Replacement
from domain.commands.cut_release import CURRENT, CutRelease
from domain.commands.declare import Declare
from domain.commands.record_config import RecordConfig
from domain.commands.record_deployment import RecordDeployment
from domain.commands.record_heartbeat import RecordHeartbeat
from domain.commands.record_observation import RecordObservation
from domain.commands.record_removal import RecordRemoval
from domain.deployment import DeploymentOutcome
from domain.observation import EVERY_SECONDS_MAX, Observed
from domain.target import MAIN


class PlainEntry(Input):
    """A configuration value that whoever may read the ledger may read."""

    value: Annotated[str, Field(min_length=0, max_length=8192, json_schema_extra={"pattern": VALUE_PATTERN})]


class SecretEntry(Input):
    """A secret value, or a keyed digest made where it lives; only a keyed digest is kept."""

    secret: Annotated[str, Field(max_length=65536)]


EntryKey = Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z_][A-Za-z0-9_./-]{0,199}$")]


class ConfigReport(TargetLine):
    """From `occurred_at` on, this is the configuration meant for the target: entries, or their digest."""

    entries: Annotated[dict[EntryKey, PlainEntry | SecretEntry], Field(max_length=2000)] | None = None
    digest: ContentDigest | None = None
    author: Line | None = None

    def command(self, actor: Actor) -> RecordConfig:
        """Return what to do, done by *actor*."""
        entries = self.entries
        plain = secret = None
        if entries is not None:
            plain = {k: e.value for k, e in entries.items() if isinstance(e, PlainEntry)}
            secret = {k: e.secret for k, e in entries.items() if isinstance(e, SecretEntry)}
        return RecordConfig(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            target=self.target,
            digest=self.digest,
            plain=plain,
            secret=secret or {},
            author=self.author,
        )


class ReleaseReport(TargetLine):
    """Join a build with a configuration: the current one, or one by number or digest."""

    build: Build
    config: Literal["current"] | Number | ContentDigest = "current"

    def command(self, actor: Actor) -> CutRelease:
        """Return what to do, done by *actor*."""
        return CutRelease(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            target=self.target,
            build=self.build,
            config=CURRENT if self.config == "current" else self.config,
        )


class DeploymentReport(TargetLine):
    """How far an attempt to run a release got."""

    release: Number
    slot: Slot = MAIN
    outcome: DeploymentOutcome = DeploymentOutcome.SUCCEEDED
    deployment: Deployment | None = None
    rollback: bool = False
    reason: Line | None = None
    sequence: Sequence = 0

    def command(self, actor: Actor) -> RecordDeployment:
        """Return what to do, done by *actor*."""
        return RecordDeployment(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            target=self.target,
            release=self.release,
            slot=self.slot,
            outcome=self.outcome,
            deployment=self.deployment,
            rollback=self.rollback,
            reason=self.reason,
            sequence=self.sequence,
        )


class RemovalReport(TargetLine):
    """A slot stopped running anything."""

    slot: Slot = MAIN
    reason: Line | None = None
    sequence: Sequence = 0

    def command(self, actor: Actor) -> RecordRemoval:
        """Return what to do, done by *actor*."""
        return RecordRemoval(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            target=self.target,
            slot=self.slot,
            reason=self.reason,
            sequence=self.sequence,
        )


class RunningLine(Input):
    """One slot that was seen running."""

    service: Service
    slot: Slot = MAIN
    artifacts: Annotated[list[ContentDigest], Field(min_length=1, max_length=64)]


Every = Annotated[int, Field(ge=1, le=EVERY_SECONDS_MAX, examples=[120])]
"""Seconds within which the reporter promises to be heard again, until its next report says otherwise."""


class ObservationReport(ReportLine):
    """The full list of what runs in an environment; what is not listed does not run."""

    environment: Environment
    reporter: Reporter
    running: Annotated[list[RunningLine], Field(max_length=20_000)]
    every: Every | None = None

    def command(self, actor: Actor) -> RecordObservation:
        """Return what to do, done by *actor*."""
        return RecordObservation(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            environment=self.environment,
            observer=self.reporter,
            running=tuple(Observed(r.service, r.slot, tuple(r.artifacts)) for r in self.running),
            every=self.every,
        )


class HeartbeatReport(ReportLine):
    """What the reporter listed last still runs, or it has nothing to list; `every` 0: its last report."""

    environment: Environment
    reporter: Reporter
    every: Annotated[int, Field(ge=0, le=EVERY_SECONDS_MAX, examples=[120])]

    def command(self, actor: Actor) -> RecordHeartbeat:
        """Return what to do, done by *actor*."""
        return RecordHeartbeat(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            environment=self.environment,
            observer=self.reporter,
            every=self.every or None,
        )


class DeclaredReport(TargetLine):
    """What the source of truth said before there was a ledger; a null label is a removal."""

    label: Label | None
    config: Line | None = None
    slot: Slot = MAIN
    commit: Commit | None = None
    source: Line | None = None
    sequence: Sequence = 0

    def command(self, actor: Actor) -> Declare:
        """Return what to do, done by *actor*."""
        return Declare(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            target=self.target,
            label=self.label,
            config=self.config,
            slot=self.slot,
            commit=self.commit,
            source=self.source,
            sequence=self.sequence,
        )


class DeploymentLine(DeploymentReport):
    """A deployment in a batch."""

    type: Literal["deployment"]


class RemovalLine(RemovalReport):
    """A removal in a batch."""

    type: Literal["removal"]


class ObservationLine(ObservationReport):
    """An observation in a batch."""

    type: Literal["observation"]


class HeartbeatLine(HeartbeatReport):
    """A heartbeat in a batch."""

    type: Literal["heartbeat"]


class DeclaredLine(DeclaredReport):
    """A declaration in a batch."""

    type: Literal["declared"]


ReplacementLine = Annotated[
    DeploymentLine | RemovalLine | ObservationLine | HeartbeatLine | DeclaredLine,
    Field(discriminator="type"),
]


class CorrectionReport(ReportLine):
    """An earlier report was wrong: withdraw it, and say what was really so."""

    of: Number
    reason: Line
    replacement: Annotated[ReplacementLine | None, About.WITHIN] = None

    def command(self, actor: Actor) -> Correct:
        """Return what to do, done by *actor*."""
        by: Replacement | None = None if self.replacement is None else self.replacement.command(actor)
        return Correct(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            of=self.of,
            reason=self.reason,
            replacement=by,
        )


class BuildLine(BuildReport):
    """A build in a batch."""

    type: Literal["build"]


class ConfigLine(ConfigReport):
    """A configuration in a batch."""

    type: Literal["config"]


class ReleaseLine(ReleaseReport):
    """A release in a batch."""

    type: Literal["release"]


class CorrectionLine(CorrectionReport):
    """A correction in a batch."""

    type: Literal["correction"]


AnyLine = Annotated[
    BuildLine
    | ConfigLine
    | ReleaseLine
    | DeploymentLine
    | RemovalLine
    | ObservationLine
    | HeartbeatLine
    | DeclaredLine
    | CorrectionLine,
    Field(discriminator="type"),
]
