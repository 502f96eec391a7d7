"""Bindings match what nobody else can come to have, to the letter; each platform's traps are known."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.access.authority import By, bound
from domain.access.binding import RULES_MAX, VALUES_MAX, Binding, Rule
from domain.access.change import DropIssuer, RemoveBinding
from domain.access.checking import BINDINGS_EACH_MAX
from domain.access.issuer import Platform, TrustedIssuer
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.scopes import Scope
from domain.actor import Actor, ActorKind
from domain.digest import Digest
from domain.errors import (
    AccessFull,
    ContradictoryReport,
    MalformedValue,
    NothingToChange,
    NotPermitted,
    SecretInClear,
    UnknownAccess,
)
from tests.access import GITHUB, Desk, a_binding, a_grant, an_issuer, rules

UUID, OTHER_UUID = "01234567-89ab-cdef-0123-456789abcdef", "fedcba98-7654-3210-fedc-ba9876543210"
K8S = "kubernetes.io."
IDS: Mapping[Platform, dict[str, str]] = {
    Platform.GITHUB: {"repository_id": "1001", "repository_owner_id": "2002"},
    Platform.GITLAB: {"project_id": "22", "namespace_id": "72"},
    Platform.BUILDKITE: {"organization_id": UUID, "pipeline_id": OTHER_UUID},
    Platform.GOOGLE: {"sub": "113774264463038321964"},
    Platform.KUBERNETES: {
        f"{K8S}namespace": "payments",
        f"{K8S}serviceaccount.name": "reporter",
        f"{K8S}serviceaccount.uid": UUID,
    },
    Platform.OTHER: {"org_uuid": "any form"},
}
BESIDE = {Platform.GITHUB: {"event_name": "push", "ref": "refs/heads/main", "sub": "repo:acme/x:ref:y"}}


def issuer_of(platform: Platform) -> TrustedIssuer:
    more = {"identifying": ("org_uuid",)} if platform is Platform.OTHER else {}
    return an_issuer(platform=platform, url=f"https://{platform}.example", **more)


def binding_of(platform: Platform, **more: Any) -> Binding:
    return a_binding(issuer=issuer_of(platform).url, rules=rules(**{**IDS[platform], **more}))


def claims_of(platform: Platform, **more: object) -> dict[str, object]:
    return {**IDS[platform], **BESIDE.get(platform, {}), **more}


def matches(platform: Platform, claims: Mapping[str, object], **more: Any) -> bool:
    return binding_of(platform, **more).matches(claims, issuer_of(platform))


@pytest.mark.parametrize("platform", Platform)
def test_the_ids_of_a_platform_are_enough_and_all_of_them_are_needed(platform: Platform) -> None:
    binding_of(platform).check_against(issuer_of(platform))
    assert matches(platform, claims_of(platform))
    for missing in IDS[platform]:
        left = {name: value for name, value in IDS[platform].items() if name != missing} or {"x": "y"}
        with pytest.raises(ContradictoryReport, match=missing):
            a_binding(issuer=issuer_of(platform).url, rules=rules(**left)).check_against(issuer_of(platform))
        for other in ("another", None, int, [IDS[platform][missing]]):
            claims = claims_of(platform, **{missing: other})
            assert not matches(platform, claims)
        assert not matches(platform, {k: v for k, v in claims_of(platform).items() if k != missing})


@pytest.mark.parametrize("platform", Platform)
def test_of_another_issuer_the_same_claims_mean_nothing(platform: Platform) -> None:
    elsewhere = issuer_of(Platform.OTHER if platform is not Platform.OTHER else Platform.GITHUB)
    assert not binding_of(platform).matches(claims_of(platform), elsewhere)


@pytest.mark.parametrize("platform", [each for each in Platform if each is not Platform.GOOGLE])
def test_sub_is_recorded_and_never_matched(platform: Platform) -> None:
    with pytest.raises(ContradictoryReport, match="sub is recorded and never matched"):
        binding_of(platform, sub="repo:acme/payments-api:ref:refs/heads/main").check_against(
            issuer_of(platform)
        )


@pytest.mark.parametrize(
    ("platform", "claim", "value"),
    [
        (Platform.GITHUB, "repository_id", "acme/payments-api"),
        (Platform.GITHUB, "repository_owner_id", "acme"),
        (Platform.GITLAB, "project_id", "acme/payments-api"),
        (Platform.BUILDKITE, "organization_id", "acme"),
        (Platform.BUILDKITE, "pipeline_id", OTHER_UUID.upper()),
        (Platform.GOOGLE, "sub", "ci@acme.iam.gserviceaccount.com"),
        (Platform.KUBERNETES, f"{K8S}serviceaccount.uid", "reporter"),
        (Platform.GITLAB, "ref_protected", "True"),
        (Platform.GITLAB, "environment_protected", "yes"),
    ],
)
def test_an_id_is_an_id_and_a_truth_is_a_text(platform: Platform, claim: str, value: str) -> None:
    with pytest.raises(MalformedValue):
        binding_of(platform, **{claim: value}).check_against(issuer_of(platform))


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_pull_request_on_github_is_of_anybodys_code(event: str) -> None:
    with pytest.raises(ContradictoryReport, match="anybody's code"):
        binding_of(Platform.GITHUB, event_name=event).check_against(issuer_of(Platform.GITHUB))
    assert not matches(Platform.GITHUB, claims_of(Platform.GITHUB, event_name=event))
    assert not matches(Platform.GITHUB, claims_of(Platform.GITHUB, event_name=event), event_name=event)


@pytest.mark.parametrize("event", [None, 7, ["push"]])
def test_a_run_that_does_not_say_what_started_it(event: object) -> None:
    assert not matches(Platform.GITHUB, claims_of(Platform.GITHUB, event_name=event))
    without = {name: value for name, value in claims_of(Platform.GITHUB).items() if name != "event_name"}
    assert not matches(Platform.GITHUB, without)


def test_a_repository_that_was_made_again_under_its_name_has_another_number() -> None:
    named = rules(repository="acme/payments-api", **IDS[Platform.GITHUB])
    again = claims_of(Platform.GITHUB, repository="acme/payments-api", repository_id="9009")
    issuer = issuer_of(Platform.GITHUB)
    assert not a_binding(issuer=issuer.url, rules=named).matches(again, issuer)


@pytest.mark.parametrize("protected", [True, "True", 1, "false", None])
def test_a_truth_on_gitlab_is_the_text_true(protected: object) -> None:
    assert matches(Platform.GITLAB, claims_of(Platform.GITLAB, ref_protected="true"), ref_protected="true")
    claims = claims_of(Platform.GITLAB, ref_protected=protected)
    assert not matches(Platform.GITLAB, claims, ref_protected="true")


@pytest.mark.parametrize(("running", "matching"), [("22", True), ("99", False), (22, False)])
def test_on_gitlab_the_job_runs_in_the_project_that_is_named(running: object, matching: bool) -> None:
    claims = claims_of(Platform.GITLAB, job_project_id=running)
    assert matches(Platform.GITLAB, claims) is matching


def test_every_rule_must_hold_and_each_may_have_several_values() -> None:
    wanted: dict[str, Any] = {"ref": ("refs/heads/main", "refs/heads/release")}
    for ref, matching in (("refs/heads/main", True), ("refs/heads/release", True), ("refs/heads/x", False)):
        assert matches(Platform.GITHUB, claims_of(Platform.GITHUB, ref=ref), **wanted) is matching
    for other in ("refs/heads/main\n", " refs/heads/main", "refs/heads/Main", ["refs/heads/main"], None):
        assert not matches(Platform.GITHUB, claims_of(Platform.GITHUB, ref=other), **wanted)


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("ref", ("refs/heads/*",)),
        ("ref", ()),
        ("ref", ("",)),
        ("ref", ("b", "a")),
        ("ref", ("a", "a")),
        ("ref", ("x" * 501,)),
        ("ref", tuple(f"{number:03}" for number in range(VALUES_MAX + 1))),
        ("", ("a",)),
        ("a b", ("a",)),
        ("x" * 101, ("a",)),
    ],
)
def test_what_is_no_rule(claim: str, values: tuple[str, ...]) -> None:
    with pytest.raises(MalformedValue):
        Rule(claim, values)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "With Blanks"}, MalformedValue),
        ({"rules": ()}, MalformedValue),
        ({"rules": tuple(Rule(f"c{n:02}", ("x",)) for n in range(RULES_MAX + 1))}, MalformedValue),
        ({"rules": (Rule("b", ("x",)), Rule("a", ("x",)))}, MalformedValue),
        ({"seconds": 0}, MalformedValue),
        ({"seconds": 901}, MalformedValue),
        ({"role": None}, ContradictoryReport),
        ({"scopes": (Scope.READ,)}, ContradictoryReport),
        ({"role": Role.APPROVER}, ContradictoryReport),
        ({"role": Role.ADMIN}, ContradictoryReport),
        ({"role": None, "scopes": ()}, MalformedValue),
        ({"role": None, "scopes": (Scope.PROMOTION_APPROVE,)}, ContradictoryReport),
        ({"role": None, "scopes": (Scope.ACCESS_PROPOSE,)}, ContradictoryReport),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_no_binding(changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        a_binding(**changes)


JWKS = Digest.of(b"keys")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"url": "http://ci.example"}, MalformedValue),
        ({"url": "https://u@ci.example"}, MalformedValue),
        ({"url": "https://u:p@ci.example"}, SecretInClear),
        ({"url": "https://ci.example?x=1"}, MalformedValue),
        ({"url": "https://ci.example#x"}, MalformedValue),
        ({"url": "https://"}, MalformedValue),
        ({"url": "https://[ci"}, MalformedValue),
        ({"url": "ftp://ci.example"}, MalformedValue),
        ({"algorithms": ()}, MalformedValue),
        ({"algorithms": ("none",)}, MalformedValue),
        ({"algorithms": ("HS256",)}, MalformedValue),
        ({"algorithms": ("RS256", "ES256")}, MalformedValue),
        ({"algorithms": ("RS256", "RS256")}, MalformedValue),
        ({"audience": ""}, MalformedValue),
        ({"seconds_max": 0}, MalformedValue),
        ({"seconds_max": 3601}, MalformedValue),
        ({"jwks_url": None}, ContradictoryReport),
        ({"jwks": JWKS}, ContradictoryReport),
        ({"jwks_url": "file:///etc/passwd"}, MalformedValue),
        ({"jwks_url": "http://169.254.169.254/"}, MalformedValue),
        ({"identifying": ("x",)}, ContradictoryReport),
        ({"platform": Platform.OTHER}, ContradictoryReport),
        ({"platform": Platform.OTHER, "identifying": ()}, MalformedValue),
        ({"platform": Platform.OTHER, "identifying": ("sub",)}, MalformedValue),
        ({"platform": Platform.OTHER, "identifying": ("a", "a")}, MalformedValue),
        ({"platform": Platform.OTHER, "identifying": ("a", "b", "c", "d", "e", "f")}, MalformedValue),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_no_issuer(changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        an_issuer(**changes)


def test_an_issuer_with_keys_in_a_file_and_one_on_this_machine() -> None:
    assert an_issuer(jwks_url=None, jwks=JWKS).jwks == JWKS
    assert an_issuer(url="http://127.0.0.1:8080", jwks_url="http://localhost:8080/jwks").url


# -- as the stream holds them

MINE = claims_of(Platform.GITHUB)
RUN = Actor(ActorKind.WORKLOAD, GITHUB, "repo:acme/payments-api:ref:refs/heads/main")


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.give(an_issuer(), a_binding())
    return desk


def names(desk: Desk, claims: Mapping[str, object] = MINE, issuer: str = GITHUB) -> list[str]:
    return [held.said.name for held in bound(desk.access, issuer, claims)]


def test_a_workload_finds_its_bindings(desk: Desk) -> None:
    desk.give(a_binding("everything", rules=rules(**IDS[Platform.GITHUB]), role=None, scopes=(Scope.READ,)))
    assert names(desk) == ["everything", "payments-ci"]
    assert names(desk, {**MINE, "ref": "refs/heads/x"}) == ["everything"]
    assert (
        names(desk, {**MINE, "repository_id": "9"}) == names(desk, {}) == names(desk, MINE, "https://x") == []
    )


def test_under_a_binding_it_may_do_what_that_says_and_without_one_nothing(desk: Desk) -> None:
    allowance = desk.may(RUN, binding="payments-ci").check(Scope.REPORT_DEPLOYMENT, "payments-api", "prod")
    assert (allowance.by, allowance.name) == (By.BINDING, "payments-ci")
    with pytest.raises(NotPermitted):
        desk.may(RUN, binding="payments-ci").check(Scope.REPORT_DEPLOYMENT, "orders", "prod")
    elsewhere = Actor(ActorKind.WORKLOAD, "https://x", RUN.subject)
    for may in (desk.may(RUN), desk.may(RUN, binding="x"), desk.may(elsewhere, binding="payments-ci")):
        assert may.scopes == frozenset()


def test_a_binding_that_was_removed_ends_what_was_exchanged_under_it(desk: Desk) -> None:
    desk.give(RemoveBinding("payments-ci"))
    assert names(desk) == []
    assert desk.may(RUN, binding="payments-ci").scopes == frozenset()
    assert len(desk.access.bindings) == len(desk.access.bindings_for) == 0


def test_with_its_issuer_dropped_a_binding_ends_and_does_not_come_back(desk: Desk) -> None:
    desk.give(DropIssuer(GITHUB))
    assert desk.may(RUN, binding="payments-ci").scopes == frozenset()
    desk.give(an_issuer())
    assert names(desk) == []


def test_a_binding_said_again_is_as_it_was_said_last(desk: Desk) -> None:
    desk.give(a_binding(rules=rules(repository_id=("1001", "1002"), repository_owner_id="2002")))
    assert names(desk, {**MINE, "repository_id": "1002"}) == names(desk) == ["payments-ci"]
    desk.give(a_binding(rules=rules(repository_id="1002", repository_owner_id="2002")))
    assert names(desk) == []
    with pytest.raises(NothingToChange):
        desk.give(a_binding(rules=rules(repository_id="1002", repository_owner_id="2002")))


def test_a_binding_needs_an_issuer_that_is_trusted() -> None:
    with pytest.raises(UnknownAccess):
        Desk().give(a_binding())


def test_what_a_binding_stands_on_is_not_moved_from_under_it(desk: Desk) -> None:
    desk.give(an_issuer(audience="another"))
    with pytest.raises(NothingToChange):
        desk.give(an_issuer(audience="another"))
    with pytest.raises(ContradictoryReport, match="repository_id"):
        desk.give(an_issuer(platform=Platform.GITLAB))
    desk.give(RemoveBinding("payments-ci"), an_issuer(platform=Platform.GITLAB))


def test_a_project_has_a_bounded_number_of_bindings(desk: Desk) -> None:
    desk.give(*(a_binding(f"b-{number}") for number in range(BINDINGS_EACH_MAX - 1)))
    with pytest.raises(AccessFull):
        desk.give(a_binding("one-too-many"))
    desk.give(a_binding(reach=Reach()))
    desk.give(a_grant("ann", Role.RECORDER))
