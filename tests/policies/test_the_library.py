"""Every rule does what its cases say, is seen to hold and to fail, and no change to it goes unnoticed."""

from dataclasses import replace

import pytest

from adapters.policy.engine import _loaded
from domain.errors import MalformedPolicy
from domain.policy.cases import try_case
from domain.policy.outcome import Verdict
from domain.policy.rule import Rule, Severity
from domain.policy.trying import CASES_MAX, Trial, ready_facts, try_all
from tests.policies import library
from tests.policies.mutants import mutants

SETS = ("baseline", "regulated", "slsa-build-l2", "slsa-build-l3")
RULES = library.ENGINE.rules(library.files())
BLOCKING = [rule.id for rule in RULES if rule.severity is Severity.BLOCK]


def test_every_case_comes_out_as_it_says_and_every_side_is_seen() -> None:
    tried = library.ENGINE.trials(library.files())
    result = try_all(tried, library.files())
    assert result.wrong == ()
    assert result.rules == tuple(rule.id for rule in RULES), "every rule has cases of its own"
    assert result.cases >= 160


def test_more_cases_than_anybody_waits_for_are_refused() -> None:
    trial = library.trials()[0]
    many = replace(trial, cases=trial.cases[:1] * (CASES_MAX + 1))
    with pytest.raises(MalformedPolicy, match="cases, at most"):
        try_all([many], library.files())


def test_a_set_with_many_files_of_cases_is_loaded_once() -> None:
    again = {f"tests/again-{number}.yaml": library.files()["tests/regulated.yaml"] for number in range(3)}
    trials = library.ENGINE.trials({**library.files(), **again})
    assert len({id(each.loaded) for each in trials if not each.of_rule}) == 1


def test_the_sets_are_those_that_are_promised() -> None:
    assert library.ENGINE.names(library.files()) == SETS


@pytest.mark.parametrize("name", SETS)
def test_what_is_ready_is_allowed_by_every_set(name: str) -> None:
    (trial,) = [each for each in library.trials() if each.loaded.policy.name == "regulated"]
    (case,) = [each for each in trial.cases if each.expect is Verdict.ALLOW and not each.changes]
    outcome, problem = try_case(library.loaded(name), library.ready(), case)
    assert problem is None
    assert outcome.permits


@pytest.mark.parametrize("id_", [rule.id for rule in RULES])
def test_a_rule_lies_in_a_file_of_its_name_and_says_what_to_do(id_: str) -> None:
    assert f"rules/{id_.lower()}.yaml" in library.files()
    (rule,) = [each for each in RULES if each.id == id_]
    assert rule.fix
    assert rule.controls


@pytest.mark.parametrize("id_", BLOCKING)
def test_no_mutant_of_a_blocking_rule_survives(id_: str) -> None:
    trials = [each for each in library.trials() if each.of_rule and each.loaded.rules[0].id == id_]
    survivors = []
    for what, mutant in mutants(trials[0].loaded.rules[0]):
        if mutant is not None and all(_goes_unnoticed(trial, mutant) for trial in trials):
            survivors.append(what)
    assert survivors == []


def test_a_rule_that_is_not_changed_is_no_mutant_that_dies() -> None:
    trial = next(each for each in library.trials() if each.of_rule)
    assert _goes_unnoticed(trial, trial.loaded.rules[0])


def _goes_unnoticed(trial: Trial, rule: Rule) -> bool:
    try:
        changed = _loaded(trial.loaded.policy, {rule.id: rule}, {})
    except Exception:  # it is refused when it is loaded
        return False
    ready = ready_facts(library.files(), trial.facts)
    return all(try_case(changed, ready, case)[1] is None for case in trial.cases)
