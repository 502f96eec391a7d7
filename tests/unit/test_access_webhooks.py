"""Webhooks as recorded changes: what can be said of one, who may see what through it, and how it ends."""

from typing import Any

import pytest

from api.access.sees import sees
from domain.access.authority import Authority, of_webhook
from domain.access.checking import WEBHOOKS_MAX
from domain.access.reach import Reach
from domain.access.roles import SCOPES, Role
from domain.access.scopes import OPERATOR, Scope
from domain.access.webhook import TOPICS_MAX, RemoveWebhook
from domain.errors import (
    AccessFull,
    ContradictoryReport,
    LedgerError,
    MalformedValue,
    NothingToChange,
    NotPermitted,
    SecretInClear,
    UnknownAccess,
)
from tests.access import Desk, a_grant, a_webhook, person, with_admins

GOOD_URLS = [
    "https://hooks.example/a/b",
    "https://hooks.example:8443/",
    "https://[2001:db8::1]/a",
    "http://127.0.0.1:8080/",
    "http://localhost/hook",
    "http://[::1]:9/",
]
BAD_URLS = [
    "http://hooks.example/",
    "http://127.0.0.1.hooks.example/",
    "http://localhost.hooks.example/",
    "ftp://hooks.example/",
    "file:///etc/passwd",
    "gopher://hooks.example/",
    "//hooks.example/",
    "hooks.example",
    "https://",
    "https:///a",
    "https://ann@hooks.example/",
    "https://@hooks.example/",
    "https://hooks.example@evil.example/",
    "https://hooks.example/?token=1",
    "https://hooks.example/?",
    "https://hooks.example/#",
    "https://hooks.example:0/",
    "https://hooks.example:99999/",
    "https://hooks.example:x/",
    "https://hooks.example\\@evil.example/",
    "https://hooks example/",
    "https://höoks.example/",
    "https://hooks%2eexample/",
    "https://[::1/",
    "https://hooks.example/\n",
    f"https://hooks.example/{'a' * 500}",
    "",
]


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_webhook_is_told_in_secret_or_on_this_machine(url: str) -> None:
    assert a_webhook(url=url).url == url


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_address_to_tell_is_refused(url: str) -> None:
    with pytest.raises(MalformedValue):
        a_webhook(url=url)


def test_a_password_in_the_address_is_refused_as_that() -> None:
    with pytest.raises(SecretInClear):
        a_webhook(url="https://ann:secret@hooks.example/")


WRONG: list[tuple[dict[str, Any], type[LedgerError]]] = [
    ({"name": "Chat"}, MalformedValue),
    ({"name": "chat.ops"}, MalformedValue),
    ({"name": ""}, MalformedValue),
    ({"name": "a" * 41}, MalformedValue),
    ({"scopes": ()}, MalformedValue),
    ({"scopes": (Scope.READ, Scope.ACCESS_READ)}, MalformedValue),
    ({"scopes": (Scope.REPORT_BUILD,)}, ContradictoryReport),
    ({"scopes": (Scope.EXPORT,)}, ContradictoryReport),
    ({"topics": ("removed",)}, MalformedValue),
    ({"topics": ("removed.v1", "build-recorded.v1")}, MalformedValue),
    ({"topics": tuple(f"a{n:02}.v1" for n in range(TOPICS_MAX + 1))}, MalformedValue),
    ({"key": 0}, MalformedValue),
    ({"key": 1001}, MalformedValue),
]


@pytest.mark.parametrize(("said", "refusal"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_meant_is_refused(said: dict[str, Any], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        a_webhook(**said)


def test_a_webhook_holds_from_its_confirmation_until_it_is_removed_by_one() -> None:
    desk = with_admins("ann", "bea")
    number = desk.propose(person("ann"), a_webhook())
    assert not list(desk.access.webhooks)
    desk.settle(person("bea"), number)
    assert desk.access.webhooks["chat"].said == a_webhook()
    desk.propose(person("ann"), RemoveWebhook("chat"))
    assert not list(desk.access.webhooks)
    with pytest.raises(UnknownAccess):
        desk.propose(person("ann"), RemoveWebhook("chat"))


def test_said_again_the_later_one_holds_and_its_key_never_goes_back() -> None:
    desk = Desk()
    desk.give(a_webhook(), a_webhook(key=2, url="https://other.example/"))
    assert desk.access.webhooks["chat"].said.url == "https://other.example/"
    with pytest.raises(NothingToChange):
        desk.give(a_webhook(key=2, url="https://other.example/"))
    with pytest.raises(ContradictoryReport, match="does not come back"):
        desk.give(a_webhook())


def test_there_are_so_many_and_no_more() -> None:
    desk = Desk()
    desk.give(*(a_webhook(f"hook-{number}") for number in range(WEBHOOKS_MAX)))
    with pytest.raises(AccessFull):
        desk.give(a_webhook())
    desk.give(a_webhook("hook-0", topics=()), RemoveWebhook("hook-1"), a_webhook())


def test_whoever_is_limited_gives_and_takes_no_more_than_they_reach() -> None:
    desk = Desk()
    desk.give(a_grant("ann", Role.ADMIN, Reach(("pay*",))), a_webhook("wide"))
    desk.propose(person("ann"), a_webhook(reach=Reach(("payments-api",))))
    for said in (a_webhook("other"), RemoveWebhook("wide")):
        with pytest.raises(NotPermitted):
            desk.propose(person("ann"), said)


STREAMS = {
    "target:payments-api@prod": True,
    "target:payments-api@staging": False,
    "target:orders-api@prod": False,
    "environment:prod": False,
    "build:payments-api/ci/1": False,
    "ledger": False,
    "trust": False,
    "access": False,
}


@pytest.mark.parametrize(("stream", "seen"), STREAMS.items())
def test_a_webhook_sees_what_is_within_its_reach(stream: str, *, seen: bool) -> None:
    desk = Desk()
    desk.give(a_webhook(reach=Reach(("payments-api",), ("prod",))), a_webhook("all", reach=Reach()))
    narrow, everything = (Authority((of_webhook(desk.access.webhooks[name]),)) for name in ("chat", "all"))
    assert sees(narrow, stream) is seen
    assert sees(everything, stream) is (stream != "access"), "who may do what is asked for by name"


def test_who_may_do_what_is_told_to_whom_it_was_given_by_name() -> None:
    desk = Desk()
    desk.give(a_webhook(scopes=(Scope.ACCESS_READ,)))
    authority = Authority((of_webhook(desk.access.webhooks["chat"]),))
    assert sees(authority, "access")
    assert not sees(authority, "target:payments-api@prod")


def test_nobody_proposes_to_tell_others_what_they_may_not_read_of_access() -> None:
    proposing = [held for held in (*SCOPES.values(), OPERATOR) if Scope.ACCESS_PROPOSE in held]
    assert proposing
    assert all(Scope.ACCESS_READ in held for held in proposing)
