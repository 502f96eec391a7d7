"""Roles: sets of scopes that people have, and which of them one person may not have together."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from domain.access.scopes import REPORTS, WRITING, Scope
from domain.errors import SegregatedDuties


class Role(StrEnum):
    """What somebody is to this ledger."""

    RECORDER = "recorder"
    """Reports what happened; as a rule a workload."""
    RELEASE_MANAGER = "release-manager"
    APPROVER = "approver"
    SECURITY = "security"
    AUDITOR = "auditor"
    ADMIN = "admin"


SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.RECORDER: REPORTS | {Scope.READ},
    Role.RELEASE_MANAGER: frozenset(
        {
            Scope.READ,
            Scope.EXPORT,
            Scope.PROMOTION_REQUEST,
            Scope.POLICY_PROPOSE,
            Scope.FREEZE,
            Scope.WAIVER_REQUEST,
        }
    ),
    Role.APPROVER: frozenset({Scope.READ, Scope.EXPORT, Scope.PROMOTION_APPROVE, Scope.WAIVER_APPROVE}),
    Role.SECURITY: frozenset(
        {
            Scope.READ,
            Scope.EXPORT,
            Scope.REPORT_EVIDENCE,
            Scope.TRUST,
            Scope.PROMOTION_APPROVE,
            Scope.POLICY_PROPOSE,
            Scope.POLICY_APPROVE,
            Scope.FREEZE,
            Scope.WAIVER_REQUEST,
            Scope.WAIVER_APPROVE,
            Scope.HOLD_PROPOSE,
        }
    ),
    Role.AUDITOR: frozenset({Scope.READ, Scope.EXPORT, Scope.ACCESS_READ}),
    Role.ADMIN: frozenset(
        {
            Scope.ACCESS_READ,
            Scope.ACCESS_PROPOSE,
            Scope.ACCESS_CONFIRM,
            Scope.TOKEN_ISSUE,
            Scope.WEBHOOK,
            Scope.HOLD_CONFIRM,
        }
    ),
}
"""An admin decides who may read what runs, and does not read it."""

NOT_BY_ADMINS = REPORTS | {
    Scope.PROMOTION_REQUEST,
    Scope.PROMOTION_APPROVE,
    Scope.POLICY_APPROVE,
    Scope.WAIVER_APPROVE,
}


def check_together(roles: Collection[Role], scopes: Collection[Scope] = ()) -> None:
    """Refuse that one person has *roles*, and *scopes* besides; raises `SegregatedDuties` with the rule.

    SOD-7: an auditor writes nothing. SOD-8: an admin neither records, requests nor approves.
    """
    held = frozenset(scopes).union(*(SCOPES[role] for role in roles))
    if Role.AUDITOR in roles and held & WRITING:
        raise SegregatedDuties(
            f"SOD-7: an auditor may hold nothing that writes, not {_listed(held & WRITING)}"
        )
    if Role.ADMIN in roles and held & NOT_BY_ADMINS:
        beside = _listed(held & NOT_BY_ADMINS)
        raise SegregatedDuties(f"SOD-8: an admin neither records, requests nor approves, not {beside}")


def _listed(scopes: Collection[Scope]) -> str:
    return ", ".join(sorted(scopes))
