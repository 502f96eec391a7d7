"""Outcomes: what a set of rules comes to on one document of facts, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain import canonical, instant
from domain.digest import Digest
from domain.policy.rule import Awaits, Severity
from domain.policy.sets import Mode

SCHEMA = "shiplog/outcome/v1"


class Status(StrEnum):
    """What a rule came to."""

    PASS = "pass"  # noqa: S105 - it is passed, not a password
    FAIL = "fail"
    WAIVED = "waived"
    WARN = "warn"
    """It fails, and is not in force yet or does not block."""
    SKIP = "skip"
    ERROR = "error"


class Verdict(StrEnum):
    """What the set came to. Only one of them lets anything happen."""

    ALLOW = "allow"
    DENY = "deny"
    PENDING = "pending"
    """All that is missing is somebody's approval, or time."""
    INDETERMINATE = "indeterminate"
    """It cannot be decided: a fact or a policy is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that is not as a rule requires."""

    check: str
    """Rule and check, as `VULN-001/finding`."""
    term: str
    message: str
    awaits: Awaits | None = None
    waiver: str | None = None
    waiver_ref: str | None = None
    waiver_expires: datetime | None = None

    def document(self) -> dict[str, Any]:
        """Return it as canonical JSON takes it."""
        expires = None if self.waiver_expires is None else instant.text(self.waiver_expires)
        said = {"check": self.check, "term": self.term, "message": self.message, "awaits": self.awaits}
        waived = {"waiver": self.waiver, "waiver_ref": self.waiver_ref, "waiver_expires": expires}
        return {name: each for name, each in {**said, **waived}.items() if each is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What became of one rule."""

    rule: str
    title: str
    severity: Severity
    status: Status
    controls: tuple[str, ...]
    fix: str
    evidence: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    effective_on: datetime | None = None
    """When it begins to block, if it does not yet."""
    error: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether this alone is reason enough not to allow."""
        return self.severity is Severity.BLOCK and self.status in (Status.FAIL, Status.ERROR)

    @property
    def is_pending(self) -> bool:
        """Whether it fails for nothing but what can still come."""
        open_ = [each for each in self.violations if each.waiver is None]
        return self.status is Status.FAIL and all(each.awaits is not None for each in open_)

    def document(self) -> dict[str, Any]:
        """Return it as canonical JSON takes it."""
        said = {
            "rule": self.rule,
            "title": self.title,
            "severity": self.severity,
            "status": self.status,
            "controls": list(self.controls),
            "fix": self.fix,
            "evidence": list(self.evidence),
            "violations": [each.document() for each in self.violations],
            "effective_on": None if self.effective_on is None else instant.text(self.effective_on),
            "error": self.error,
        }
        return {name: each for name, each in said.items() if each is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided of one document of facts by one policy: a function of these two, and nothing else."""

    verdict: Verdict
    mode: Mode
    policy_set: str
    policy: Digest
    facts: Digest | None
    """SHA-256 of the canonical bytes of the facts; None of what has none."""
    engine: Mapping[str, str]
    evaluated_at: datetime | None
    """As the facts say; None when they could not be read."""
    rules: tuple[RuleResult, ...]
    because: str | None = None
    """Why nothing could be evaluated, if nothing could."""
    overridden: tuple[str, ...] = ()
    """Rules that people went ahead against, by breaking the glass."""
    review_by: datetime | None = None
    """By when somebody must have looked at that."""

    @property
    def permits(self) -> bool:
        """Whether what was asked for may happen."""
        return self.verdict is Verdict.ALLOW or bool(self.overridden) or self.mode is Mode.DRY_RUN

    @property
    def blocking(self) -> tuple[str, ...]:
        """Ids of the rules that stand in the way."""
        return tuple(each.rule for each in self.rules if each.blocks)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Ids of the rules that complain and do not block."""
        loud = (Status.FAIL, Status.ERROR, Status.WARN)
        return tuple(each.rule for each in self.rules if each.status in loud and not each.blocks)

    @property
    def waivers_used(self) -> tuple[str, ...]:
        """Ids of waivers without which more would be violated."""
        used = {found.waiver for each in self.rules for found in each.violations if found.waiver is not None}
        return tuple(sorted(used))

    def document(self) -> dict[str, Any]:
        """Return all of it, as canonical JSON takes it."""
        said = {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "mode": self.mode,
            "policy": {"set": self.policy_set, "digest": str(self.policy)},
            "facts": None if self.facts is None else str(self.facts),
            "engine": dict(self.engine),
            "evaluated_at": None if self.evaluated_at is None else instant.text(self.evaluated_at),
            "blocking": list(self.blocking),
            "warnings": list(self.warnings),
            "waivers_used": list(self.waivers_used),
            "rules": [each.document() for each in self.rules],
            "because": self.because,
            "overridden": list(self.overridden),
            "review_by": None if self.review_by is None else instant.text(self.review_by),
        }
        return {name: each for name, each in said.items() if each is not None}

    @property
    def result_digest(self) -> Digest:
        """SHA-256 of all of it, words included: the same again under the same version of the engine."""
        return canonical.digest(self.document())

    @property
    def outcome_digest(self) -> Digest:
        """SHA-256 of what it comes to, without words: the same under any engine that is right."""
        return canonical.digest(
            {
                "schema": SCHEMA,
                "verdict": self.verdict,
                "mode": self.mode,
                "set": self.policy_set,
                "facts": str(self.facts),
                "overridden": list(self.overridden),
                "rules": [
                    {
                        "rule": each.rule,
                        "status": each.status,
                        "violations": [[v.check, v.term, v.waiver or ""] for v in each.violations],
                    }
                    for each in self.rules
                ],
            }
        )
