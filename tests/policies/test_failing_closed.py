"""Whatever goes wrong, nothing is allowed by it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import MalformedValue
from domain.policy import facts as schema
from domain.policy.decide import decide, verdict_of
from domain.policy.outcome import Outcome, RuleResult, Status, Verdict
from domain.policy.rule import Severity
from tests.policies import library
from tests.policies.test_what_is_refused import RULE, SET, load

SPOILT_FACTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a member is missing": lambda f: f["release"].pop("digest"),
    "a section is missing": lambda f: f.pop("scans"),
    "a member nobody knows": lambda f: f["release"].update(digset="x"),
    "a number for a text": lambda f: f["release"].update(digest=1),
    "a text for a number": lambda f: f["release"].update(number="1"),
    "a truth for a number": lambda f: f["release"].update(number=True),
    "null": lambda f: f["release"].update(digest=None),
    "a fraction": lambda f: f["findings"][0].update(age_days=1.5),
    "too large a number": lambda f: f["findings"][0].update(age_days=2**60),
    "a NUL": lambda f: f["promotion"].update(reason="a\0b"),
    "a line break": lambda f: f["promotion"].update(reason="a\nb"),
    "half a surrogate": lambda f: f["promotion"].update(reason="\ud800"),
    "a NUL in a name": lambda f: f["sboms"][0]["licences"].update({"M\0IT": 1}),
    "a time without an offset": lambda f: f["evaluation"].update(time="2026-11-18T10:30:00"),
    "a time in another spelling": lambda f: f["evaluation"].update(time="2026-11-18T11:30:00+01:00"),
    "a day that there is not": lambda f: f["evaluation"].update(time="2026-02-30T10:30:00Z"),
    "a list for a record": lambda f: f.update(release=[]),
    "a record for a list": lambda f: f.update(scans={}),
    "too many": lambda f: f.update(findings=f["findings"] * 4000),
    "too long a text": lambda f: f["promotion"].update(reason="x" * 5000),
    "another schema": lambda f: f.update(schema="shiplog/facts/v2"),
}


@pytest.mark.parametrize("what", SPOILT_FACTS)
def test_facts_that_are_not_of_their_form_decide_nothing(what: str) -> None:
    facts = library.ready()
    SPOILT_FACTS[what](facts)
    with pytest.raises(MalformedValue):
        schema.check(facts)
    outcome = decide(library.loaded(), facts)
    assert outcome.verdict is Verdict.INDETERMINATE
    assert not outcome.permits
    assert outcome.because


def test_facts_that_are_too_large_decide_nothing() -> None:
    facts = library.ready()
    facts["findings"] = [{**facts["findings"][0], "purl": "x" * 1300}] * 3000
    outcome = decide(library.loaded(), facts)
    assert outcome.verdict is Verdict.INDETERMINATE
    assert "bytes" in (outcome.because or "")


def test_a_set_for_other_environments_decides_nothing() -> None:
    policy = load(policy=SET.replace(b"owner:", b"environments: [qa]\nowner:"))
    outcome = decide(policy, library.ready())
    assert (outcome.verdict, outcome.permits) == (Verdict.INDETERMINATE, False)
    assert "qa" not in (outcome.because or "")
    assert "prod" in (outcome.because or "")


def _outcome(require: bytes) -> Outcome:
    return decide(
        load(RULE.replace(b">= params.least", b">= params.least && " + require, 1)), library.ready()
    )


def test_a_rule_that_cannot_be_evaluated_blocks() -> None:
    outcome = _outcome(b"facts.sboms[7].components > 0")
    assert (outcome.verdict, outcome.permits) == (Verdict.INDETERMINATE, False)
    (result,) = outcome.rules
    assert result.status is Status.ERROR
    assert result.error


def test_a_division_by_nothing_blocks() -> None:
    assert _outcome(b"1 / facts.sboms[0].without_version == 1").verdict is (Verdict.INDETERMINATE)


def test_a_rule_that_goes_round_for_too_long_blocks() -> None:
    many = "[" + ",".join("1" for _ in range(300)) + "]"
    loops = f"{many}.all(a, {many}.all(b, a == b))"
    outcome = _outcome(loops.encode())
    assert outcome.verdict is Verdict.INDETERMINATE
    assert "Iteration budget" in (outcome.rules[0].error or "")


def test_an_error_of_a_rule_that_only_warns_does_not_block() -> None:
    policy = load(
        RULE.replace(b"severity: block", b"severity: warn").replace(
            b">= params.least",
            b">= params.least && facts.sboms[7].components > 0",
            1,
        )
    )
    outcome = decide(policy, library.ready())
    assert outcome.verdict is Verdict.ALLOW
    assert outcome.warnings == ("TRY-001",)


def test_before_its_day_a_rule_warns_and_names_it() -> None:
    early = RULE.replace(b"severity: block", b'severity: block\neffective_on: "2027-01-01T00:00:00Z"')
    policy = load(early, SET.replace(b"least: 2", b"least: 4"))
    outcome = decide(policy, library.ready())
    assert outcome.verdict is Verdict.ALLOW
    assert outcome.rules[0].status is Status.WARN
    assert outcome.document()["rules"][0]["effective_on"] == "2027-01-01T00:00:00Z"
    late = library.ready()
    late["evaluation"]["time"] = "2027-01-01T00:00:00Z"
    assert decide(policy, late).verdict is Verdict.DENY


def test_a_dry_run_says_what_it_would_do_and_stops_nobody() -> None:
    policy = load(policy=SET.replace(b"mode: enforce", b"mode: dry-run").replace(b"least: 2", b"least: 4"))
    outcome = decide(policy, library.ready())
    assert outcome.verdict is Verdict.DENY
    assert outcome.permits


def _result(status: Status, severity: Severity = Severity.BLOCK) -> RuleResult:
    return RuleResult(rule="X-1", title="", severity=severity, status=status, controls=(), fix="")


@pytest.mark.parametrize("status", Status)
def test_only_what_passes_skips_is_waived_or_warns_lets_a_blocking_rule_by(status: Status) -> None:
    good = {Status.PASS, Status.SKIP, Status.WAIVED, Status.WARN}
    assert (verdict_of([_result(status)]) is Verdict.ALLOW) == (status in good)


BROKEN = {
    "requested": True,
    "requester": "ivan",
    "reason": "INC-7",
    "approvers": ["ivan", "judy"],
    "ref": "p:1",
}


def _breaking(**other: Any) -> dict[str, Any]:
    facts = library.ready()
    facts["soak"][0]["incidents"] = 1
    facts["break_glass"] = {**BROKEN, **other}
    return facts


def test_two_people_break_the_glass_and_it_is_seen() -> None:
    outcome = decide(library.loaded(), _breaking())
    assert outcome.verdict is Verdict.DENY
    assert outcome.permits
    assert outcome.overridden == ("SOAK-001",)
    assert outcome.document()["review_by"] == "2026-11-19T10:30:00Z"


@pytest.mark.parametrize(
    "other",
    [
        {"requested": False},
        {"reason": " "},
        {"approvers": ["ivan"]},
        {"approvers": ["ivan", "ivan"]},
        {"approvers": []},
        {"approvers": ["ivan", ""]},
    ],
)
def test_without_a_reason_or_a_second_person_it_stays_whole(other: dict[str, Any]) -> None:
    assert not decide(library.loaded(), _breaking(**other)).permits


def test_nobody_breaks_it_against_a_rule_that_is_never_overridden() -> None:
    facts = _breaking()
    facts["provenance"] = []
    outcome = decide(library.loaded(), facts)
    assert outcome.overridden == ()
    assert not outcome.permits


def test_it_is_not_broken_when_nothing_is_in_the_way() -> None:
    facts = copy.deepcopy(library.ready())
    facts["break_glass"] = BROKEN
    outcome = decide(library.loaded(), facts)
    assert (outcome.verdict, outcome.overridden) == (Verdict.ALLOW, ())
