"""Scopes: what can be allowed. Every operation names the one it needs."""

from enum import StrEnum


class Scope(StrEnum):
    """One thing that can be allowed; where and to what is a matter of reach."""

    READ = "read"
    EXPORT = "export"
    REPORT_BUILD = "report:build"
    REPORT_CONFIG = "report:config"
    REPORT_RELEASE = "report:release"
    REPORT_DEPLOYMENT = "report:deployment"
    REPORT_REMOVAL = "report:removal"
    REPORT_OBSERVATION = "report:observation"
    REPORT_HEARTBEAT = "report:heartbeat"
    REPORT_EVIDENCE = "report:evidence"
    REPORT_DECLARED = "report:declared"
    REPORT_CORRECTION = "report:correction"
    TRUST = "trust"
    """Change what may vouch for evidence."""
    PROMOTION_REQUEST = "promotion:request"
    PROMOTION_APPROVE = "promotion:approve"
    POLICY_PROPOSE = "policy:propose"
    POLICY_APPROVE = "policy:approve"
    FREEZE = "freeze"
    WAIVER_REQUEST = "waiver:request"
    WAIVER_APPROVE = "waiver:approve"
    ACCESS_READ = "access:read"
    ACCESS_PROPOSE = "access:propose"
    ACCESS_CONFIRM = "access:confirm"
    TOKEN_ISSUE = "token:issue"  # noqa: S105 - the name of a scope, not a credential
    WEBHOOK = "webhook"
    HOLD_PROPOSE = "hold:propose"
    HOLD_CONFIRM = "hold:confirm"


REPORTS = frozenset(scope for scope in Scope if scope.startswith("report:"))
READING = frozenset({Scope.READ, Scope.EXPORT, Scope.ACCESS_READ})
WRITING = frozenset(Scope) - READING
"""What an auditor does not hold (SOD-7)."""

FOR_PEOPLE = frozenset(
    {
        Scope.PROMOTION_APPROVE,
        Scope.POLICY_APPROVE,
        Scope.WAIVER_APPROVE,
        Scope.ACCESS_PROPOSE,
        Scope.ACCESS_CONFIRM,
        Scope.TOKEN_ISSUE,
        Scope.HOLD_CONFIRM,
    }
)
"""What no token and no workload may ever hold: somebody has to answer for it."""

OPERATOR = frozenset(Scope) - {Scope.PROMOTION_APPROVE, Scope.POLICY_APPROVE, Scope.WAIVER_APPROVE}
"""What whoever has the ledger's files may do: all but approve, for they prove nothing about who they are."""

WITHOUT_SERVICE = frozenset(
    {
        Scope.REPORT_EVIDENCE,
        Scope.ACCESS_READ,
        Scope.ACCESS_PROPOSE,
        Scope.ACCESS_CONFIRM,
        Scope.TOKEN_ISSUE,
    }
)
"""What is never about a service. Evidence speaks of digests; of access, how far it reaches is compared."""

WITHOUT_ENVIRONMENT = WITHOUT_SERVICE | {Scope.REPORT_BUILD}
"""What is never about an environment: a build is of a service alone."""
