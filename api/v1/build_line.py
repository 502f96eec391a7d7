"""A build, as a builder reports it."""

from typing import Annotated

from pydantic import Field

from api.fields import Input
from api.v1.report_line import ReportLine
from api.v1.shapes import shown
from api.v1.values import Build, Commit, ContentDigest, Label, Line, Service
from domain.actor import Actor
from domain.build import Artifact, BuildOutcome, Source
from domain.commands.record_build import RecordBuild
from domain.identity import Named


class WhoLine(Input):
    """Somebody, by who vouches for them. Of an e-mail address only a keyed digest is kept."""

    issuer: Line
    subject: Line

    def named(self) -> Named:
        """Return them as they are named."""
        return Named(self.issuer, self.subject)


class SourceLine(Input):
    """What was built; who wrote it, and who let it in. Who merged what a bot wrote answers for it."""

    repository: Line
    commit: Commit
    ref: Line | None = None
    author: WhoLine | None = None
    merged_by: WhoLine | None = None


class ArtifactLine(Input):
    """One artifact that came out of a build."""

    name: Line
    digest: ContentDigest
    purl: Line | None = None


class BuildReport(ReportLine):
    """A builder says how a build ended."""

    service: Service
    build: Build
    outcome: BuildOutcome = BuildOutcome.SUCCEEDED
    source: SourceLine
    builder: Line | None = None
    label: Label | None = None
    artifacts: Annotated[list[ArtifactLine], Field(max_length=1024, default_factory=list)]

    def command(self, actor: Actor) -> RecordBuild:
        """Return what to do, done by *actor*."""
        return RecordBuild(
            occurred_at=self.occurred_at,
            actor=actor,
            reporter=self.reporter,
            id=self.id,
            service=self.service,
            build=self.build,
            outcome=self.outcome,
            source=Source(self.source.repository, self.source.commit, self.source.ref),
            builder=self.builder,
            label=self.label,
            artifacts=tuple(Artifact(a.name, a.digest, a.purl) for a in self.artifacts),
            author=shown(self.source.author, WhoLine.named),
            merged_by=shown(self.source.merged_by, WhoLine.named),
        )
