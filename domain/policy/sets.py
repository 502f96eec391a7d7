"""Policy sets: which rules hold in which environments, with which parameters, and what may override them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain import names
from domain.errors import MalformedPolicy
from domain.policy.rule import Value

RULES_MAX = 200
WAIVER_DAYS_MAX = 365
REVIEW_HOURS_MAX = 24 * 30


class Mode(StrEnum):
    """What a verdict comes to."""

    ENFORCE = "enforce"
    DRY_RUN = "dry-run"
    """It is recorded, and never stops anybody."""


@dataclass(frozen=True, slots=True)
class Use:
    """One rule, and what is said to it."""

    rule: str
    given: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class WaiverTerms:
    """For how long violations can be waived, and by how many."""

    days_max: int
    approvers_min: int

    def __post_init__(self) -> None:
        """Refuse terms that bound nothing."""
        if not 0 < self.days_max <= WAIVER_DAYS_MAX or self.approvers_min < 1:
            raise MalformedPolicy(
                f"waivers: expected max_days 1 to {WAIVER_DAYS_MAX} and min_approvers of at least 1"
            )


@dataclass(frozen=True, slots=True)
class BreakGlassTerms:
    """Whether, and how, people may go ahead against a verdict."""

    allowed: bool
    approvers_min: int
    never_for: tuple[str, ...]
    """Rules that nothing overrides."""
    review_hours: int
    """Within which somebody must have looked at what was done."""

    def __post_init__(self) -> None:
        """Refuse terms under which one person alone could do it, or nobody looks at it."""
        if self.allowed and (self.approvers_min < 2 or not 0 < self.review_hours <= REVIEW_HOURS_MAX):  # noqa: PLR2004 - two people
            raise MalformedPolicy(
                "break_glass: expected min_approvers of at least 2 and review_within of at most"
                f" {REVIEW_HOURS_MAX} hours"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """Rules for environments."""

    name: str
    owner: str
    environments: tuple[str, ...]
    """Exact names; none: it is for whichever environment it is activated in."""
    mode: Mode
    rules_min: int
    """With fewer rules than that it is not loaded: a file that was lost must not open anything."""
    uses: tuple[Use, ...]
    waivers: WaiverTerms
    break_glass: BreakGlassTerms

    def __post_init__(self) -> None:
        """Refuse a set of nothing, and a rule that is used twice."""
        names.key(self.name, "policy set")
        for environment in self.environments:
            names.key(environment, "environment")
        used = [use.rule for use in self.uses]
        if not 0 < len(used) <= RULES_MAX or len(set(used)) < len(used):
            raise MalformedPolicy(f"{self.name}: expected 1 to {RULES_MAX} rules, none of them twice")
        if len(used) < self.rules_min or self.rules_min < 1:
            raise MalformedPolicy(
                f"{self.name}: {len(used)} rules are used, minimum_rules is {self.rules_min}"
            )
        if unknown := sorted(set(self.break_glass.never_for) - set(used)):
            raise MalformedPolicy(
                f"{self.name}: never_for names {', '.join(unknown)[:200]}, which is not used"
            )
