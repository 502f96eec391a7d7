"""A run has one shape, whether its token or its certificate tells of it."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from adapters.identity import platforms
from domain.access.issuer import Platform
from domain.actor import Actor, ActorKind, Claim, Method
from domain.digest import Digest
from domain.verification import CertificateSigner, KeySigner
from domain.workload import Workload, of_actor, of_signer
from tests.issuer import CLAIMS, URLS, trusted

FINGERPRINT = Digest.of(b"certificate")
COMMIT = "a" * 40
GITHUB = {
    "issuer": "https://token.actions.githubusercontent.com",
    "repository": "https://github.com/acme/payments",
    "repository_id": "41",
    "owner_id": "7",
    "commit": COMMIT,
    "ref": "refs/tags/v1.4.0",
    "workflow": "https://github.com/acme/payments/.github/workflows/release.yml@refs/tags/v1.4.0",
    "workflow_digest": COMMIT,
    "run": "https://github.com/acme/payments/actions/runs/4711/attempts/1",
    "runner": "github-hosted",
    "trigger": "push",
    "environment": "prod",
}
GITLAB = {
    "issuer": "https://gitlab.acme.example",
    "repository": "https://gitlab.acme.example/acme/payments",
    "repository_id": "41",
    "owner_id": "7",
    "commit": COMMIT,
    "ref": "refs/tags/v1.4.0",
    "workflow": "https://gitlab.acme.example/acme/payments//.gitlab-ci.yml@refs/tags/v1.4.0",
    "workflow_digest": COMMIT,
    "run": "https://gitlab.acme.example/acme/payments/-/jobs/4711",
    "runner": "gitlab-hosted",
    "trigger": "push",
}


def actor(platform: Platform, issuer: str | None = None, **changes: Any) -> Actor:
    """The actor that is recorded of a token with the usual claims of *platform*, or with *changes*."""
    said = platforms.flattened({**CLAIMS[platform], **changes})
    return Actor(
        ActorKind.WORKLOAD,
        issuer or URLS[platform],
        str(said["sub"]),
        method=Method.OIDC,
        claims=platforms.recorded(trusted(platform), said) or None,
    )


def known(workload: Workload) -> dict[str, str]:
    return {name: value for name, value in asdict(workload).items() if value is not None}


@pytest.mark.parametrize(
    ("platform", "found"),
    [
        (Platform.GITHUB, GITHUB),
        (Platform.GITLAB, GITLAB),
        (
            Platform.BUILDKITE,
            {"issuer": URLS[Platform.BUILDKITE], "commit": COMMIT, "runner": "self-hosted"},
        ),
        (Platform.GOOGLE, {"issuer": URLS[Platform.GOOGLE]}),
        (Platform.KUBERNETES, {"issuer": URLS[Platform.KUBERNETES]}),
        (Platform.OTHER, {"issuer": URLS[Platform.OTHER]}),
    ],
)
def test_a_token_tells_of_its_run(platform: Platform, found: dict[str, str]) -> None:
    assert known(of_actor(actor(platform))) == found


def test_a_certificate_tells_the_same_of_it() -> None:
    signer = CertificateSigner(
        fingerprint=FINGERPRINT,
        identity=GITHUB["workflow"],
        identity_kind="uri",
        issuer=GITHUB["issuer"],
        build_signer_uri="https://github.com/acme/shared/.github/workflows/build.yml@refs/tags/v1",
        runner_environment="github-hosted",
        source_repository_uri=GITHUB["repository"],
        source_repository_digest=COMMIT,
        source_repository_ref=GITHUB["ref"],
        source_repository_id="41",
        source_repository_owner_id="7",
        build_config_uri=GITHUB["workflow"],
        build_config_digest=COMMIT,
        build_trigger="push",
        run_invocation_uri=GITHUB["run"],
        deployment_environment="prod",
    )
    assert of_signer(signer) == of_actor(actor(Platform.GITHUB))


def test_a_certificate_from_before_2023_has_the_names_alone() -> None:
    signer = CertificateSigner(
        fingerprint=FINGERPRINT,
        identity="https://github.com/acme/payments/.github/workflows/ci.yml@refs/heads/main",
        identity_kind="uri",
        issuer=GITHUB["issuer"],
        github_workflow_trigger="push",
        github_workflow_sha=COMMIT,
        github_workflow_repository="acme/payments",
        github_workflow_ref="refs/heads/main",
    )
    assert known(of_signer(signer)) == {
        "issuer": GITHUB["issuer"],
        "repository": GITHUB["repository"],
        "commit": COMMIT,
        "ref": "refs/heads/main",
        "trigger": "push",
    }


def test_a_key_proves_no_run() -> None:
    assert of_signer(KeySigner(fingerprint=FINGERPRINT)) == Workload()


@pytest.mark.parametrize(
    ("issuer", "server"),
    [
        ("https://token.actions.githubusercontent.com/acme-inc", "https://github.com"),
        ("https://git.acme.example/_services/token", "https://git.acme.example"),
        ("https://token.actions.acme.ghe.com", "https://acme.ghe.com"),
        ("https://token.actions.githubusercontent.com.mallory.example", None),
        ("https://mallory.example/token.actions.githubusercontent.com", None),
        ("https://token.actions.mallory.example", None),
    ],
)
def test_which_github_it_is_follows_from_the_issuer(issuer: str, server: str | None) -> None:
    found = of_actor(actor(Platform.GITHUB, issuer))
    assert found.repository == (server and f"{server}/acme/payments")
    assert found.repository_id == "41"


def test_a_merge_request_from_a_fork_is_built_from_the_fork() -> None:
    fork = {"project_path": "mallory/payments", "project_id": "66", "namespace_id": "9"}
    running = {"job_project_id": "41", "job_project_path": "acme/payments", "job_namespace_id": "7"}
    found = of_actor(actor(Platform.GITLAB, **fork, **running))
    assert (found.repository, found.repository_id, found.owner_id) == (
        "https://gitlab.acme.example/mallory/payments",
        "66",
        "9",
    )


def test_who_is_no_workload_with_a_token_of_its_platform_is_no_run() -> None:
    claims = (Claim("repository", "acme/payments"), Claim("repository_id", "41"), Claim("sha", COMMIT))
    run = Actor(ActorKind.WORKLOAD, GITHUB["issuer"], "a run", method=Method.OIDC, claims=claims)
    assert of_actor(run).repository_id == "41"
    for other in (
        replace(run, kind=ActorKind.PERSON),
        replace(run, kind=ActorKind.TOKEN, method=Method.TOKEN),
        replace(run, kind=ActorKind.OPERATOR, method=Method.EMBEDDED),
        replace(run, method=None),
        replace(run, claims=None),
    ):
        assert of_actor(other).origin == ()
