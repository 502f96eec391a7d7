"""Whatever an author can get wrong is refused when it is loaded, with the place."""

import pytest

from adapters.policy.engine import CelSet
from domain.errors import MalformedPolicy
from tests.policies import library

RULE = b"""\
api: shiplog/policy/v1
rule: TRY-001
title: A rule to be spoilt
why: To see what happens.
fix: Do not spoil it.
severity: block
controls: ["SOC2:CC8.1"]
params:
  least: {type: int, floor: 1, help: the least}
  suites: {type: texts, floor: 1, help: suites}
  age: {type: duration, floor: 1h, default: 2h, help: an age}
let:
  here: facts.promotion.environment == 'prod' && params.age > duration('1s')
when: "here"
evidence: facts.provenance.map(p, p.ref)
checks:
  - id: some
    require: size(facts.provenance) > 0
    message: "'nothing'"
  - id: level
    for_each: {item: p, in: facts.provenance}
    term: p.ref
    require: p.level >= params.least
    message: "p.builder"
  - id: suite
    for_each: {item: s, in: params.suites}
    term: s
    require: facts.tests.exists(t, t.suite == s)
    message: "'no ' + s"
"""
SET = b"""\
api: shiplog/policy/v1
set: try
owner: group:nobody
mode: enforce
minimum_rules: 1
rules:
  - use: TRY-001
    with: {least: 2, suites: [unit]}
waivers: {max_days: 90, min_approvers: 2}
break_glass: {allowed: true, min_approvers: 2, never_for: [], review_within: 24h}
"""


def load(rule: bytes = RULE, policy: bytes = SET, **more: bytes) -> CelSet:
    files = {"rules/try-001.yaml": rule, "sets/try.yaml": policy, **more}
    return library.ENGINE.load(files, "try")


def test_the_rule_and_the_set_load_as_they_are() -> None:
    assert load().rules[0].id == "TRY-001"


