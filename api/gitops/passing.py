"""One pass over a repository: every line it declares, in first-parent order, and what was noticed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from api.gitops.history import Commit, NotARepository, Repository
from api.gitops.lines import COMMIT_DIGITS, Line, Replay
from api.gitops.plan import Plan
from api.gitops.reading import Reader
from domain import instant

PROBLEMS_KEPT_MAX = 10_000
"""Problems remembered, so that each is told once; it may stand in every commit."""


@dataclass(slots=True)
class Pass:
    """Reads *plan* from *repository*; `tell` hears each problem once, as one text."""

    repository: Repository
    plan: Plan
    source: str
    tell: Callable[[str], None]
    commits: int = 0
    backwards: int = 0
    """Commits whose time is before that of the commit before them."""
    problems: int = 0
    _now: str = ""
    _told: set[tuple[str, str]] = field(default_factory=set)
    _before: datetime | None = None

    def lines(self, head: str, after: str | None = None) -> Iterator[Line]:
        """Yield the lines up to the commit *head*; those up to *after* are replayed and left out.

        Raises `NotARepository` when *after* is not in the first-parent history of *head*.
        """
        folders = self.plan.folders
        known = 0
        if after is not None:
            if not self.repository.leads_to(after, head):
                raise NotARepository(f"{after} is not in the first-parent history of {head}")
            known = self.repository.count(after, folders)
        reader = Reader(self.plan, self.repository.blob, self._problem)
        replay = Replay(self.source)
        for commit, changes in self.repository.commits(head, folders):
            self._begin(commit)
            labels, configs = reader.read(changes)
            at = commit.at or instant.EARLIEST
            declared = replay.advance(commit.id, at, labels, configs)
            if commit.at is None:
                lost = sum(1 for _ in declared)
                self._problem("", f"its time is none the ledger takes; {lost} lines are left out")
            elif self.commits <= known:
                for _ in declared:
                    pass
            else:
                yield from declared

    def _begin(self, commit: Commit) -> None:
        self.commits += 1
        self._now = commit.id
        if commit.at is not None:
            self.backwards += self._before is not None and commit.at < self._before
            self._before = commit.at

    def _problem(self, path: str, text: str) -> None:
        if (path, text) in self._told:
            return
        if len(self._told) < PROBLEMS_KEPT_MAX:
            self._told.add((path, text))
        self.problems += 1
        self.tell(f"{self._now[:COMMIT_DIGITS]}:{path}: {text}")
