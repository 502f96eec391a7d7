"""What each platform puts into its tokens, in one shape.

Sources: the OIDC reference pages of GitHub Actions, GitLab, Buildkite, Google and Kubernetes; for the common
shape, the table of extensions in sigstore/fulcio, docs/oid-info.md, and how Fulcio fills it for each.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from domain.access.issuer import Platform, TrustedIssuer
from domain.actor import CLAIMS_MAX, Claim
from domain.errors import CredentialRefused, LedgerError
from domain.workload import Workload

GITHUB = "https://token.actions.githubusercontent.com"
_NUMBER = re.compile(r"[0-9]{1,30}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_TRUTHS = ("false", "true")

_KEPT: Mapping[Platform, tuple[str, ...]] = {
    Platform.GITHUB: (
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "environment",
        "ref",
        "ref_type",
        "sha",
        "event_name",
        "workflow_ref",
        "workflow_sha",
        "job_workflow_ref",
        "job_workflow_sha",
        "run_id",
        "run_attempt",
        "runner_environment",
        "actor_id",
    ),
    Platform.GITLAB: (
        "project_path",
        "project_id",
        "namespace_path",
        "namespace_id",
        "job_project_id",
        "ref",
        "ref_type",
        "ref_path",
        "ref_protected",
        "sha",
        "environment",
        "environment_protected",
        "deployment_tier",
        "ci_config_ref_uri",
        "ci_config_sha",
        "pipeline_id",
        "pipeline_source",
        "job_id",
        "user_id",
        "runner_environment",
    ),
    Platform.BUILDKITE: (
        "organization_slug",
        "organization_id",
        "pipeline_slug",
        "pipeline_id",
        "build_number",
        "build_branch",
        "build_tag",
        "build_commit",
        "build_source",
        "step_key",
        "job_id",
        "agent_id",
        "runner_environment",
    ),
    Platform.GOOGLE: ("azp", "email_verified"),
    Platform.KUBERNETES: (
        "kubernetes.io.namespace",
        "kubernetes.io.serviceaccount.name",
        "kubernetes.io.serviceaccount.uid",
        "kubernetes.io.pod.name",
        "kubernetes.io.pod.uid",
        "kubernetes.io.node.name",
    ),
}
"""Claims that are recorded; `sub` is the subject itself."""


def flattened(claims: Mapping[str, object]) -> Mapping[str, object]:
    """Return *claims* with those inside objects under their paths, `kubernetes.io.namespace`.

    Raises `CredentialRefused` when two end up under one name.
    """
    found: dict[str, object] = {}
    waiting: list[tuple[str, object]] = list(claims.items())
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += ((f"{name}.{inner}", each) for inner, each in value.items())
        elif name in found:
            raise CredentialRefused(f"the claim {name[:100]!r} is given twice")
        else:
            found[name] = value
    return found


def check(issuer: TrustedIssuer, claims: Mapping[str, object]) -> None:
    """Refuse a token that lacks what tells workloads apart, or says it in another form.

    Raises `CredentialRefused`.
    """
    for name in issuer.required:
        _text(claims, name)
    match issuer.platform:
        case Platform.GITHUB:
            _form(claims, _NUMBER, "repository_id", "repository_owner_id")
        case Platform.GITLAB:
            _form(claims, _NUMBER, "project_id", "namespace_id")
            for name in ("ref_protected", "environment_protected"):
                if claims.get(name, "false") not in _TRUTHS:
                    shown = repr(claims[name])[:40]
                    raise CredentialRefused(f'{name} is {shown}, expected the text "true" or "false"')
        case Platform.BUILDKITE:
            _form(claims, _UUID, "organization_id", "pipeline_id")
        case Platform.GOOGLE:
            _form(claims, _NUMBER, "sub")
        case Platform.KUBERNETES:
            _form(claims, _UUID, "kubernetes.io.serviceaccount.uid")
        case Platform.OTHER:
            pass


def recorded(issuer: TrustedIssuer, claims: Mapping[str, object]) -> tuple[Claim, ...]:
    """Return the claims worth keeping, in order; what is no plain line is left out."""
    names = _KEPT.get(issuer.platform, issuer.required)
    kept = []
    for name in sorted(set(names)):
        value = claims.get(name)
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str | int):
            try:
                kept.append(Claim(name, str(value)))
            except LedgerError:
                continue
    return tuple(kept[:CLAIMS_MAX])


def workload(issuer: TrustedIssuer, claims: Mapping[str, object]) -> Workload:
    """Return the run that *claims* speak of, in the words of a signing certificate."""
    said = {name: value for name, value in claims.items() if isinstance(value, str)}
    match issuer.platform:
        case Platform.GITHUB:
            return _github(issuer, said)
        case Platform.GITLAB:
            return _gitlab(issuer, said)
        case Platform.BUILDKITE:
            return _buildkite(said)
        case Platform.GOOGLE | Platform.KUBERNETES | Platform.OTHER:
            return Workload(token_subject=said.get("sub"))


def _github(issuer: TrustedIssuer, said: Mapping[str, str]) -> Workload:
    base = "https://github.com" if issuer.url == GITHUB else _origin(issuer.url)
    run = None
    if {"repository", "run_id", "run_attempt"} <= said.keys():
        run = f"{base}/{said['repository']}/actions/runs/{said['run_id']}/attempts/{said['run_attempt']}"
    return Workload(
        build_signer_uri=_under(base, said.get("job_workflow_ref")),
        build_signer_digest=said.get("job_workflow_sha"),
        runner_environment=said.get("runner_environment"),
        source_repository_uri=_under(base, said.get("repository")),
        source_repository_digest=said.get("sha"),
        source_repository_ref=said.get("ref"),
        source_repository_id=said.get("repository_id"),
        source_repository_owner_uri=_under(base, said.get("repository_owner")),
        source_repository_owner_id=said.get("repository_owner_id"),
        build_config_uri=_under(base, said.get("workflow_ref")),
        build_config_digest=said.get("workflow_sha"),
        build_trigger=said.get("event_name"),
        run_invocation_uri=run,
        source_repository_visibility=said.get("repository_visibility"),
        deployment_environment=said.get("environment"),
        token_subject=said.get("sub"),
    )


def _gitlab(issuer: TrustedIssuer, said: Mapping[str, str]) -> Workload:
    base = _origin(issuer.url)
    run = None
    if {"project_path", "job_id"} <= said.keys():
        run = f"{base}/{said['project_path']}/-/jobs/{said['job_id']}"
    config = said.get("ci_config_ref_uri")
    signer = None if config is None else f"https://{config}"
    return Workload(
        build_signer_uri=signer,
        build_signer_digest=said.get("ci_config_sha"),
        runner_environment=said.get("runner_environment"),
        source_repository_uri=_under(base, said.get("project_path")),
        source_repository_digest=said.get("sha"),
        source_repository_ref=said.get("ref_path"),
        source_repository_id=said.get("project_id"),
        source_repository_owner_uri=_under(base, said.get("namespace_path")),
        source_repository_owner_id=said.get("namespace_id"),
        build_config_uri=signer,
        build_config_digest=said.get("ci_config_sha"),
        build_trigger=said.get("pipeline_source"),
        run_invocation_uri=run,
        source_repository_visibility=said.get("project_visibility"),
        deployment_environment=said.get("environment"),
        token_subject=said.get("sub"),
    )


def _buildkite(said: Mapping[str, str]) -> Workload:
    return Workload(
        runner_environment=said.get("runner_environment"),
        source_repository_digest=said.get("build_commit"),
        build_trigger=said.get("build_source"),
        token_subject=said.get("sub"),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _under(base: str, path: str | None) -> str | None:
    return None if path is None else f"{base}/{path}"


def _form(claims: Mapping[str, object], form: re.Pattern[str], *names: str) -> None:
    for name in names:
        if form.fullmatch(_text(claims, name)) is None:
            shown = repr(claims[name])[:60]
            raise CredentialRefused(f"{name} is {shown}, expected the number or UUID that is never reused")


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise CredentialRefused(
            f"{name} is {repr(value)[:60]}, expected a text: the token cannot be told apart"
        )
    return value
