"""From what rules found to a verdict. Whatever is in doubt is not allowed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain import canonical, instant
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.policy import facts as schema
from domain.policy.engine import Found, LoadedSet, RuleRun
from domain.policy.outcome import Outcome, RuleResult, Status, Verdict, Violation
from domain.policy.rule import Awaits, Severity
from domain.policy.sets import BreakGlassTerms
from domain.policy.waiver import Waiver

ERROR_LENGTH_MAX = 300


def decide(loaded: LoadedSet, facts: Mapping[str, Any]) -> Outcome:
    """Return what the set comes to on *facts*: the same for the same two, at any time and in any place."""
    try:
        schema.check(facts)
        digest = _digest_of(facts)
    except MalformedValue as wrong:
        return _undecided(loaded, facts, str(wrong))
    at = instant.parse(facts["evaluation"]["time"])
    environment = facts["promotion"]["environment"]
    if loaded.policy.environments and environment not in loaded.policy.environments:
        return _undecided(loaded, facts, f"policy set {loaded.policy.name} is not for {environment}")
    judge = _Judge(loaded, facts, at)
    results = tuple(judge.result(run) for run in loaded.run(facts))
    verdict = verdict_of(results)
    overridden = () if verdict is Verdict.ALLOW else judge.overridden(results)
    terms = loaded.policy.break_glass
    return Outcome(
        verdict=verdict,
        mode=loaded.policy.mode,
        policy_set=loaded.policy.name,
        policy=loaded.digest,
        facts=digest,
        engine=loaded.manifest["engine"],
        evaluated_at=at,
        rules=results,
        overridden=overridden,
        review_by=at + timedelta(hours=terms.review_hours) if overridden else None,
    )


def verdict_of(results: Iterable[RuleResult]) -> Verdict:
    """Return the verdict: what is certainly wrong outweighs what is unknown, and that what is awaited."""
    blocking = [each for each in results if each.blocks]
    if any(each.status is Status.FAIL and not each.is_pending for each in blocking):
        return Verdict.DENY
    if any(each.status is Status.ERROR for each in blocking):
        return Verdict.INDETERMINATE
    return Verdict.PENDING if blocking else Verdict.ALLOW


class _Judge:
    """Waivers and broken glass, which belong to the gate and not to rules."""

    def __init__(self, loaded: LoadedSet, facts: Mapping[str, Any], at: datetime) -> None:
        self._loaded = loaded
        self._facts = facts
        self._at = at
        self._service: str = facts["release"]["service"]
        self._artifacts = [each["digest"] for each in facts["artifacts"]]
        said = map(Waiver.of, facts["waivers"])
        self._waivers = [each for each in said if each.is_valid(at, loaded.policy.waivers)]

    def result(self, run: RuleRun) -> RuleResult:
        """Return what *run* comes to."""
        rule = run.rule
        violations = tuple(self._violation(run, found) for found in run.found)
        status = _status(run, violations)
        early = rule.effective_on is not None and self._at < rule.effective_on
        if status is Status.FAIL and (early or rule.severity is not Severity.BLOCK):
            status = Status.WARN
        return RuleResult(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            status=status,
            controls=rule.controls,
            fix=rule.fix,
            evidence=run.evidence,
            violations=violations,
            effective_on=rule.effective_on if early else None,
            error=None if run.error is None else run.error[:ERROR_LENGTH_MAX],
        )

    def overridden(self, results: tuple[RuleResult, ...]) -> tuple[str, ...]:
        """Return the rules that people broke the glass against; none unless they may override them all."""
        blocking = tuple(each.rule for each in results if each.blocks)
        terms = self._loaded.policy.break_glass
        return blocking if self._is_broken(terms) and not set(blocking) & set(terms.never_for) else ()

    def _is_broken(self, terms: BreakGlassTerms) -> bool:
        said = self._facts["break_glass"]
        people = {each for each in said["approvers"] if each.strip()}
        return bool(
            terms.allowed
            and said["requested"]
            and said["reason"].strip()
            and len(people) >= terms.approvers_min
        )

    def _violation(self, run: RuleRun, found: Found) -> Violation:
        rule = run.rule
        waiver = self._waiver(rule.id, found.term) if rule.waivable else None
        return Violation(
            check=f"{rule.id}/{found.check}",
            term=found.term,
            message=found.message,
            awaits=_awaits(run, found),
            waiver=None if waiver is None else waiver.id,
            waiver_ref=None if waiver is None else waiver.ref,
            waiver_expires=None if waiver is None else waiver.expires_at,
        )

    def _waiver(self, rule: str, term: str) -> Waiver | None:
        covering = (each for each in self._waivers if each.covers(rule, term, self._service, self._artifacts))
        return max(covering, key=lambda each: (each.expires_at, each.id), default=None)


def _status(run: RuleRun, violations: tuple[Violation, ...]) -> Status:
    if run.error is not None:
        return Status.ERROR
    if not run.applies:
        return Status.SKIP
    if not violations:
        return Status.PASS
    return Status.WAIVED if all(each.waiver is not None for each in violations) else Status.FAIL


def _awaits(run: RuleRun, found: Found) -> Awaits | None:
    return next(check.awaits for check in run.rule.checks if check.id == found.check)


def _undecided(loaded: LoadedSet, facts: Mapping[str, Any], because: str) -> Outcome:
    return Outcome(
        verdict=Verdict.INDETERMINATE,
        mode=loaded.policy.mode,
        policy_set=loaded.policy.name,
        policy=loaded.digest,
        facts=_digest_of_anything(facts),
        engine=loaded.manifest["engine"],
        evaluated_at=None,
        rules=(),
        because=because,
    )


def _digest_of(facts: Mapping[str, Any]) -> Digest:
    """Return the digest of *facts*; raises `MalformedValue` when they are too large."""
    content = canonical.encode(facts)
    if len(content) > schema.BYTES_MAX:
        raise MalformedValue(f"facts come to {len(content)} bytes, at most {schema.BYTES_MAX}")
    return Digest.of(content)


def _digest_of_anything(facts: Mapping[str, Any]) -> Digest | None:
    try:
        return canonical.digest(facts)
    except (TypeError, ValueError, RecursionError):
        return None
