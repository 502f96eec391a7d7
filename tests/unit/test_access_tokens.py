"""API tokens: what they may hold, how long they live, and when they are refused."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from domain.access import scopes
from domain.access.authority import By
from domain.access.issuing import TOKENS_EACH_MAX
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.scopes import Scope
from domain.access.token import GRACE_SECONDS_MAX, LIFE_DAYS_MAX, NETWORKS_MAX, ApiToken, accepted
from domain.actor import Actor, ActorKind
from domain.errors import (
    AccessFull,
    AlreadyRecorded,
    ContradictoryReport,
    CredentialRefused,
    MalformedValue,
    NothingToChange,
    NotPermitted,
    SecretInClear,
    SegregatedDuties,
    UnknownAccess,
)
from domain.identity import Identity
from tests.access import FORGE, NOON, Desk, a_grant, a_link, a_secret, a_token, person, who

HERE = ip_address("192.0.2.7")
ANN = person("ann")
USED = Actor(ActorKind.TOKEN, who("importer").issuer, "importer", credential="tok00001")
DAY = timedelta(days=1)


def use(desk: Desk, said: str = "tok00001", address: str = "192.0.2.7") -> ApiToken:
    token = desk.access.tokens.get("tok00001")
    return accepted(token, a_secret(said), at=desk.at, address=ip_address(address))


def refused(desk: Desk, why: str, said: str = "tok00001", address: str = "192.0.2.7") -> None:
    with pytest.raises(CredentialRefused, match="the credential is not accepted") as refusal:
        use(desk, said, address)
    assert why in refusal.value.why


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.issue()
    return desk


def test_a_token_gives_its_scopes_as_far_as_it_reaches() -> None:
    desk = Desk()
    desk.issue(a_token(reach=Reach(("payments-api",), ("prod",))))
    may = desk.may(USED)
    assert may.scopes == {Scope.REPORT_BUILD, Scope.REPORT_DEPLOYMENT}
    allowance = may.check(Scope.REPORT_DEPLOYMENT, "payments-api", "prod")
    assert (allowance.by, allowance.name, allowance.events) == (By.TOKEN, "tok00001", (1,))
    may.check(Scope.REPORT_BUILD, "payments-api")
    for scope, service, environment in (
        (Scope.REPORT_DEPLOYMENT, "payments-api", "staging"),
        (Scope.REPORT_DEPLOYMENT, "orders", "prod"),
        (Scope.REPORT_CONFIG, "payments-api", "prod"),
        (Scope.READ, "payments-api", "prod"),
    ):
        with pytest.raises(NotPermitted):
            may.check(scope, service, environment)


def test_it_is_that_of_its_holder(desk: Desk) -> None:
    for other in (Actor(ActorKind.TOKEN, "https://x", "importer", credential="tok00001"), person("importer")):
        assert desk.may(other).scopes == frozenset()


@pytest.mark.parametrize("scope", sorted(scopes.FOR_PEOPLE))
def test_what_no_token_may_hold(scope: Scope) -> None:
    with pytest.raises(ContradictoryReport, match=f"only a person may hold {scope}"):
        a_token(scopes=(scope,))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"scopes": ()}, MalformedValue),
        ({"scopes": (Scope.REPORT_BUILD, Scope.REPORT_BUILD)}, MalformedValue),
        ({"scopes": (Scope.TRUST, Scope.READ)}, MalformedValue),
        ({"expires_at": NOON}, MalformedValue),
        ({"expires_at": NOON - DAY}, MalformedValue),
        ({"expires_at": NOON + LIFE_DAYS_MAX * DAY + timedelta(microseconds=1)}, MalformedValue),
        ({"id": "short"}, MalformedValue),
        ({"id": "x" * 33}, MalformedValue),
        ({"id": "with_line"}, MalformedValue),
        ({"name": ""}, MalformedValue),
        ({"name": "n" * 201}, MalformedValue),
        ({"name": "ghp_" + "a" * 36}, SecretInClear),
        ({"cidrs": ("10.0.0.1/8",)}, MalformedValue),
        ({"cidrs": ("10.0.0.0",)}, MalformedValue),
        ({"cidrs": ("example.com",)}, MalformedValue),
        ({"cidrs": ("2001:DB8::/32",)}, MalformedValue),
        ({"cidrs": ("10.0.0.0/8", "10.0.0.0/8")}, MalformedValue),
        ({"cidrs": tuple(f"10.{n}.0.0/16" for n in range(100, 101 + NETWORKS_MAX))}, MalformedValue),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_token(changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        a_token(**changes)


def test_a_token_lives_a_year_at_the_most() -> None:
    Desk().issue(a_token(expires_at=NOON + LIFE_DAYS_MAX * DAY))


def test_its_secret_is_accepted_and_nothing_else(desk: Desk) -> None:
    assert use(desk).id == "tok00001"
    refused(desk, "not a secret", "something else")
    assert a_secret("tok00001").text not in str(CredentialRefused("why"))


def test_a_token_nobody_knows_is_refused_in_the_same_words() -> None:
    refused(Desk(), "no such token")


def test_a_token_expires(desk: Desk) -> None:
    desk.at = NOON + 90 * DAY - timedelta(microseconds=1)
    use(desk)
    desk.at = NOON + 90 * DAY
    refused(desk, "expired")
    assert desk.may(USED).scopes == frozenset()


def test_a_revoked_token_is_of_no_use(desk: Desk) -> None:
    desk.revoke("tok00001")
    refused(desk, "revoked")
    assert desk.may(USED).scopes == frozenset()
    with pytest.raises(NothingToChange):
        desk.revoke("tok00001")
    with pytest.raises(UnknownAccess, match="has ended"):
        desk.rotate("tok00001", "another")


def test_a_revoked_id_never_comes_back(desk: Desk) -> None:
    desk.revoke("tok00001")
    with pytest.raises(AlreadyRecorded):
        desk.issue()


def test_it_is_used_from_the_networks_that_were_said() -> None:
    desk = Desk()
    desk.issue(a_token(cidrs=("10.0.0.0/8", "2001:db8::/32")))
    use(desk, address="10.1.2.3")
    use(desk, address="2001:db8::1")
    for address in ("11.0.0.1", "2001:db9::1", "::ffff:11.0.0.1"):
        refused(desk, "may not be used from", address=address)


def test_after_a_rotation_the_old_secret_is_good_for_a_while(desk: Desk) -> None:
    desk.rotate("tok00001", "second", grace=3600)
    use(desk)
    use(desk, "second")
    desk.later(seconds=3600)
    refused(desk, "not a secret")
    use(desk, "second")


def test_without_grace_it_is_over_at_once(desk: Desk) -> None:
    desk.rotate("tok00001", "second")
    refused(desk, "not a secret")


def test_only_one_secret_before_is_remembered(desk: Desk) -> None:
    desk.rotate("tok00001", "second", grace=3600)
    desk.rotate("tok00001", "third", grace=3600)
    refused(desk, "not a secret")
    use(desk, "second")
    use(desk, "third")


def test_grace_does_not_outlive_the_token(desk: Desk) -> None:
    desk.at = NOON + 90 * DAY - timedelta(seconds=10)
    desk.rotate("tok00001", "second", grace=3600, expires_at=desk.at + DAY)
    desk.later(seconds=10)
    refused(desk, "not a secret")
    use(desk, "second")


def test_a_rotation_renews_the_life_and_no_longer_than_a_year(desk: Desk) -> None:
    desk.later(days=80)
    token = desk.rotate("tok00001", "second", expires_at=desk.at + LIFE_DAYS_MAX * DAY)
    assert (token.since, token.expires_at) == (desk.at, desk.at + LIFE_DAYS_MAX * DAY)
    with pytest.raises(MalformedValue):
        desk.rotate("tok00001", "third", expires_at=desk.at + (LIFE_DAYS_MAX + 1) * DAY)


def test_a_rotation_does_not_carry_a_token_into_the_time_of_an_auditor() -> None:
    desk = Desk()
    desk.issue(a_token(holder=who("ann")))
    desk.give(a_grant("ann", Role.AUDITOR, since=NOON + 90 * DAY))
    desk.rotate("tok00001", "second")
    with pytest.raises(SegregatedDuties, match="SOD-7"):
        desk.rotate("tok00001", "third", expires_at=NOON + 91 * DAY)


@pytest.mark.parametrize("grace", [-1, GRACE_SECONDS_MAX + 1])
def test_grace_is_bounded(desk: Desk, grace: int) -> None:
    with pytest.raises(MalformedValue):
        desk.rotate("tok00001", "second", grace=grace)


def test_a_secret_is_used_once(desk: Desk) -> None:
    with pytest.raises(ContradictoryReport):
        desk.rotate("tok00001", "tok00001")
    desk.rotate("tok00001", "second")
    with pytest.raises(ContradictoryReport):
        desk.rotate("tok00001", "tok00001")


def test_an_ended_token_is_not_rotated(desk: Desk) -> None:
    desk.later(days=90)
    with pytest.raises(UnknownAccess):
        desk.rotate("tok00001", "second")
    with pytest.raises(UnknownAccess):
        desk.rotate("tok99999", "second")


@pytest.mark.parametrize("actor", [ANN, USED, person("importer")], ids=["nobody", "itself", "its holder"])
def test_who_is_no_admin_issues_and_rotates_nothing(desk: Desk, actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        desk.issue(a_token("tok00002"), by=actor)
    with pytest.raises(NotPermitted):
        desk.rotate("tok00001", "second", by=actor)


def test_whoever_holds_it_may_give_it_up_under_any_identity(desk: Desk) -> None:
    with pytest.raises(NotPermitted):
        desk.revoke("tok00001", by=ANN)
    desk.give(a_link("importer", "4711"))
    assert desk.revoke("tok00001", by=person("4711", FORGE)).revoked_at == desk.at


def test_a_limited_admin_issues_within_the_limit() -> None:
    desk = Desk()
    desk.give(a_grant("ann", Role.ADMIN, Reach(("payments-*",))))
    desk.issue(a_token(reach=Reach(("payments-api",))), by=ANN)
    with pytest.raises(NotPermitted, match="does not reach"):
        desk.issue(a_token("tok00002"), by=ANN)


@pytest.mark.parametrize("holder", [who("bea"), who("4711", FORGE)], ids=["herself", "a linked identity"])
@pytest.mark.parametrize(("role", "rule"), [(Role.AUDITOR, "SOD-7"), (Role.ADMIN, "SOD-8")])
def test_a_token_does_not_bring_duties_together(holder: Identity, role: Role, rule: str) -> None:
    desk = Desk()
    desk.give(a_grant("bea", role), a_link("bea", "4711"))
    with pytest.raises(SegregatedDuties, match=rule):
        desk.issue(a_token(holder=holder))
    desk.issue(a_token("tok00002", holder=holder, scopes=(Scope.READ,)))


def test_a_holder_has_a_bounded_number_of_live_tokens() -> None:
    desk = Desk()
    for number in range(TOKENS_EACH_MAX):
        desk.issue(a_token(f"token{number:05}"))
    with pytest.raises(AccessFull):
        desk.issue(a_token("onemore1"))
    desk.revoke("token00000")
    desk.issue(a_token("onemore1"))
    desk.later(days=91)
    desk.issue(a_token("onemore2", since=desk.at))
    assert desk.access.tokens_of[who("importer")] == ("onemore2",)
    assert len(desk.access.tokens) == TOKENS_EACH_MAX + 2
