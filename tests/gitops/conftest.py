"""A repository to make history in, and lines to read it by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.gitops.history import Repository
from api.gitops.passing import Pass
from api.gitops.patterns import Bound
from api.gitops.plan import Plan
from tests.gitops.made import Made


@dataclass
class Read:
    """What a pass yielded, and what it noticed."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    backwards: int = 0

    @property
    def short(self) -> list[tuple[str, Any]]:
        """Target and label of each line."""
        return [(f"{line['service']}@{line['environment']}", line["label"]) for line in self.lines]


Reading = Callable[..., Read]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made.at(tmp_path / "deployments")


@pytest.fixture
def read(made: Made) -> Reading:
    """Read the repository by a plan, the whole of it unless said otherwise."""

    def reading(
        patterns: Sequence[str] = ("tags/{environment}/{service}",),
        keys: Sequence[str] = (),
        configs: Sequence[str] = (),
        *,
        after: str | None = None,
        folder: Path | None = None,
        environment: str | None = None,
        service: str | None = None,
    ) -> Read:
        plan = Plan.of(patterns, keys, configs, Bound(environment, service))
        told = Read()
        with Repository.opened(folder or made.folder) as repository:
            through = Pass(repository, plan, repository.source(), told.problems.append)
            told.lines += through.lines(repository.resolve("HEAD"), after)
            told.backwards = through.backwards
        assert through.problems == len(told.problems)
        return told

    return reading
