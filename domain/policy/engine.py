"""The port to whatever evaluates expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from domain.digest import Digest
from domain.policy.controls import Control
from domain.policy.rule import Rule
from domain.policy.sets import PolicySet


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a check requires, and that is not so."""

    check: str
    term: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRun:
    """What came of one rule. With an error, nothing else of it counts."""

    rule: Rule
    applies: bool = True
    evidence: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()
    error: str | None = None
    """Why it could not be evaluated: a fact that is absent, a bound that was reached."""


class LoadedSet(Protocol):
    """A set whose every expression was understood. Safe to use from any thread."""

    @property
    def policy(self) -> PolicySet:
        """What it says."""
        ...

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its rules, in the order they are used."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """All that decides what it means: engine, schema of facts, digest of each file."""
        ...

    @property
    def digest(self) -> Digest:
        """SHA-256 of the manifest: the name of exactly this policy."""
        ...

    @property
    def files(self) -> Mapping[str, bytes]:
        """What it was loaded from, and nothing that it does not use."""
        ...

    def run(self, facts: Mapping[str, Any]) -> tuple[RuleRun, ...]:
        """Apply every rule to *facts*, which were checked. What fails is an error of its rule, not raised."""
        ...


class PolicyEngine(Protocol):
    """Loads sets, of files by their names: `sets/…`, `rules/…`, and beside them `controls.yaml`."""

    def names(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Return the names of the sets there are, in order."""
        ...

    def rules(self, files: Mapping[str, bytes]) -> tuple[Rule, ...]:
        """Return every rule there is, used or not, each of them understood."""
        ...

    def controls(self, files: Mapping[str, bytes]) -> Mapping[str, Control]:
        """Return the table of controls, by id."""
        ...

    def load(self, files: Mapping[str, bytes], name: str) -> LoadedSet:
        """Return the set *name* of *files*, by their names; raises `MalformedPolicy` with file and place."""
        ...
