"""What each platform puts into its tokens: its form, and what of it is worth keeping.

Sources: the OIDC reference pages of GitHub Actions, GitLab, Buildkite, Google and Kubernetes.
"""

import re
from collections.abc import Mapping

from domain.access.issuer import Platform, TrustedIssuer
from domain.actor import CLAIMS_MAX, Claim
from domain.errors import CredentialRefused, LedgerError

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
