"""What the stream of a target has established: the state that decisions about it need."""

from dataclasses import dataclass, field

from domain import config_version, declaration, deployment, release
from domain.config_version import Configs
from domain.deployment import Attempts
from domain.event import Condensed, Event
from domain.release import Releases


@dataclass(frozen=True, slots=True)
class TargetHistory(Condensed):
    """The folded stream of one target; each noun keeps its own part."""

    version: int = 0
    configs: Configs = field(default_factory=Configs)
    releases: Releases = field(default_factory=Releases)
    attempts: Attempts = field(default_factory=Attempts)

    @property
    def held(self) -> int:
        """See `Condensed`: a target may be deployed to for years, with few releases."""
        configs, attempts = self.configs, self.attempts
        known = len(self.releases.digests) + len(configs.numbers) + len(configs.in_force)
        return known + len(attempts.open) + len(attempts.newest)


def fold(history: TargetHistory | None, event: Event) -> TargetHistory:
    """Advance *history* by one event of the stream."""
    known = history or TargetHistory()
    return TargetHistory(
        version=event.version,
        configs=declaration.fold_configs(config_version.fold(known.configs, event), event),
        releases=declaration.fold_releases(release.fold(known.releases, event), event),
        attempts=deployment.fold(known.attempts, event),
    )


@dataclass(frozen=True, slots=True)
class Length(Condensed):
    """How many events a stream has: all that some decisions need."""

    version: int = 0

    @property
    def held(self) -> int:
        """See `Condensed`."""
        return 1


def count(length: Length | None, event: Event) -> Length:
    """Advance *length* by one event."""
    assert event.version == (length.version if length else 0) + 1, "versions have no gaps"
    return Length(event.version)
