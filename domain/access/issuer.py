"""Issuers of workload tokens that are listened to, and by which of their claims a workload is itself.

Names of repositories, projects and accounts can be given up and taken by somebody else; the numbers and
UUIDs behind them cannot. Sources: "OpenID Connect" in the documentation of GitHub Actions, GitLab CI/CD and
Buildkite agents, Google's "OpenID Connect", and "Service Accounts" in that of Kubernetes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from domain import names
from domain.access import url
from domain.digest import Digest
from domain.errors import ContradictoryReport, MalformedValue

LIFE_SECONDS_MAX = 3600
"""For how long a token of an issuer may be good."""
ALGORITHMS = frozenset({"ES256", "EdDSA", "RS256"})
"""Those with a public key; with a shared secret, whoever can check a token can make one."""
IDENTIFYING_MAX = 5
CLAIM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./:-]{0,99}", re.ASCII)
"""The name of a claim; one inside an object is written with its path, `kubernetes.io.namespace`."""


class Platform(StrEnum):
    """Whose tokens they are, and so what is in them."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BUILDKITE = "buildkite"
    GOOGLE = "google"
    KUBERNETES = "kubernetes"
    OTHER = "other"


IDENTIFYING: Mapping[Platform, tuple[str, ...]] = {
    Platform.GITHUB: ("repository_id", "repository_owner_id"),
    Platform.GITLAB: ("project_id", "namespace_id"),
    Platform.BUILDKITE: ("pipeline_id", "organization_id"),
    Platform.GOOGLE: ("sub",),
    Platform.KUBERNETES: (
        "kubernetes.io.serviceaccount.uid",
        "kubernetes.io.namespace",
        "kubernetes.io.serviceaccount.name",
    ),
}
"""Claims that a binding must name, all of them; by the first of them bindings are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """One issuer. Said again for the same URL, the later one holds."""

    url: str
    """To the letter as `iss` has it."""
    platform: Platform
    audience: str
    """What `aud` must be: a name of this ledger that no other service goes by."""
    algorithms: tuple[str, ...]
    """In order of name."""
    seconds_max: int = LIFE_SECONDS_MAX
    jwks_url: str | None = None
    jwks: Digest | None = None
    """Where its keys are, or which recorded file holds them, for closed networks."""
    identifying: tuple[str, ...] | None = None
    """Of a platform that is not known here: the claims that are never given to somebody else."""

    def __post_init__(self) -> None:
        """Refuse what would trust more than it says."""
        url.secure(self.url, "issuer")
        names.line(self.audience, "audience", length_max=names.NAME_LENGTH_MAX)
        if not self.algorithms or not ALGORITHMS.issuperset(self.algorithms):
            raise MalformedValue(
                f"algorithms {', '.join(self.algorithms)[:80] or 'none'}, expected some of"
                f" {', '.join(sorted(ALGORITHMS))}"
            )
        if any(one >= other for one, other in pairwise(self.algorithms)):
            raise MalformedValue("algorithms are expected in order of name, none twice")
        if not 0 < self.seconds_max <= LIFE_SECONDS_MAX:
            raise MalformedValue(f"seconds_max is {self.seconds_max}, expected 1 to {LIFE_SECONDS_MAX}")
        if (self.jwks_url is None) == (self.jwks is None):
            raise ContradictoryReport("give the URL of the issuer's keys, or the digest of a file of them")
        if self.jwks_url is not None:
            url.secure(self.jwks_url, "jwks_url")
        self._check_identifying()

    def _check_identifying(self) -> None:
        if (self.identifying is not None) != (self.platform is Platform.OTHER):
            raise ContradictoryReport(
                "identifying claims are said of an issuer of another platform, and must be said of it"
            )
        for name in self.identifying or ():
            if name == "sub" or CLAIM.fullmatch(name) is None:
                raise MalformedValue(f"not an identifying claim: {name[:120]!r}")
        count = len(self.required)
        if not 0 < count <= IDENTIFYING_MAX or len(set(self.required)) < count:
            raise MalformedValue(f"{count} identifying claims, expected 1 to {IDENTIFYING_MAX}, none twice")

    @property
    def required(self) -> tuple[str, ...]:
        """The claims that a binding to this issuer must name."""
        return IDENTIFYING.get(self.platform) or self.identifying or ()
