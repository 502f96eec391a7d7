"""Every operation, tried by everybody there is, and compared with the table that is checked in."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.access import exchanged
from api.access.about import _mark
from api.access.exchanged import Exchanged
from api.app import OPERATIONS
from api.fields import Input
from api.operations import Operation
from api.pages.all import PAGES
from api.pages.page import Page
from api.settings import Settings
from domain.access.roles import Role
from domain.access.scopes import FOR_PEOPLE, Scope
from domain.actor import Actor, ActorKind, Method
from tests import credentials
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.people import as_person, by_name
from tests.http.world import World
from tests.http.write_openapi import ANYONE, KNOWN, PERMISSIONS
from tests.issuer import Issuer

TABLE = json.loads(PERMISSIONS.read_bytes())
REFUSED = (401, 403)
OTHERWISE = ("/problems/login-refused", "/problems/not-our-form")
"""What refuses whoever it is, for what they send."""
WORKLOAD = Actor(ActorKind.WORKLOAD, bootstrap.PAYMENTS["issuer"], "repo:acme/payments", method=Method.OIDC)
NOT_RECORDED = str(2**53 - 1)
"""A position at which there is nothing yet: of what is there, its stream decides who may see it."""
Everybody = dict[str, dict[str, str]]
"""Headers by who sends them."""
Asked = tuple[World, Everybody]


@pytest.fixture(scope="module")
def everybody(told_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A world in which there is somebody of every kind, and the header with which each asks."""
    home = tmp_path_factory.mktemp("permissions") / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY) as operated:
        for role in Role:
            holder = {"issuer": "https://sso.example", "subject": role.value}
            bootstrap.agreed(operated, grant={"role": role, "holder": holder})
        bootstrap.trust(operated, Issuer())
        scopes = sorted(set(Scope) - FOR_PEOPLE)
        number = bootstrap.agreed(operated, binding={**bootstrap.PAYMENTS, "services": [], "scopes": scopes})
        credentials.issue(operated.services.ledger)
        now = operated.clock.at
    with worlds.opened(operated.settings, at=now, guarded=by_name) as world:
        until = now.replace(year=now.year + 1)
        known = Exchanged(actor=WORKLOAD, binding="payments-ci", number=number, until=until)
        token = exchanged.hand_out(world.services.passing, known)
        asking = {role.value: as_person(role.value) for role in Role}
        asking |= {"no role": as_person("nobody"), "token": credentials.BEARER, "no credential": {}}
        yield world, asking | {"workload": bootstrap.bearer(token)}


def allowed(world: World, asked: Operation | Page, headers: dict[str, str]) -> bool:
    """Whether a request that says nothing gets past who may do this; what it says is not looked at before."""
    path = re.sub("<[^>]*>", "1", asked.path.replace("<int:position>", NOT_RECORDED))
    sent: dict[str, Any] = (
        {"data": {"nothing": ""}} if isinstance(asked, Page) and asked.method == "POST" else {}
    )
    answer = world.client.open(path, method=asked.method, headers=headers, **sent)
    if answer.status_code in REFUSED and answer.get_json()["type"] not in OTHERWISE:
        assert answer.get_json()["type"] in (
            "/problems/unauthenticated",
            "/problems/not-permitted",
        ), answer.text
        return False
    return True


@pytest.mark.parametrize("operation", [*OPERATIONS, *PAGES], ids=lambda each: each.name)
def test_who_may(everybody: Asked, operation: Operation | Page) -> None:
    world, asking = everybody
    may = set(TABLE[f"{operation.method} {operation.path}"]["may"].split(", "))
    before = world.position
    got_in = {who for who, headers in asking.items() if allowed(world, operation, headers)}
    assert world.position == before, "a request that says nothing records nothing"
    if may == {ANYONE}:
        assert got_in == asking.keys()
    elif may == {KNOWN}:
        assert got_in == asking.keys() - {"no credential"}
    else:
        assert got_in == may - {"operator"}


@pytest.mark.parametrize("operation", [*OPERATIONS, *PAGES], ids=lambda each: each.name)
def test_the_local_operator_may(operator: World, operation: Operation | Page) -> None:
    may = TABLE[f"{operation.method} {operation.path}"]["may"]
    assert allowed(operator, operation, {}) == ("operator" in may or may in (ANYONE, KNOWN))


@pytest.fixture(scope="module")
def operator(told_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A ledger opened by whoever has its files."""
    home = tmp_path_factory.mktemp("operator") / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY) as world:
        yield world


def test_nothing_is_served_that_is_not_in_the_table(operator: World) -> None:
    served = {
        f"{method} {rule.rule}"
        for rule in operator.client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    untold = {"GET /openapi.json", "GET /problems/", "GET /problems/<slug>"}
    assert served - untold == TABLE.keys()


NAMES = re.compile(r"service|environment|target|against")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_place_that_a_request_can_name_is_marked(operation: Operation) -> None:
    """Or else who may not go there could, by a parameter that nobody looks at."""
    hints = operation.hints
    unmarked = [
        name for name in operation.path_parameters if NAMES.search(name) and _mark(hints[name]) is None
    ]
    for part in ("query", "body"):
        model = hints.get(part)
        if isinstance(model, type) and issubclass(model, Input):
            unmarked += [
                name
                for name, field in model.model_fields.items()
                if NAMES.search(name) and _mark(field.rebuild_annotation()) is None
            ]
    assert set(unmarked) <= ABOUT_ACCESS.get(operation.name, set())


ABOUT_ACCESS = {"issue_api_token": {"services", "environments"}}
"""Patterns: how far these may reach is compared with how far whoever asks reaches, by the domain."""
