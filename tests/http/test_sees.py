"""Who sees which events: every kind of reader, by every kind of stream."""

import pytest

from api.access.sees import check_sees, sees
from domain.access.authority import Allowance, Authority, By
from domain.access.reach import Reach
from domain.access.roles import SCOPES, Role
from domain.access.scopes import Scope
from domain.errors import NotPermitted

PAY_PROD, PAY_STAGING = "target:payments-api@prod", "target:payments-api@staging"
SEARCH_PROD, SEARCH_STAGING = "target:search-api@prod", "target:search-api@staging"
PAY_BUILD, SEARCH_BUILD = "build:payments-api/ci/4711", "build:search-api/ci/1"
PROD, STAGING = "environment:prod", "environment:staging"
ABOUT_NO_PLACE = ("ledger", "trust", f"evidence:{'5f' * 32}", "policy:release", "incident:7")
STREAMS = frozenset(
    {
        *(PAY_PROD, PAY_STAGING, SEARCH_PROD, SEARCH_STAGING, PAY_BUILD, SEARCH_BUILD, PROD, STAGING),
        *ABOUT_NO_PLACE,
        "access",
    }
)
READABLE = STREAMS - {"access"}
NOTHING: frozenset[str] = frozenset()


def holding(*given: tuple[Role | frozenset[Scope], Reach], clash: str | None = None) -> Authority:
    """Return the authority of somebody with roles, or scopes, that reach so far."""
    return Authority(
        tuple(
            Allowance(SCOPES[each] if isinstance(each, Role) else each, reach, By.GRANT, str(number))
            for number, (each, reach) in enumerate(given)
        ),
        clash,
    )


def role(role: Role, *, services: tuple[str, ...] = (), environments: tuple[str, ...] = ()) -> Authority:
    return holding((role, Reach(services, environments)))


ANY = Reach()
SEEN = {
    "nobody": (Authority(), NOTHING),
    "recorder": (role(Role.RECORDER), READABLE),
    "recorder of one service": (
        role(Role.RECORDER, services=("payments-api",)),
        {PAY_PROD, PAY_STAGING, PAY_BUILD},
    ),
    "recorder of services that begin alike": (
        role(Role.RECORDER, services=("search*",)),
        {SEARCH_PROD, SEARCH_STAGING, SEARCH_BUILD},
    ),
    "recorder of one target": (
        role(Role.RECORDER, services=("payments-api",), environments=("prod",)),
        {PAY_PROD},
    ),
    "release manager": (role(Role.RELEASE_MANAGER), READABLE),
    "release manager of one environment": (
        role(Role.RELEASE_MANAGER, environments=("prod",)),
        {PAY_PROD, SEARCH_PROD, PROD},
    ),
    "of two places, each by a role of its own": (
        holding(
            (Role.RELEASE_MANAGER, Reach(("payments-api",), ("staging",))),
            (Role.APPROVER, Reach((), ("prod",))),
        ),
        {PAY_STAGING, PAY_PROD, SEARCH_PROD, PROD},
    ),
    "approver": (role(Role.APPROVER), READABLE),
    "security": (role(Role.SECURITY), READABLE),
    "auditor": (role(Role.AUDITOR), STREAMS),
    "auditor of one environment": (
        role(Role.AUDITOR, environments=("staging",)),
        {PAY_STAGING, SEARCH_STAGING, STAGING, "access"},
    ),
    "admin": (role(Role.ADMIN), {"access"}),
    "admin of one service": (role(Role.ADMIN, services=("payments-api",)), {"access"}),
    "who may only report": (holding((frozenset({Scope.REPORT_BUILD}), ANY)), NOTHING),
    "who may only export": (holding((frozenset({Scope.EXPORT}), ANY)), NOTHING),
    "auditor and recorder by groups, who may write nothing": (
        holding((Role.AUDITOR, ANY), (Role.RECORDER, ANY), clash="SOD-7"),
        STREAMS,
    ),
}


@pytest.mark.parametrize(("authority", "expected"), SEEN.values(), ids=SEEN)
def test_who_sees_what(authority: Authority, expected: frozenset[str]) -> None:
    assert {stream for stream in STREAMS if sees(authority, stream)} == set(expected)


@pytest.mark.parametrize(("authority", "expected"), SEEN.values(), ids=SEEN)
def test_a_refusal_and_a_listing_agree(authority: Authority, expected: frozenset[str]) -> None:
    for stream in STREAMS:
        if stream in expected:
            check_sees(authority, stream)
        else:
            with pytest.raises(NotPermitted):
                check_sees(authority, stream)


@pytest.mark.parametrize(
    "stream", ["", ":", "accessory", "access:", "Access", "target:", "build:", "target:a"]
)
def test_what_only_looks_like_a_stream_is_seen_by_nobody_who_is_limited(stream: str) -> None:
    limited = role(Role.RECORDER, services=("payments-api",), environments=("prod",))
    assert not sees(limited, stream)
    assert not sees(role(Role.ADMIN), stream)
