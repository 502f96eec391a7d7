"""Policies put in force: proposed by one person, settled by another, and known by what they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain import names, report
from domain.access.reach import PATTERNS_MAX
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import ContradictoryReport, MalformedValue
from domain.event import Event

ENVIRONMENTS_MAX = PATTERNS_MAX
"""As many as somebody can be allowed to reach."""


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One file of a policy, kept by its digest."""

    name: str
    digest: Digest

    def __post_init__(self) -> None:
        """Refuse a name that is no line."""
        names.line(self.name, "file", length_max=names.NAME_LENGTH_MAX)


@dataclass(frozen=True, kw_only=True)
class PolicyProposed(Event):
    """Somebody wants a policy set to decide in some environments."""

    topic: ClassVar[str] = "policy-proposed.v1"

    number: int
    """1 for the first proposal, then without gaps."""
    set: str
    digest: Digest
    """Of its manifest: engine, form of the facts, and every file byte for byte."""
    files: tuple[PolicyFile, ...]
    environments: tuple[str, ...]
    cases: int
    """How many cases came with it; each came out as it says."""
    reason: str

    def __post_init__(self) -> None:
        """Refuse a proposal for nowhere."""
        names.key(self.set, "policy set")
        names.line(self.reason, "reason")
        if not 0 < len(self.environments) <= ENVIRONMENTS_MAX:
            raise MalformedValue(f"{len(self.environments)} environments, expected 1 to {ENVIRONMENTS_MAX}")
        for environment in self.environments:
            names.key(environment, "environment")
        if len(set(self.environments)) < len(self.environments):
            raise ContradictoryReport("an environment is named twice")

    def natural_key(self) -> Digest:
        """Return the key of this proposal."""
        return report.key(self.topic, str(self.number))


@dataclass(frozen=True, kw_only=True)
class PolicySettled(Event):
    """A proposed policy was approved, and decides from an instant on; or it was turned down.

    Who put one in force alone is seen from the actor of both events.
    """

    topic: ClassVar[str] = "policy-settled.v1"

    number: int
    approved: bool
    effective_from: datetime | None = None
    """Of an approval: not before it was given."""
    reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse an approval without a beginning, and the beginning of nothing."""
        if self.approved != (self.effective_from is not None):
            raise ContradictoryReport("an approval, and nothing else, says from when on it holds")
        if self.reason is not None:
            names.line(self.reason, "reason")

    def natural_key(self) -> Digest:
        """Return the key of the end of this proposal."""
        return report.key(self.topic, str(self.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A policy that was proposed."""

    number: int
    set: str
    digest: Digest
    files: tuple[PolicyFile, ...]
    environments: tuple[str, ...]
    cases: int
    reason: str
    proposer: Actor
    proposed_at: datetime
    settled: PolicySettled | None = None


@dataclass(frozen=True, slots=True)
class Active:
    """The policy that decides in an environment."""

    environment: str
    since: datetime
    policy: Proposed
