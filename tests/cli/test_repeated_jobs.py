"""A CI job's step that runs twice reports once; another attempt of the job reports again."""

import json
import re

import pytest

from tests.cli.running import Shell
from tests.cli.test_ci import BUILDKITE, GITHUB, GITLAB, JENKINS

COMMIT = "9f2c" * 10
DIGEST = "sha256:" + "5f" * 32
BUILD = (
    *("record", "build", "payments-api", "--commit", COMMIT, "--artifact", f"api={DIGEST}"),
    *("--repository", "https://git.example/pay"),
)
DEPLOYMENT = ("record", "deployment", "payments-api@prod", "--release", "2")
REPORTS = [
    ("record", "config", "payments-api@prod", "--set", "DB_POOL_MAX=40", "--secret", "TOKEN=hunter2"),
    DEPLOYMENT,
    ("record", "removal", "payments-api@prod", "--slot", "canary"),
    ("record", "observation", "prod", "--reporter", "agent", "--running", f"payments-api={DIGEST}"),
    ("rollback", "payments-api@prod", "--to", "1", "--reason", "release 2 loses orders"),
]
NAMED_BY_CONTENT = [BUILD, ("release", "cut", "payments-api@prod", "--build", "ci/1")]
JOBS = {
    "github": (GITHUB, {"GITHUB_RUN_ATTEMPT": "3"}),
    "gitlab": (GITLAB, {"CI_JOB_ID": "10"}),
    "buildkite": (BUILDKITE | {"BUILDKITE_RETRY_COUNT": "0"}, {"BUILDKITE_RETRY_COUNT": "1"}),
    "jenkins": (JENKINS, {"BUILD_NUMBER": "8"}),
    "a name with spaces": (JENKINS | {"JOB_NAME": "pay % über"}, {"BUILD_NUMBER": "8"}),
}


@pytest.fixture
def released(shiplog: Shell) -> Shell:
    """A ledger with releases 1 and 2 of payments-api@prod, of which 2 runs."""
    shiplog.done(*BUILD, "--build", "ci/1")
    for size in ("40", "80"):
        shiplog.done("record", "config", "payments-api@prod", "--set", f"DB_POOL_MAX={size}")
        shiplog.done("release", "cut", "payments-api@prod", "--build", "ci/1")
    shiplog.done("record", "deployment", "payments-api@prod", "--release", "2")
    return shiplog


def events(shell: Shell) -> int:
    count = shell.done("verify", "-o", "json").json["events"]
    assert isinstance(count, int)
    return count


def id_of(said: str) -> str:
    found = re.search(r"^id: (\S+) ", said, re.MULTILINE)
    assert found is not None, said
    return found[1]


@pytest.mark.parametrize("report", [*REPORTS, *NAMED_BY_CONTENT], ids=lambda report: " ".join(report[:2]))
@pytest.mark.parametrize("job", ["github", "gitlab"])
def test_a_step_that_runs_twice_reports_once(released: Shell, job: str, report: tuple[str, ...]) -> None:
    released.environment = JOBS[job][0]
    first = released.done(*report, "-o", "json")
    before = events(released)
    again = released.done(*report, "-o", "json")
    assert again.json == {**first.json, "existing": True}
    assert "it was there already" in again.err
    assert events(released) == before


@pytest.mark.parametrize("job", JOBS)
def test_another_attempt_of_the_job_reports_again(released: Shell, job: str) -> None:
    released.environment, another = JOBS[job]
    first = released.done(*DEPLOYMENT, "-o", "json")
    assert released.done(*DEPLOYMENT, "-o", "json").json["existing"]
    released.environment = released.environment | another
    again = released.done(*DEPLOYMENT, "-o", "json")
    assert not again.json["existing"]
    assert id_of(again.err) != id_of(first.err)


def test_a_correction_that_is_sent_twice_is_one(released: Shell) -> None:
    position = str(released.done(*DEPLOYMENT, "-o", "json").json["position"])
    correction = ("record", "correction", position, "--reason", "it was the canary", "-o", "json")
    first = released.done(*correction)
    assert released.done(*correction).json == {**first.json, "existing": True}
    assert released("record", "correction", position, "--reason", "another").code == 5


def test_the_id_is_said_and_names_the_run_and_the_kind(released: Shell) -> None:
    released.environment = GITHUB
    said = id_of(released.done(*DEPLOYMENT).err)
    assert re.fullmatch(r"github/4711\.2/deployment/[0-9a-f]{12}", said)


def test_another_content_in_the_same_job_is_another_report(released: Shell) -> None:
    released.environment = GITHUB
    ids = {
        id_of(released.done(*DEPLOYMENT, *more).err)
        for more in ((), ("--slot", "canary"), ("--reason", "why"), ("--outcome", "failed"))
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    "more", [("--id", "mine"), ("--occurred-at", "2026-03-01T11:00Z")], ids=["its own name", "its own time"]
)
def test_a_report_with_a_name_or_a_time_of_its_own_is_not_named(
    released: Shell, more: tuple[str, ...]
) -> None:
    released.environment = GITHUB
    assert "id: " not in released.done(*DEPLOYMENT, *more).err


def test_without_a_ci_job_each_report_is_another(released: Shell) -> None:
    assert not released.done(*DEPLOYMENT, "-o", "json").json["existing"]
    assert not released.done(*DEPLOYMENT, "-o", "json").json["existing"]


def test_a_release_of_what_was_configured_meanwhile_is_another(released: Shell) -> None:
    released.environment = GITHUB
    cut = ("release", "cut", "payments-api@prod", "--build", "ci/1", "-o", "json")
    assert released.done(*cut).json["release"] == 2
    released.done("record", "config", "payments-api@prod", "--set", "DB_POOL_MAX=120")
    assert released.done(*cut).json["release"] == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("--secret", "TOKEN=hunter2"), ("--secret", "TOKEN=hunter3")),
        (("--author", "ann"), ("--author", "bob")),
    ],
)
def test_nobody_can_try_guesses_on_the_id_of_a_configuration(
    released: Shell, one: tuple[str, str], other: tuple[str, str]
) -> None:
    released.environment = GITHUB
    config = ("record", "config", "payments-api@prod", "--set", "A=1")
    first = released.done(*config, *one)
    again = released(*config, *other)
    assert id_of(first.err) == id_of(again.err)
    assert (again.code, again.out) == (5, ""), "and another secret under it is not taken for the same"


def test_the_names_of_secrets_and_plain_values_are_in_the_id(released: Shell) -> None:
    released.environment = GITHUB
    ids = {
        id_of(released.done("record", "config", "payments-api@prod", *entries).err)
        for entries in (
            ("--set", "A=1", "--secret", "B=2"),
            ("--set", "A=2", "--secret", "B=2"),
            ("--set", "A=1", "--secret", "C=2"),
            ("--set", "secret=1"),
            ("--set", "secret=2"),
        )
    }
    assert len(ids) == 5


def test_what_is_no_report_is_refused_by_the_server_as_before(released: Shell) -> None:
    released.environment = GITHUB
    seen = json.dumps([{"service": 1.5, "artifacts": [DIGEST]}]).encode()
    ran = released("record", "observation", "prod", "--reporter", "a", "--from-file", "-", stdin=seen)
    assert ran.code == 2
    assert "#/running/0/service" in ran.err


def test_an_empty_variable_of_the_run_is_a_usage_error(released: Shell) -> None:
    released.environment = GITHUB | {"GITHUB_RUN_ID": ""}
    ran = released(*DEPLOYMENT)
    assert ran.code == 2
    assert "GITHUB_RUN_ID is empty" in ran.err
    assert "--id" in ran.err
