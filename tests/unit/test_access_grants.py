"""What a grant gives: to whom, where and for how long, and to nobody else."""

from datetime import timedelta

import pytest

from domain.access.authority import By, roles_of
from domain.access.change import Group, RevokeGrant
from domain.access.checking import GRANTS_EACH_MAX
from domain.access.reach import Reach
from domain.access.roles import SCOPES, Role
from domain.access.scopes import Scope
from domain.actor import Actor, ActorKind
from domain.errors import AccessFull, ContradictoryReport, NothingToChange, NotPermitted, SegregatedDuties
from tests.access import (
    FORGE,
    NOON,
    OPERATOR,
    SSO,
    Desk,
    a_grant,
    a_link,
    a_token,
    in_groups,
    person,
    who,
)

ANN = person("ann")
DAY = timedelta(days=1)
MAY = NOON + 60 * DAY


def desk_with(*grants: object) -> Desk:
    desk = Desk()
    desk.give(*grants)  # type: ignore[arg-type]  # grants, as every caller here hands
    return desk


def test_everything_is_closed_that_was_not_granted() -> None:
    desk = Desk()
    for scope in Scope:
        with pytest.raises(NotPermitted, match=f"{scope} is needed"):
            desk.may(ANN).check(scope)


@pytest.mark.parametrize("role", Role)
def test_a_grant_gives_its_role_and_nothing_else(role: Role) -> None:
    desk = desk_with(a_grant("ann", role))
    assert desk.may(ANN).scopes == SCOPES[role]
    for scope in Scope:
        if scope in SCOPES[role]:
            assert desk.may(ANN).check(scope).by is By.GRANT
        else:
            with pytest.raises(NotPermitted):
                desk.may(ANN).check(scope)


def test_what_gave_it_is_named() -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER))
    allowance = desk.may(ANN).check(Scope.PROMOTION_APPROVE, "payments-api", "prod")
    assert (allowance.by, allowance.name, allowance.events) == (By.GRANT, "1", (1, 2))


def test_it_reaches_as_far_as_it_says() -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER, Reach(("payments-*",), ("prod",))))
    desk.may(ANN).check(Scope.PROMOTION_APPROVE, "payments-api", "prod")
    for service, environment in (("orders", "prod"), ("payments-api", "staging"), ("payments-api", None)):
        with pytest.raises(NotPermitted, match=r"reaches payments-\* in prod, not"):
            desk.may(ANN).check(Scope.PROMOTION_APPROVE, service, environment)


def test_two_grants_do_not_make_a_third() -> None:
    desk = desk_with(
        a_grant("ann", Role.APPROVER, Reach(("payments-api",), ("staging",))),
        a_grant("ann", Role.APPROVER, Reach(("orders",), ("prod",))),
    )
    with pytest.raises(NotPermitted):
        desk.may(ANN).check(Scope.PROMOTION_APPROVE, "payments-api", "prod")


def test_all_identities_of_a_person_have_it_and_nobody_of_the_same_name() -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER), a_link("ann", "4711"))
    assert Scope.PROMOTION_APPROVE in desk.may(person("4711", FORGE)).scopes
    for stranger in (person("ann", FORGE), person("4711"), person("Ann"), person("ann", f"{SSO}/")):
        assert desk.may(stranger).scopes == frozenset()


@pytest.mark.parametrize(
    "kind", [ActorKind.WORKLOAD, ActorKind.TOKEN, ActorKind.ANONYMOUS], ids=lambda kind: kind
)
def test_a_grant_is_to_a_person_and_not_to_what_goes_by_the_same_name(kind: ActorKind) -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER))
    assert desk.may(Actor(kind, SSO, "ann")).scopes == frozenset()


def test_a_revoked_grant_gives_nothing() -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER))
    desk.give(RevokeGrant(1))
    assert desk.may(ANN).scopes == frozenset()
    assert len(desk.access.grants) == len(desk.access.grants_of) == 0


def test_one_of_two_is_revoked() -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER), a_grant("ann", Role.SECURITY))
    desk.give(RevokeGrant(1))
    assert roles_of(desk.access, ANN, desk.at) == {Role.SECURITY}


def test_a_guest_has_it_for_the_time_that_was_said() -> None:
    desk = desk_with(a_grant("ann", Role.AUDITOR, since=MAY, until=MAY + 30 * DAY))
    held = {}
    for at in (NOON, MAY - timedelta(microseconds=1), MAY, MAY + 29 * DAY, MAY + 30 * DAY):
        desk.at = at
        held[at] = Scope.READ in desk.may(ANN).scopes
    assert list(held.values()) == [False, False, True, True, False]


def test_a_grant_does_not_reach_back_to_before_it_was_confirmed() -> None:
    desk = Desk().later(days=10)
    desk.give(a_grant("ann", Role.AUDITOR, since=NOON))
    desk.at = NOON + DAY
    assert desk.may(ANN).scopes == frozenset()


