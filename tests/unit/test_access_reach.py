"""Reach: exact names and beginnings of names; none is any; what is not named is not reached."""

import pytest

from domain.access.reach import PATTERNS_MAX, Reach
from domain.access.scopes import Scope
from domain.errors import MalformedValue

PAYMENTS = Reach(("payments-*", "search-api"), ("prod",))


@pytest.mark.parametrize(
    ("service", "environment", "covered"),
    [
        ("payments-api", "prod", True),
        ("payments-", "prod", True),
        ("search-api", "prod", True),
        ("search-api-2", "prod", False),
        ("payments", "prod", False),
        ("xpayments-api", "prod", False),
        ("payments-api", "prod-2", False),
        ("payments-api", "staging", False),
        ("payments-api", None, False),
        (None, "prod", False),
        (None, None, False),
    ],
)
def test_what_is_covered(service: str | None, environment: str | None, covered: bool) -> None:
    assert PAYMENTS.covers(service, environment) is covered
    assert Reach().covers(service, environment)


@pytest.mark.parametrize(
    ("scope", "service", "environment", "covered"),
    [
        (Scope.REPORT_BUILD, "payments-api", None, True),
        (Scope.REPORT_BUILD, "orders", None, False),
        (Scope.REPORT_EVIDENCE, None, None, True),
        (Scope.TOKEN_ISSUE, None, None, True),
        (Scope.READ, "payments-api", None, False),
        (Scope.REPORT_OBSERVATION, None, "prod", False),
        (Scope.REPORT_DEPLOYMENT, "payments-api", "prod", True),
        (Scope.TRUST, None, None, False),
    ],
)
def test_what_is_never_about_an_environment_is_not_limited_by_one(
    scope: Scope, service: str | None, environment: str | None, covered: bool
) -> None:
    assert PAYMENTS.covers_for(scope, service, environment) is covered


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        (Reach(), Reach(), True),
        (Reach(("a",)), Reach(), True),
        (Reach(), Reach(("a",)), False),
        (Reach(("a-1",)), Reach(("a-*",)), True),
        (Reach(("a-1*",)), Reach(("a-*",)), True),
        (Reach(("a-*",)), Reach(("a-1*",)), False),
        (Reach(("a*",)), Reach(("a",)), False),
        (Reach(("a", "b")), Reach(("a",)), False),
        (Reach(("a",), ("prod",)), Reach(("a",)), True),
        (Reach(("a",)), Reach(("a",), ("prod",)), False),
    ],
)
def test_nobody_passes_on_more_than_they_have(inner: Reach, outer: Reach, within: bool) -> None:
    assert inner.within(outer) is within


@pytest.mark.parametrize(
    "patterns",
    [
        ("*",),
        ("",),
        ("a*b",),
        ("a**",),
        ("*a",),
        ("Prod",),
        ("a b",),
        ("b", "a"),
        ("a", "a"),
        ("a?",),
        ("x" * 101,),
        tuple(f"s{number:04}" for number in range(PATTERNS_MAX + 1)),
    ],
)
def test_what_is_no_pattern(patterns: tuple[str, ...]) -> None:
    with pytest.raises(MalformedValue):
        Reach(patterns)
    with pytest.raises(MalformedValue):
        Reach(environments=patterns)


def test_patterns_in_any_order_have_one_spelling() -> None:
    assert Reach.of(["b", "a", "b"]) == Reach(("a", "b"))
    assert str(Reach(("a", "b*"), ("prod",))) == "a, b* in prod"
    assert str(Reach()) == "any service in any environment"
