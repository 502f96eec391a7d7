"""Roles give what the table says, and one person never holds duties that must be apart."""

from itertools import combinations

import pytest

from domain.access import scopes
from domain.access.roles import SCOPES, Role, check_together
from domain.access.scopes import Scope
from domain.errors import SegregatedDuties

TABLE = """
scope               recorder  release-manager  approver  security  auditor  admin
read                x         x                x         x         x        -
export              -         x                x         x         x        -
report:build        x         -                -         -         -        -
report:config       x         -                -         -         -        -
report:release      x         -                -         -         -        -
report:deployment   x         -                -         -         -        -
report:removal      x         -                -         -         -        -
report:observation  x         -                -         -         -        -
report:heartbeat    x         -                -         -         -        -
report:evidence     x         -                -         x         -        -
report:declared     x         -                -         -         -        -
report:correction   x         -                -         -         -        -
trust               -         -                -         x         -        -
promotion:request   -         x                -         -         -        -
promotion:approve   -         -                x         x         -        -
policy:propose      -         x                -         x         -        -
policy:approve      -         -                -         x         -        -
freeze              -         x                -         x         -        -
waiver:request      -         x                -         x         -        -
waiver:approve      -         -                x         x         -        -
access:read         -         -                -         -         x        x
access:propose      -         -                -         -         -        x
access:confirm      -         -                -         -         -        x
token:issue         -         -                -         -         -        x
webhook             -         -                -         -         -        x
hold:propose        -         -                -         x         -        -
hold:confirm        -         -                -         -         -        x
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
CLASHES = {
    "SOD-7": [Role.RECORDER, Role.RELEASE_MANAGER, Role.APPROVER, Role.SECURITY, Role.ADMIN],
    "SOD-8": [Role.RECORDER, Role.RELEASE_MANAGER, Role.APPROVER, Role.SECURITY],
}
OF = {"SOD-7": Role.AUDITOR, "SOD-8": Role.ADMIN}
REFUSED = {frozenset({OF[rule], other}): rule for rule, others in CLASHES.items() for other in others}


@pytest.mark.parametrize("role", Role)
def test_a_role_gives_what_the_table_says(role: Role) -> None:
    column = ROWS[0].index(role)
    assert SCOPES[role] == {Scope(row[0]) for row in ROWS[1:] if row[column] == "x"}


def test_the_table_has_every_scope_and_every_role() -> None:
    assert [row[0] for row in ROWS[1:]] == sorted(Scope, key=list(Scope).index)
    assert set(SCOPES) == set(Role) == set(ROWS[0][1:])


@pytest.mark.parametrize("roles", [frozenset(two) for two in combinations(Role, 2)], ids=sorted)
def test_two_roles_of_one_person(roles: frozenset[Role]) -> None:
    if roles in REFUSED:
        with pytest.raises(SegregatedDuties, match=REFUSED[roles]):
            check_together(roles)
    else:
        check_together(roles)


@pytest.mark.parametrize("role", Role)
def test_a_role_does_not_clash_with_itself(role: Role) -> None:
    check_together([role, role])


@pytest.mark.parametrize(
    ("role", "scope", "rule"),
    [
        (Role.AUDITOR, Scope.REPORT_BUILD, "SOD-7"),
        (Role.AUDITOR, Scope.WEBHOOK, "SOD-7"),
        (Role.AUDITOR, Scope.READ, None),
        (Role.ADMIN, Scope.REPORT_BUILD, "SOD-8"),
        (Role.ADMIN, Scope.PROMOTION_REQUEST, "SOD-8"),
        (Role.ADMIN, Scope.READ, None),
        (Role.ADMIN, Scope.WEBHOOK, None),
        (Role.RECORDER, Scope.PROMOTION_REQUEST, None),
    ],
)
def test_what_a_token_lets_its_holder_do_counts_like_a_role(
    role: Role, scope: Scope, rule: str | None
) -> None:
    if rule is None:
        check_together([role], [scope])
    else:
        with pytest.raises(SegregatedDuties, match=f"{rule}.*{scope}"):
            check_together([role], [scope])


def test_only_a_person_approves_grants_or_issues() -> None:
    assert {
        Scope.PROMOTION_APPROVE,
        Scope.POLICY_APPROVE,
        Scope.WAIVER_APPROVE,
        Scope.ACCESS_PROPOSE,
        Scope.ACCESS_CONFIRM,
        Scope.TOKEN_ISSUE,
        Scope.HOLD_CONFIRM,
    } == scopes.FOR_PEOPLE


def test_whoever_has_the_files_may_do_all_but_approve() -> None:
    approving = {Scope.PROMOTION_APPROVE, Scope.POLICY_APPROVE, Scope.WAIVER_APPROVE}
    assert set(Scope) - scopes.OPERATOR == approving
