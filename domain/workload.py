"""A run of a pipeline, in one shape, whoever tells of it.

The token that a pipeline shows and the certificate that it signs with say the same things in other words,
because the certificate is made from such a token (sigstore/fulcio, config/identity/config.yaml). What neither
says is None, and None is never equal to anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.actor import Actor, ActorKind, Method
from domain.verification import CertificateSigner, Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is known of a run: the repository that was built, from which commit, and how it came about."""

    issuer: str | None = None
    """The platform that vouches for it, as its tokens name it."""
    repository: str | None = None
    """Its address, as it is spelled."""
    repository_id: str | None = None
    owner_id: str | None = None
    """The platform's numbers, which another repository or owner of that name does not inherit."""
    commit: str | None = None
    ref: str | None = None
    workflow: str | None = None
    """What was run, with its ref; another repository may hold the part of it that signed."""
    workflow_digest: str | None = None
    run: str | None = None
    runner: str | None = None
    """Whose machine it was: `github-hosted`, say."""
    trigger: str | None = None
    environment: str | None = None
    """Where it deploys to, by the platform's rules for that."""

    @property
    def origin(self) -> tuple[str, ...]:
        """What tells runs from different sources apart; empty when the source is not known at all."""
        said = (self.repository_id or self.repository, self.commit)
        return (str(self.issuer), *map(str, said)) if any(said) else ()


_TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "repository_id": {  # GitHub Actions
        "repository": "{server}/{repository}",
        "repository_id": "{repository_id}",
        "owner_id": "{repository_owner_id}",
        "commit": "{sha}",
        "ref": "{ref}",
        "workflow": "{server}/{workflow_ref}",
        "workflow_digest": "{workflow_sha}",
        "run": "{server}/{repository}/actions/runs/{run_id}/attempts/{run_attempt}",
        "runner": "{runner_environment}",
        "trigger": "{event_name}",
        "environment": "{environment}",
    },
    # GitLab. A merge request from a fork runs in the project it is for, and is built from the fork:
    # `project_…` are of the fork since 18.2.2; `job_project_…`, where it runs, says nothing of the source.
    "project_id": {
        "repository": "{server}/{project_path}",
        "repository_id": "{project_id}",
        "owner_id": "{namespace_id}",
        "commit": "{sha}",
        "ref": "{ref_path}",
        "workflow": "https://{ci_config_ref_uri}",
        "workflow_digest": "{ci_config_sha}",
        "run": "{server}/{project_path}/-/jobs/{job_id}",
        "runner": "{runner_environment}",
        "trigger": "{pipeline_source}",
        "environment": "{environment}",
    },
    # Buildkite says nothing of the repository, and `HEAD` for a commit that nobody had looked up.
    "organization_id": {
        "commit": "{build_commit}",
        "run": "https://buildkite.com/{organization_slug}/{pipeline_slug}/builds/{build_number}#{job_id}",
        "runner": "{runner_environment}",
        "trigger": "{build_source}",
    },
}
"""How claims are spelled as certificates spell them, by the claim that gives the platform away."""
_PLACE = re.compile(r"\{(\w+)\}", re.ASCII)
_GITHUB = "token.actions.githubusercontent.com"
_GITHUB_ENTERPRISE = re.compile(r"token\.actions\.([a-z0-9-]+\.ghe\.com)", re.ASCII)
_GITHUB_SERVER = "/_services/token"


def of_actor(actor: Actor) -> Workload:
    """Return the run that *actor* is, by the claims of its platform's token; nothing of anyone else."""
    if actor.kind is not ActorKind.WORKLOAD or actor.method is not Method.OIDC:
        return Workload()
    claims = {claim.name: claim.value for claim in actor.claims or ()}
    sign = next((name for name in _TEMPLATES if name in claims), None)
    if sign is None:
        return Workload(issuer=actor.issuer)
    server = _github(actor.issuer) if sign == "repository_id" else actor.issuer
    known = claims if server is None else {**claims, "server": server}
    return Workload(
        issuer=actor.issuer, **{name: _filled(each, known) for name, each in _TEMPLATES[sign].items()}
    )


def of_signer(signer: Signer) -> Workload:
    """Return the run that a certificate proves; those from before 2023 have GitHub's own fields alone.

    A key that was agreed on proves none.
    """
    if not isinstance(signer, CertificateSigner):
        return Workload()
    old = signer.github_workflow_repository
    return Workload(
        issuer=signer.issuer,
        repository=signer.source_repository_uri or (old and f"https://github.com/{old}"),
        repository_id=signer.source_repository_id,
        owner_id=signer.source_repository_owner_id,
        commit=signer.source_repository_digest or signer.github_workflow_sha,
        ref=signer.source_repository_ref or signer.github_workflow_ref,
        workflow=signer.build_config_uri,
        workflow_digest=signer.build_config_digest,
        run=signer.run_invocation_uri,
        runner=signer.runner_environment,
        trigger=signer.build_trigger or signer.github_workflow_trigger,
        environment=signer.deployment_environment,
    )


def _filled(template: str, claims: Mapping[str, str]) -> str | None:
    if not claims.keys() >= set(_PLACE.findall(template)):
        return None
    return _PLACE.sub(lambda found: claims[found[1]], template)


def _github(issuer: str) -> str | None:
    """Return the server that tokens of *issuer* speak of; None when it is not clear which."""
    if issuer.endswith(_GITHUB_SERVER):
        return issuer.removesuffix(_GITHUB_SERVER)
    host = urlsplit(issuer).hostname or ""
    if host == _GITHUB:
        return "https://github.com"
    found = _GITHUB_ENTERPRISE.fullmatch(host)
    return f"https://{found[1]}" if found else None
