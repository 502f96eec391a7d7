"""Bindings: which workloads an issuer must have vouched for, and what these may then do.

Values are compared to the letter, and only texts match. `sub` is recorded and never matched: its form is
up to whoever owns the repository, and a name in it can be taken by somebody else. Google's is a number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from domain import names
from domain.access.issuer import CLAIM, Platform, TrustedIssuer
from domain.access.reach import Reach
from domain.access.roles import SCOPES, Role
from domain.access.scopes import FOR_PEOPLE, Scope
from domain.errors import ContradictoryReport, MalformedValue

RULES_MAX = 20
VALUES_MAX = 20
VALUE_LENGTH_MAX = 500
SECONDS_MAX = 900
"""For how long a ledger token that was exchanged under a binding may be good."""

_NUMBER = re.compile(r"[0-9]{1,30}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_FORMS = {
    "repository_id": _NUMBER,
    "repository_owner_id": _NUMBER,
    "project_id": _NUMBER,
    "namespace_id": _NUMBER,
    "sub": _NUMBER,
    "organization_id": _UUID,
    "pipeline_id": _UUID,
    "kubernetes.io.serviceaccount.uid": _UUID,
}
_TRUTHS = {"false", "true"}
_PULLED = "pull_request"


@dataclass(frozen=True, slots=True)
class Rule:
    """One claim, and the values of it that are accepted, in order."""

    claim: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is no claim, and patterns, which look as if they matched something."""
        if CLAIM.fullmatch(self.claim) is None:
            raise MalformedValue(f"not the name of a claim: {self.claim[:120]!r}")
        if not 0 < len(self.values) <= VALUES_MAX:
            raise MalformedValue(f"{len(self.values)} values of {self.claim}, expected 1 to {VALUES_MAX}")
        for value in self.values:
            names.line(value, self.claim, length_max=VALUE_LENGTH_MAX)
            if "*" in value:
                raise MalformedValue(
                    f"{self.claim} {value[:80]!r} has a *: values are compared to the letter"
                )
        if any(one >= other for one, other in pairwise(self.values)):
            raise MalformedValue(f"values of {self.claim} are expected in ascending order, none twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What workloads may do. Said again under the same name, the later one holds."""

    name: str
    issuer: str
    """Its URL."""
    rules: tuple[Rule, ...]
    """All must hold; in order of claim."""
    reach: Reach
    scopes: tuple[Scope, ...] | None = None
    role: Role | None = None
    """What it gives: scopes in order, or the role of a recorder."""
    seconds: int = SECONDS_MAX

    def __post_init__(self) -> None:
        """Refuse what gives nothing, or what only people may hold."""
        names.key(self.name, "binding")
        if not 0 < len(self.rules) <= RULES_MAX:
            raise MalformedValue(f"{len(self.rules)} rules, expected 1 to {RULES_MAX}")
        if any(one.claim >= other.claim for one, other in pairwise(self.rules)):
            raise MalformedValue("rules are expected in order of claim, one for each")
        if not 0 < self.seconds <= SECONDS_MAX:
            raise MalformedValue(f"seconds is {self.seconds}, expected 1 to {SECONDS_MAX}")
        if (self.role is None) == (self.scopes is None):
            raise ContradictoryReport("give the scopes of a binding, or the role of a recorder")
        if self.role not in (None, Role.RECORDER):
            raise ContradictoryReport(f"a workload can be a recorder, not a {self.role}")
        if self.scopes is not None:
            check_scopes(self.scopes)

    @property
    def allowed(self) -> frozenset[Scope]:
        """The scopes it gives."""
        return frozenset(self.scopes or ()) if self.role is None else SCOPES[self.role]

    def values_of(self, claim: str) -> tuple[str, ...]:
        """Return what is accepted of *claim*; nothing when no rule is about it."""
        return next((rule.values for rule in self.rules if rule.claim == claim), ())

    def check_against(self, issuer: TrustedIssuer) -> None:
        """Refuse rules that somebody else could come to meet; raises `ContradictoryReport`."""
        for claim in issuer.required:
            if not self.values_of(claim):
                raise ContradictoryReport(
                    f"a binding to {issuer.platform} must name {claim}, which nobody else can come to have"
                )
        for rule in self.rules:
            _check_rule(rule, issuer)

    def matches(self, claims: Mapping[str, object], issuer: TrustedIssuer) -> bool:
        """Whether this is for the workload that *issuer* says *claims* of."""
        if issuer.url != self.issuer or not all(self.values_of(claim) for claim in issuer.required):
            return False
        return _is_own_code(claims, issuer.platform) and all(
            claims.get(rule.claim) in rule.values and isinstance(claims[rule.claim], str)
            for rule in self.rules
        )


def check_scopes(scopes: tuple[Scope, ...]) -> None:
    """Refuse *scopes* for what is no person: none, a second spelling, or what only people may hold."""
    if not scopes or any(one >= other for one, other in pairwise(scopes)):
        raise MalformedValue("scopes are expected in ascending order, at least one and none twice")
    if personal := FOR_PEOPLE.intersection(scopes):
        raise ContradictoryReport(f"only a person may hold {', '.join(sorted(personal))}")


def _check_rule(rule: Rule, issuer: TrustedIssuer) -> None:
    if rule.claim == "sub" and "sub" not in issuer.required:
        raise ContradictoryReport("sub is recorded and never matched; match the platform's own numbers")
    form = _FORMS.get(rule.claim) if rule.claim in issuer.required else None
    if form is not None and not all(form.fullmatch(value) for value in rule.values):
        raise MalformedValue(f"{rule.claim} is expected as {issuer.platform} writes it, a number or a UUID")
    if rule.claim.endswith("_protected") and not _TRUTHS.issuperset(rule.values):
        raise MalformedValue(f'{rule.claim} is the text "true" or "false"')
    if issuer.platform is Platform.GITHUB and rule.claim == "event_name":
        pulled = [value for value in rule.values if value.startswith(_PULLED)]
        if pulled:
            raise ContradictoryReport(f"a run for {pulled[0]} may be of anybody's code, and is not bound")


def _is_own_code(claims: Mapping[str, object], platform: Platform) -> bool:
    """Whether what runs is the code of the project that is named, as far as the platform says."""
    match platform:
        case Platform.GITHUB:  # a pull request of a fork can run under the numbers of the repository
            event = claims.get("event_name")
            return isinstance(event, str) and not event.startswith(_PULLED)
        case Platform.GITLAB:  # in a merge request of a fork, the job may run in another project
            running = claims.get("job_project_id", claims.get("project_id"))
            return running == claims.get("project_id")
        case Platform.BUILDKITE | Platform.GOOGLE | Platform.KUBERNETES | Platform.OTHER:
            return True
