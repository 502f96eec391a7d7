"""What the stream of a target has established: the state that decisions about it need."""

from dataclasses import dataclass, field

from domain import config_version, declaration, deployment, release
from domain.config_version import Configs
from domain.deployment import Attempts
from domain.event import Event
from domain.release import Releases


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """The folded stream of one target; each noun keeps its own part."""

    version: int = 0
    configs: Configs = field(default_factory=Configs)
    releases: Releases = field(default_factory=Releases)
    attempts: Attempts = field(default_factory=Attempts)


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
class Length:
    """How many events a stream has: all that some decisions need."""

    version: int = 0


def count(length: Length | None, event: Event) -> Length:
    """Advance *length* by one event."""
    assert event.version == (length.version if length else 0) + 1, "versions have no gaps"
    return Length(event.version)
