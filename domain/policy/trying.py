"""A library of rules tried against all of its cases."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from domain.errors import MalformedPolicy
from domain.policy import facts as schema
from domain.policy.cases import Case, Seen, try_case
from domain.policy.engine import LoadedSet, PolicyEngine
from domain.policy.outcome import Status

FACTS = "tests/{}.json"
CASES_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Cases of one rule by itself, or of a set."""

    place: str
    loaded: LoadedSet
    of_rule: bool
    facts: str
    """Name of the facts that the cases change."""
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    cases: int
    rules: tuple[str, ...]
    """Ids of the rules that have cases of their own."""
    wrong: tuple[str, ...]
    """What did not come out as expected, and what was never seen, in words."""


class TryingEngine(PolicyEngine, Protocol):
    """An engine that finds the cases, too."""

    def trials(self, files: Mapping[str, bytes]) -> tuple[Trial, ...]:
        """Return the cases under `tests/`, each file of them with what it is of."""
        ...


def try_all(trials: Iterable[Trial], files: Mapping[str, bytes]) -> Tried:
    """Try every case on the facts in *files*; raises `MalformedPolicy` when these are none, or too many."""
    trials = tuple(trials)
    if (all_ := sum(len(trial.cases) for trial in trials)) > CASES_MAX:
        raise MalformedPolicy(f"{all_} cases, at most {CASES_MAX}")
    count = 0
    wrong: list[str] = []
    seen: dict[str, Seen] = {}
    loaded: dict[str, LoadedSet] = {}
    for trial in trials:
        ready = ready_facts(files, trial.facts)
        for case in trial.cases:
            outcome, problem = try_case(trial.loaded, ready, case)
            count += 1
            if problem is not None:
                wrong.append(f"{trial.place}: {case.name}: {problem}")
            if trial.of_rule and case.expect is not Status.ERROR:
                rule = trial.loaded.rules[0].id
                seen.setdefault(rule, Seen()).take_in(outcome.rules, trial.loaded)
                loaded[rule] = trial.loaded
    for rule, sides in sorted(seen.items()):
        wrong += sides.unseen(loaded[rule])
    return Tried(count, tuple(sorted(seen)), tuple(wrong))


def ready_facts(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Return the facts *name* of *files*, complete and in order."""
    content = files.get(FACTS.format(name))
    if content is None:
        raise MalformedPolicy(f"there are no facts {FACTS.format(name)}")
    try:
        facts = json.loads(content)
        schema.check(facts)
    except (ValueError, RecursionError) as wrong:
        raise MalformedPolicy(f"{FACTS.format(name)} is not JSON: {str(wrong)[:120]}") from wrong
    return dict(facts)