SPOILT_RULES = {
    "a misspelt fact": ("p.level >=", "p.levle >=", "levle"),
    "a misspelt section": ("facts.tests", "facts.test", "test"),
    "a misspelt parameter": ("params.least", "params.leest", "leest"),
    "an undeclared variable": ("t.suite == s", "t.suite == x", "x"),
    "an unknown function": ("facts.tests.exists(t,", "facts.tests.exits(t,", "suite/require"),
    "the wrong number of arguments": ("p.level >= params.least", "size(p.ref, 1) > 0", "level/require"),
    "a number compared with a text": ("p.level >= params.least", "p.level >= '2'", "level/require"),
    "a condition that is no condition": ("p.level >= params.least", "p.level", "expected BOOL"),
    "a message that is no text": ('message: "p.builder"', 'message: "p.level"', "expected STRING"),
    "a term that is no text": ("term: p.ref", "term: p.level", "expected STRING"),
    "evidence that is no list": (
        "evidence: facts.provenance.map(p, p.ref)",
        "evidence: facts.build.ref",
        "evidence",
    ),
    "a when that is no condition": ('when: "here"', "when: facts.build.ref", "when"),
    "a let nobody can understand": ("== 'prod'", "= 'prod'", "let here"),
    "a let that is called facts": ("  here: facts", "  facts: facts", "facts"),
    "an item that is called params": ("{item: p, in", "{item: params, in", "params"),
    "a for_each over what may be empty": (
        "size(facts.provenance) > 0",
        "size(facts.sboms) > 0",
        "facts.provenance",
    ),
    "a check against nothing that always holds": (
        "size(facts.provenance) > 0",
        "size(facts.provenance) > 0 || true",
        "facts.provenance",
    ),
    "a for_each over what is no list": ("in: params.suites", "in: facts.build.id", "suite"),
    "a for_each over a parameter without a floor": ("type: texts, floor: 1", "type: texts", "floor"),
    "parentheses that reach out": (
        "require: p.level >= params.least",
        'require: "true) || (true"',
        "level/require",
    ),
    "an unknown key": ("severity: block", "severity: block\nseverty: warn", "severty"),
    "an unknown key in a check": ("    term: s\n", "    term: s\n    terms: s\n", "terms"),
    "an unknown severity": ("severity: block", "severity: blocking", "blocking"),
    "an unknown type": ("type: int", "type: integer", "integer"),
    "a floor of what has none": ("type: int, floor: 1", "type: text, floor: 1", "floor"),
    "a default below the floor": ("default: 2h", "default: 30m", "floor"),
    "names of what has none": ("type: int, floor: 1", "type: int, floor: 1, names: [one]", "names"),
    "a default that is none of the names": (
        "suites: {type: texts, floor: 1,",
        "suites: {type: texts, floor: 1, names: [unit], default: [unti],",
        "unti",
    ),
    "no title": ("title: A rule to be spoilt\n", "", "title"),
    "no checks": (RULE[RULE.index(b"checks:") :].decode(), "checks: []\n", "checks"),
    "a check twice": ("- id: suite", "- id: some", "twice"),
    "an id that is none": ("rule: TRY-001", "rule: try one", "try one"),
    "a control that is none": ("SOC2:CC8.1", "CC8.1", "CC8.1"),
    "a key twice": ("why: To see", "title: Again\nwhy: To see", "twice"),
    "an anchor": ("why: To see", "why: &a To see", "anchor"),
    "a tag": ("why: To see", "why: !!str To see", "tag"),
    "a bare no": ("why: To see what happens.", "why: no", "two ways"),
    "a bare number with a point": (
        "least: {type: int, floor: 1,",
        "least: {type: int, floor: 1.0,",
        "two ways",
    ),
    "another language": ("shiplog/policy/v1", "shiplog/policy/v2", "v2"),
    "two documents": ("checks:", "---\nchecks:", "document"),
    "too long an expression": ("p.level >= params.least", "true || " * 600 + "true", "characters"),
    "a day that is none": ("severity: block", "severity: block\neffective_on: tomorrow", "tomorrow"),
    "a NUL": ("why: To see what happens.", 'why: "To\\0see"', "cannot be seen"),
    "a space of no width": ("why: To see", "why: To\u200b see", "cannot be seen"),
    "a remark that turns round": ("why: To see", "# \u202e eurt\nwhy: To see", "cannot be seen"),
    "a space that is none": (
        "size(facts.provenance) > 0",
        "size(facts.provenance)\u00a0> 0",
        "cannot be seen",
    ),
    "no YAML": ("checks:", "checks: [", ""),
    "a check that always holds": ("p.level >= params.least", "true", "nothing about the facts"),
    "a check that holds behind a remark": ("p.level >= params.least", "true // ", "nothing about the facts"),
    "a check of numbers": ("p.level >= params.least", "1 < 2", "nothing about the facts"),
    "a check of parameters alone": ("p.level >= params.least", "params.least > 0", "nothing about the facts"),
    "a way round": ("p.level >= params.least", "p.level >= params.least || true", "always true"),
    "a way round behind a question": (
        "p.level >= params.least",
        "'false ? false : p.level > 0'",
        "always true",
    ),
    "a parameter that no condition asks for": (" && params.age > duration('1s')", "", "parameter age"),
    "a parameter that is only told": (
        'require: p.level >= params.least\n    message: "p.builder"',
        "require: p.level >= 2\n    message: string(params.least)",
        "parameter least",
    ),
    "evidence that is none": (
        "evidence: facts.provenance.map(p, p.ref)",
        "evidence: \"['x']\"",
        "nothing about the facts",
    ),
    "a when that is never true": ('when: "here"', 'when: "false"', "always true, or never"),
    "a when of numbers": ('when: "here"', "when: 1 == 2", "always true, or never"),
    "whether a fact is there": ("p.level >= params.least", "has(p.level)", "has()"),
    "whether a fact is null": ("p.level >= params.least", "p != null", "null"),
    "what type a fact has": ("p.level >= params.least", "type(p) == type(p)", "type()"),
    "a misspelt fact of any type": (
        "p.level >= params.least",
        "'[p, 1][0].?levle.orValue(9) == 9'",
        "type is not known",
    ),
    "a misspelt fact behind dyn": ("p.level >= params.least", "dyn(p).levle == 2", "type is not known"),
    "a for_each over lists": (
        "in: params.suites",
        "in: 'facts.sboms.map(s, s.licences)', allow_empty: true",
        "no single values",
    ),
    "a for_each over nothing": (
        "in: params.suites}",
        "in: '[]', allow_empty: true}",
        "nothing about the facts",
    ),
    "a list of any length": (
        "p.level >= params.least",
        "p.level > size(lists.range(99999999))",
        "any length",
    ),
    "a for_each whose guard may never be asked": (
        "  - id: some\n",
        "  - id: some\n    for_each: {item: f, in: facts.freezes, allow_empty: true}\n",
        "facts.provenance",
    ),
}