@pytest.mark.parametrize("span", [(MAY, MAY), (MAY, NOON), (None, NOON), (None, NOON - DAY)])
def test_a_grant_that_is_over_before_it_begins(span: tuple[object, object]) -> None:
    with pytest.raises(ContradictoryReport):
        desk_with(a_grant("ann", Role.AUDITOR, since=span[0], until=span[1]))


def test_a_grant_is_to_somebody() -> None:
    with pytest.raises(ContradictoryReport):
        a_grant(None, Role.AUDITOR)  # type: ignore[arg-type]  # that is the point


def test_the_same_grant_is_made_once() -> None:
    desk = desk_with(a_grant("ann", Role.APPROVER))
    with pytest.raises(NothingToChange, match="grant 1"):
        desk.give(a_grant("ann", Role.APPROVER))
    desk.give(a_grant("ann", Role.APPROVER, Reach(("orders",))))


def test_a_bounded_number_of_grants_is_to_one() -> None:
    desk = desk_with(
        *(a_grant("ann", Role.APPROVER, Reach((f"s-{number}",))) for number in range(GRANTS_EACH_MAX))
    )
    with pytest.raises(AccessFull):
        desk.give(a_grant("ann", Role.APPROVER))
    desk.give(a_grant("bea", Role.APPROVER))


@pytest.mark.parametrize("how", ["the same identity", "a linked one"])
@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        (Role.AUDITOR, Role.APPROVER, "SOD-7"),
        (Role.RECORDER, Role.AUDITOR, "SOD-7"),
        (Role.AUDITOR, Role.ADMIN, "SOD-7"),
        (Role.ADMIN, Role.RELEASE_MANAGER, "SOD-8"),
        (Role.SECURITY, Role.ADMIN, "SOD-8"),
    ],
)
def test_a_grant_that_brings_duties_together(how: str, one: Role, other: Role, rule: str) -> None:
    desk = desk_with(a_grant("ann", one), a_link("ann", "4711"))
    holder = who("ann") if how == "the same identity" else who("4711", FORGE)
    with pytest.raises(SegregatedDuties, match=rule):
        desk.give(a_grant(holder, other))
    desk.give(a_grant("bea", other))


def test_duties_one_after_the_other_are_apart() -> None:
    desk = desk_with(a_grant("ann", Role.AUDITOR, until=MAY))
    with pytest.raises(SegregatedDuties):
        desk.give(a_grant("ann", Role.APPROVER))
    with pytest.raises(SegregatedDuties):
        desk.give(a_grant("ann", Role.APPROVER, since=MAY - DAY))
    desk.give(a_grant("ann", Role.APPROVER, since=MAY))
    with pytest.raises(SegregatedDuties):
        desk.give(a_grant("ann", Role.AUDITOR))


def test_a_token_that_writes_counts_until_it_ends() -> None:
    desk = Desk()
    desk.issue(a_token(holder=who("ann"), expires_at=NOON + DAY))
    with pytest.raises(SegregatedDuties, match="SOD-7"):
        desk.give(a_grant("ann", Role.AUDITOR))
    desk.give(a_grant("ann", Role.AUDITOR, since=NOON + DAY))
    desk.later(days=2).give(a_grant("ann", Role.AUDITOR))


def test_a_group_gives_to_whom_the_issuer_says_is_in_it() -> None:
    desk = desk_with(a_grant(Group(SSO, "release"), Role.APPROVER))
    assert desk.may(in_groups("ann", "release", "staff")).scopes == SCOPES[Role.APPROVER]
    assert desk.may(in_groups("ann", "staff")).scopes == frozenset()
    elsewhere = Actor(ActorKind.PERSON, FORGE, "ann", claims=in_groups("ann", "release").claims)
    assert desk.may(elsewhere).scopes == frozenset()


@pytest.mark.parametrize(
    ("own", "of_group", "rule"),
    [
        (Role.AUDITOR, Role.APPROVER, "SOD-7"),
        (Role.APPROVER, Role.AUDITOR, "SOD-7"),
        (Role.ADMIN, Role.RECORDER, "SOD-8"),
    ],
)
def test_a_group_does_not_bring_duties_together(own: Role, of_group: Role, rule: str) -> None:
    desk = desk_with(a_grant("ann", own), a_grant(Group(SSO, "others"), of_group))
    both = desk.may(in_groups("ann", "others"))
    assert not both.scopes - {Scope.READ, Scope.EXPORT, Scope.ACCESS_READ}
    for scope in SCOPES[own] | SCOPES[of_group]:
        if scope in both.scopes:
            both.check(scope)
        else:
            with pytest.raises(NotPermitted, match=rule):
                both.check(scope)
    assert desk.may(in_groups("bea", "others")).scopes == SCOPES[of_group]


def test_whoever_has_the_files_approves_nothing() -> None:
    desk = Desk()
    assert desk.may(OPERATOR).check(Scope.REPORT_BUILD, "any", None).by is By.FILES
    for scope in (Scope.PROMOTION_APPROVE, Scope.POLICY_APPROVE):
        with pytest.raises(NotPermitted):
            desk.may(OPERATOR).check(scope, "any", "any")
