"""What a build is said to be when a CI system's variables say it."""

import pytest

from api.cli import ci
from tests.cli.running import Shell

COMMIT = "9f2c" * 10
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": COMMIT,
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/payments-api",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW_REF": "acme/payments-api/.github/workflows/ci.yml@refs/heads/main",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": COMMIT,
    "CI_PROJECT_URL": "https://gitlab.example/acme/payments-api",
    "CI_COMMIT_REF_NAME": "main",
    "CI_PIPELINE_ID": "4711",
    "CI_JOB_ID": "9",
    "CI_CONFIG_PATH": ".gitlab-ci.yml",
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_COMMIT": COMMIT,
    "BUILDKITE_REPO": "git@git.example:acme/payments-api.git",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_TAG": "",
    "BUILDKITE_PIPELINE_SLUG": "pay",
    "BUILDKITE_ORGANIZATION_SLUG": "acme",
    "BUILDKITE_BUILD_NUMBER": "7",
}
CIRCLE = {
    "CIRCLECI": "true",
    "CIRCLE_SHA1": COMMIT,
    "CIRCLE_REPOSITORY_URL": "https://git.example/acme/payments-api",
    "CIRCLE_TAG": "v3",
    "CIRCLE_WORKFLOW_ID": "5f0e",
}
JENKINS = {
    "JENKINS_URL": "https://jenkins.example/",
    "GIT_COMMIT": COMMIT,
    "GIT_URL": "https://robot:hunter2@git.example/acme/payments-api.git",
    "GIT_BRANCH": "origin/main",
    "JOB_NAME": "pay/main",
    "BUILD_NUMBER": "7",
    "JOB_URL": "https://jenkins.example/job/pay/",
}
GENERIC = {"GIT_COMMIT": COMMIT, "GIT_URL": "https://git.example/acme/payments-api", "GIT_BRANCH": "main"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            GITHUB,
            (
                COMMIT,
                "https://github.example/acme/payments-api",
                "refs/heads/main",
                "github/4711.2",
                "https://github.example/acme/payments-api/.github/workflows/ci.yml@refs/heads/main",
            ),
        ),
        (
            GITLAB,
            (
                COMMIT,
                "https://gitlab.example/acme/payments-api",
                "refs/heads/main",
                "gitlab/4711",
                "https://gitlab.example/acme/payments-api//.gitlab-ci.yml@refs/heads/main",
            ),
        ),
        (
            GITLAB | {"CI_COMMIT_TAG": "v3"},
            (
                COMMIT,
                "https://gitlab.example/acme/payments-api",
                "refs/tags/v3",
                "gitlab/4711",
                "https://gitlab.example/acme/payments-api//.gitlab-ci.yml@refs/tags/v3",
            ),
        ),
        (
            BUILDKITE,
            (
                COMMIT,
                "git@git.example:acme/payments-api.git",
                "refs/heads/main",
                "buildkite/pay/7",
                "https://buildkite.com/acme/pay",
            ),
        ),
        (CIRCLE, (COMMIT, "https://git.example/acme/payments-api", "refs/tags/v3", "circleci/5f0e", None)),
        (
            JENKINS,
            (
                COMMIT,
                "https://git.example/acme/payments-api.git",
                "refs/heads/main",
                "jenkins/pay/main/7",
                "https://jenkins.example/job/pay/",
            ),
        ),
        (GENERIC, (COMMIT, "https://git.example/acme/payments-api", "refs/heads/main", None, None)),
        ({}, (None, None, None, None, None)),
    ],
    ids=["github", "gitlab", "gitlab tag", "buildkite", "circleci", "jenkins", "generic", "none"],
)
def test_what_the_variables_say(environment: dict[str, str], expected: tuple[str | None, ...]) -> None:
    job = ci.job(environment)
    assert tuple(job.value(name, None) for name in ci.FIELDS) == expected


def test_a_flag_wins_and_nothing_is_said_of_the_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert ci.job(GITHUB).value("commit", "0" * 40) == "0" * 40
    assert capsys.readouterr().err == ""


def test_what_was_inferred_is_said_with_where_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    ci.job(GITHUB).value("build", None)
    assert capsys.readouterr().err == (
        "build: github/4711.2 (from GitHub Actions: GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT)\n"
    )


def test_an_empty_variable_is_a_usage_error(shiplog: Shell) -> None:
    shiplog.environment = GITHUB | {"GITHUB_SHA": ""}
    ran = shiplog("record", "build", "payments-api", "--artifact", f"api=sha256:{'5' * 64}")
    assert ran.code == 2
    assert "GITHUB_SHA is empty" in ran.err


def test_without_a_ci_system_the_flags_are_needed(shiplog: Shell) -> None:
    ran = shiplog("record", "build", "payments-api", "--artifact", f"api=sha256:{'5' * 64}")
    assert ran.code == 2
    assert "missing --repository" in ran.err


def test_a_variable_that_is_no_commit_is_refused(shiplog: Shell) -> None:
    shiplog.environment = GITHUB | {"GITHUB_SHA": "$CI_COMMIT_SHA"}
    ran = shiplog("record", "build", "payments-api", "--artifact", f"api=sha256:{'5' * 64}")
    assert ran.code == 2
    assert "#/source/commit" in ran.err
