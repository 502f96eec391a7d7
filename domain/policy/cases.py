"""Cases: what a rule, or a set, is expected to come to on facts that are told in full.

A check that was never seen to fail may never fail, and one that was never seen to hold may refuse everybody:
of each check, and of each condition under which a rule applies, both have to be seen.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.errors import MalformedPolicy
from domain.policy.decide import decide
from domain.policy.engine import LoadedSet
from domain.policy.outcome import Outcome, RuleResult, Status, Verdict

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Facts, as they differ from those that are ready to go, and what is expected of them."""

    name: str
    expect: Status | Verdict
    changes: tuple[tuple[Path, Any], ...] = ()
    removed: tuple[Path, ...] = ()
    fails: tuple[str, ...] | None = None
    """Checks that are violated, each once or more; of a set, as `RULE/check`. None: it is not said."""


@dataclass(slots=True)
class Seen:
    """Which sides of each check and condition cases have seen."""

    sides: set[tuple[str, str, bool]] = field(default_factory=set)
    """Rule, check or `when`, and whether it held."""

    def take_in(self, results: Iterable[RuleResult], loaded: LoadedSet) -> None:
        """Learn from what a case came to."""
        rules = {rule.id: rule for rule in loaded.rules}
        for result in results:
            if result.status is Status.ERROR:
                continue
            applies = result.status is not Status.SKIP
            self.sides.add((result.rule, "when", applies))
            if applies:
                violated = {each.check.partition("/")[2] for each in result.violations}
                for check in rules[result.rule].checks:
                    self.sides.add((result.rule, check.id, check.id not in violated))

    def unseen(self, loaded: LoadedSet) -> tuple[str, ...]:
        """Return, in words, what no case has seen of the rules of *loaded*."""
        missing = []
        for rule in loaded.rules:
            sides = [(check.id, side) for check in rule.checks for side in (True, False)]
            conditions = [] if rule.when == "true" else [("when", True), ("when", False)]
            for name, side in (*sides, *conditions):
                never_fails = any(c.id == name and c.require == "false" for c in rule.checks)
                if (rule.id, name, side) not in self.sides and not (never_fails and side):
                    missing.append(f"{rule.id}/{name} was never seen to {'hold' if side else 'fail'}")
        return tuple(missing)


def facts_of(ready: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Return the facts of *case*; raises `MalformedPolicy` when what it changes is not there."""
    facts = copy.deepcopy(dict(ready))
    for path, value in case.changes:
        inside, last = _inside(facts, path, case)
        if isinstance(inside, list) and last == len(inside):
            inside.append(value)
        else:
            _check_there(inside, last, path, case)
            inside[last] = value
    for path in case.removed:
        inside, last = _inside(facts, path, case)
        _check_there(inside, last, path, case)
        del inside[last]
    return facts


def try_case(loaded: LoadedSet, ready: Mapping[str, Any], case: Case) -> tuple[Outcome, str | None]:
    """Return what *case* came to, and how that is not what it expects; None when it is."""
    outcome = decide(loaded, facts_of(ready, case))
    if isinstance(case.expect, Verdict):
        got: Status | Verdict = outcome.verdict
        violated = {each.check for result in outcome.rules if result.blocks for each in _open(result)}
    else:
        got = outcome.rules[0].status if outcome.rules else Status.ERROR
        violated = {each.check.partition("/")[2] for result in outcome.rules for each in _open(result)}
    if got is not case.expect:
        why = outcome.because or "; ".join(filter(None, (each.error for each in outcome.rules)))
        return (
            outcome,
            f"is {got}, expected {case.expect}{f' ({why})' if why else ''}; violated {_listed(violated)}",
        )
    if case.fails is not None and violated != set(case.fails):
        return outcome, f"violates {_listed(violated)}, expected {_listed(case.fails)}"
    return outcome, None


def _open(result: RuleResult) -> list[Any]:
    """Return what is violated and not waived."""
    return [each for each in result.violations if each.waiver is None or result.status is Status.WAIVED]


def _inside(facts: Any, path: Path, case: Case) -> tuple[Any, Any]:
    """Return what holds the last step of *path*, and that step."""
    try:
        for step in path[:-1]:
            facts = facts[_step(facts, step)]
        return facts, _step(facts, path[-1])
    except (KeyError, IndexError, ValueError, TypeError) as wrong:
        raise _not_there(path, case) from wrong


def _check_there(inside: Any, last: Any, path: Path, case: Case) -> None:
    there = isinstance(inside, dict) and last in inside
    if not there and not (isinstance(inside, list) and 0 <= last < len(inside)):
        raise _not_there(path, case)


def _not_there(path: Path, case: Case) -> MalformedPolicy:
    return MalformedPolicy(f"case {case.name[:60]!r}: there is no {'.'.join(path)[:120]} in the facts")


def _step(inside: Any, step: str) -> Any:
    return int(step) if isinstance(inside, list) else step


def _listed(checks: Iterable[str]) -> str:
    return ", ".join(sorted(checks)) or "nothing"
