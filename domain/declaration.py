"""A declaration: history from before the ledger, as the source of truth of that time said it.

One declaration implies a build known only by its label, a configuration known
only by a reference, their release and its deployment. All stay marked as
declared: nothing here was witnessed, and none of it passes a gate.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from domain import canonical, config_version, names, release, report
from domain.actor import Actor
from domain.config_version import Configs
from domain.digest import Digest
from domain.errors import ContradictoryReport
from domain.event import Event, Subject
from domain.release import BuildName, Identity, Release, Releases
from domain.report import Report
from domain.run import Run
from domain.stream import target_stream
from domain.target import Target, slot

NO_CONFIG = "unknown"
"""The reference meant when a declaration names no configuration."""


@dataclass(frozen=True, slots=True)
class DeclaredConfig:
    """A configuration known by a reference such as `git-blob:…`."""

    number: int
    digest: Digest
    reference: str


@dataclass(frozen=True, slots=True)
class DeclaredRelease:
    """The release a declaration implies."""

    release: Release
    fresh: bool
    """Whether this declaration made it."""
    label: str
    config: DeclaredConfig


@dataclass(frozen=True, kw_only=True)
class Declared(Run):
    """From `occurred_at` on, the source of truth said, this was to run; None for nothing."""

    topic: ClassVar[str] = "declared.v1"

    implied: DeclaredRelease | None = None
    commit: str | None = None
    """The commit that said so."""
    source: str | None = None
    """Where it was said: a repository, a deploy log."""

    @property
    def runs(self) -> int | None:
        """The release implied, if any."""
        return None if self.implied is None else self.implied.release.number

    def subjects(self) -> tuple[Subject, ...]:
        """Return the release and the commit that declared it."""
        said = (
            ()
            if self.commit is None
            else (Subject(self.source or str(self.target), "gitCommit", self.commit),)
        )
        if self.implied is None:
            return said
        made = self.implied.release
        return (Subject(f"{self.target}#{made.number}", "sha256", made.digest.hex), *said)


def fold_configs(configs: Configs, event: Event) -> Configs:
    """Advance *configs* by the configuration a declaration implies."""
    match event:
        case Declared(implied=DeclaredRelease(config=config)):
            numbers = config_version.numbered(configs, config.digest, config.number)
            return configs if numbers is configs.numbers else Configs(numbers, configs.in_force)
        case _:
            return configs


def fold_releases(releases: Releases, event: Event) -> Releases:
    """Advance *releases* by the release a declaration implies."""
    match event:
        case Declared(implied=DeclaredRelease(fresh=True) as implied):
            build = BuildName(implied.label, Identity.DECLARED)
            return release.added(releases, implied.release, build, implied.config.digest)
        case _:
            return releases


def record(
    configs: Configs,
    releases: Releases,
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    target: Target,
    slot_name: str,
    label: str | None,
    config: str | None,
    commit: str | None = None,
    source: str | None = None,
    sequence: int = 0,
    corrects: int | None = None,
) -> Declared:
    """Decide what the declaration adds: itself, with the release it implies.

    A null *label* is a removal and has no configuration. Raises
    `ContradictoryReport` for a removal with one.
    """
    if label is None and config is not None:
        raise ContradictoryReport("a declared removal has no configuration")
    return Declared(
        stream=target_stream(target),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        target=target,
        slot=slot(slot_name),
        sequence=report.checked_sequence(sequence),
        corrects=corrects,
        implied=None if label is None else _implied(configs, releases, target, label, config),
        commit=None if commit is None else names.commit(commit),
        source=None if source is None else names.line(source, "source"),
    )


def _implied(
    configs: Configs, releases: Releases, target: Target, label: str, config: str | None
) -> DeclaredRelease:
    names.line(label, "label", length_max=names.NAME_LENGTH_MAX)
    reference = NO_CONFIG if config is None else names.line(config, "config")
    digest = _digest_of(reference)
    meant = DeclaredConfig(config_version.number_of(configs, digest), digest, reference)
    build = BuildName(label, Identity.DECLARED)
    known = release.found(releases, build, digest)
    made = known or release.following(releases, target, {"declared": label}, digest)
    return DeclaredRelease(release=made, fresh=known is None, label=label, config=meant)


@lru_cache(maxsize=4096)
def _digest_of(reference: str) -> Digest:
    """Return what stands for a configuration that is known by *reference* alone."""
    return canonical.digest({"declared": reference})
