"""The gate at a keyboard and in a pipeline: a verdict in words, in a number, and in what pipelines show."""

import json
from xml.etree import ElementTree

import pytest

from tests.cli.running import Shell

RELEASE = "payments-api@prod#2"


@pytest.fixture
def decided(told: Shell) -> Shell:
    """A shell on the ledger of the story, with a policy for prod."""
    told.done("policy", "propose", "slsa-build-l2", "--environment", "prod", "--reason", "a beginning")
    told.done("policy", "settle", "1", "--approve")
    return told


def test_without_a_policy_it_cannot_be_decided(told: Shell) -> None:
    ran = told("gate", RELEASE)
    assert ran.code == 14
    assert "no policy decides in prod" in ran.out


def test_a_release_without_provenance_is_denied_with_what_to_do(decided: Shell) -> None:
    ran = decided("gate", RELEASE, "--reason", "it is time")
    assert ran.code == 10
    assert ran.out.startswith(f"deny: {RELEASE}\n")
    assert "PROV-001: no verified provenance of payments-api" in ran.out
    assert "PROV-001: to do: Build with a platform" in ran.out
    assert "BLD-001" not in ran.out, "what holds is told only when it is asked for"
    assert "policy slsa-build-l2, sha256:" in ran.err


def test_it_explains_every_rule_and_shows_the_facts(decided: Shell) -> None:
    ran = decided("gate", RELEASE, "--explain")
    assert ran.code == 10
    assert "pass  BLD-001" in ran.out
    assert '"schema": "shiplog/facts/v1"' in ran.err


def test_one_document_of_json(decided: Shell) -> None:
    ran = decided("gate", RELEASE, "-o", "json", "--explain")
    answer = json.loads(ran.out)
    assert (answer["verdict"], answer["permits"]) == ("deny", False)
    assert answer["facts"]["release"]["number"] == 2
    assert answer["result_digest"].startswith("sha256:")


def test_a_summary_in_markdown(decided: Shell) -> None:
    ran = decided("gate", RELEASE, "-o", "md")
    assert ran.code == 10
    assert ran.out.startswith(f"## Gate: deny\n\n`{RELEASE}`\n")
    assert "| PROV-001 | fail | no verified provenance" in ran.out
    assert "| BLD-001 | pass |" in ran.out


def test_a_report_that_test_reporters_read(decided: Shell) -> None:
    ran = decided("gate", RELEASE, "-o", "junit")
    suite = ElementTree.fromstring(ran.out)  # noqa: S314 - we wrote it ourselves
    assert ran.code == 10
    failed = {case.get("name", "").split()[0] for case in suite if case.find("failure") is not None}
    assert "PROV-001" in failed
    assert suite.get("failures") == str(len(failed))


def test_a_report_that_code_scanners_read(decided: Shell) -> None:
    ran = decided("gate", RELEASE, "-o", "sarif")
    (run,) = json.loads(ran.out)["runs"]
    rules = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in run["results"]} <= rules
    assert any(each["ruleId"] == "PROV-001" and each["level"] == "error" for each in run["results"])


@pytest.mark.parametrize("form", ["md", "junit", "sarif"])
def test_what_cannot_be_decided_is_told_in_every_form(told: Shell, form: str) -> None:
    ran = told("gate", RELEASE, "-o", form)
    assert ran.code == 14
    assert "no policy decides in prod" in ran.out


def test_what_others_wrote_is_no_markup(decided: Shell) -> None:
    digest = "sha256:" + "ab" * 32
    artifact = f"<img|src=x>[x]`={digest}"
    told = ("record", "build", "payments-api", "--build", "ci/9", "--commit", "9f2c" * 10)
    decided.done(*told, "--repository", "https://git.example/pay", "--artifact", artifact)
    decided.done("release", "cut", "payments-api@prod", "--build", "ci/9")
    ran = decided("gate", "payments-api@prod#4", "-o", "md")
    assert "<img" not in ran.out
    assert "&#60;img&#124;src=x&#62;&#91;x&#93;&#96;" in ran.out


def test_a_release_that_there_is_not_is_not_found(decided: Shell) -> None:
    assert decided("gate", "payments-api@prod#99").code == 3
    assert decided("gate", "payments-api@prod").code == 2