@pytest.mark.parametrize("what", SPOILT_RULES)
def test_a_rule_is_refused_for(what: str) -> None:
    good, bad, said = SPOILT_RULES[what]
    assert good.encode() in RULE
    with pytest.raises(MalformedPolicy) as refused:
        load(RULE.replace(good.encode(), bad.encode(), 1))
    assert said in str(refused.value)
    assert "TRY-001" in str(refused.value) or "rules/try-001.yaml" in str(refused.value)


SPOILT_SETS = {
    "an unknown rule": ("use: TRY-001", "use: TRY-002", "TRY-002"),
    "a misspelt parameter": ("least: 2", "leest: 2", "leest"),
    "a missing parameter": ("least: 2, ", "", "least"),
    "a parameter of the wrong type": ("least: 2", 'least: "2"', "sets/try.yaml:8"),
    "a parameter below its floor": ("least: 2", "least: 0", "floor"),
    "nothing where something is needed": ("suites: [unit]", "suites: []", "floor"),
    "fewer rules than it says": ("minimum_rules: 1", "minimum_rules: 2", "minimum_rules"),
    "no rule at all": (
        "rules:\n  - use: TRY-001\n    with: {least: 2, suites: [unit]}",
        "rules: []",
        "rules",
    ),
    "an unknown mode": ("mode: enforce", "mode: enforced", "enforced"),
    "an unknown key": ("owner:", "owners: x\nowner:", "owners"),
    "a waiver for ever": ("max_days: 90", "max_days: 36500", "max_days"),
    "a waiver by nobody": (
        "max_days: 90, min_approvers: 2",
        "max_days: 90, min_approvers: 0",
        "min_approvers",
    ),
    "glass that one person breaks": ("true, min_approvers: 2", "true, min_approvers: 1", "min_approvers"),
    "a review that never is due": ("review_within: 24h", "review_within: 400d", "review_within"),
    "a review in half an hour": ("review_within: 24h", "review_within: 30m", "whole hours"),
    "never for a rule it does not use": ("never_for: []", "never_for: [TRY-009]", "TRY-009"),
    "an environment in capitals": ("owner:", "environments: [Prod]\nowner:", "Prod"),
}


@pytest.mark.parametrize("what", SPOILT_SETS)
def test_a_set_is_refused_for(what: str) -> None:
    good, bad, said = SPOILT_SETS[what]
    assert good.encode() in SET
    with pytest.raises(MalformedPolicy) as refused:
        load(policy=SET.replace(good.encode(), bad.encode(), 1))
    assert said in str(refused.value)


def test_a_check_of_a_name_that_stands_for_nothing_is_refused() -> None:
    rule = RULE.replace(b"facts.promotion.environment == 'prod' &&", b"params.least > 0 &&")
    rule = rule.replace(b'when: "here"', b"when: facts.source.protected")
    with pytest.raises(MalformedPolicy, match="nothing about the facts"):
        load(rule.replace(b"p.level >= params.least", b"here"))


def test_a_name_that_a_rule_does_not_know_is_refused_where_it_is_said() -> None:
    rule = RULE.replace(b"suites: {type: texts,", b"suites: {type: texts, names: [unit, integration],")
    assert load(rule).rules
    with pytest.raises(MalformedPolicy, match=r"sets/try\.yaml:8: suites names 'unti'"):
        load(rule, SET.replace(b"[unit]", b"[unti]"))


def test_a_rule_in_two_files_is_refused() -> None:
    with pytest.raises(MalformedPolicy, match="TRY-001"):
        load(**{"rules/again.yaml": RULE})


def test_a_set_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(MalformedPolicy, match="try"):
        library.ENGINE.load({"sets/try.yaml": SET, "rules/try-001.yaml": RULE}, "production")


@pytest.mark.parametrize("name", ["rules/more.yml", "rule/more.yaml", "rules/more.json", "README.md"])
def test_a_file_that_would_not_be_read_is_refused(name: str) -> None:
    with pytest.raises(MalformedPolicy, match="not read"):
        load(**{name: RULE.replace(b"TRY-001", b"TRY-002")})


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(MalformedPolicy, match="UTF-8"):
        load(b"\xff\xfe")


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(MalformedPolicy, match="larger"):
        load(b"#" * (1 << 19))


def test_what_is_too_deep_is_refused() -> None:
    with pytest.raises(MalformedPolicy, match="deeper"):
        load(RULE.replace(b"fix: Do not spoil it.", b"fix: " + b"[" * 40 + b"]" * 40))
