"""CEL in C++, CEL in Rust and plain Python say the same of every fact that can be made up."""

from collections.abc import Mapping
from random import Random

import pytest

from domain.policy import facts as schema
from domain.policy.cases import facts_of
from domain.policy.rule import Value
from domain.policy.trying import Trial
from tests.policies import library, oracle
from tests.policies.random_facts import mutated
from tests.policies.rust import Twin

DOCUMENTS = 1500
PARTS = 6


def _given(id_: str) -> Mapping[str, Value]:
    (use,) = [each for each in library.loaded().policy.uses if each.rule == id_]
    return use.given


def test_the_oracle_knows_every_rule_of_the_set() -> None:
    assert oracle.RULES.keys() == {rule.id for rule in library.loaded().rules}


@pytest.mark.parametrize("part", range(PARTS))
def test_they_agree_on_random_facts(part: int) -> None:
    dice = Random(f"facts {part}")  # noqa: S311 - it has to be the same every time
    ready, violated = library.ready(), 0
    found: set[tuple[str, str]] = set()
    for _ in range(DOCUMENTS // PARTS):
        facts = mutated(ready, dice)
        schema.check(facts)
        twin = Twin(facts)
        for run in library.loaded().run(facts):
            given = _given(run.rule.id)
            mine = [(each.check, each.term) for each in run.found] if run.applies else None
            assert run.error is None
            assert twin.violations(run.rule, given) == mine, run.rule.id
            skipped = run.rule.id == "FRZ-001" and facts["promotion"]["emergency"]
            expected = None if skipped else sorted(oracle.RULES[run.rule.id](facts, given))
            assert (None if mine is None else sorted(mine)) == expected, run.rule.id
            found.update((run.rule.id, check) for check, _ in mine or ())
            violated += len(mine or ())
    assert violated > DOCUMENTS // PARTS, "most of them violate something"
    assert len(found) > 25, "and many different things"


@pytest.mark.parametrize("trial", library.trials(), ids=lambda each: each.place)
def test_rust_agrees_on_every_case(trial: Trial) -> None:
    for case in trial.cases:
        if case.removed:
            continue
        facts = facts_of(library.ready(), case)
        twin = Twin(facts)
        for run, use in zip(trial.loaded.run(facts), trial.loaded.policy.uses, strict=True):
            mine = [(each.check, each.term) for each in run.found] if run.applies else None
            assert twin.violations(run.rule, use.given) == mine, case.name
