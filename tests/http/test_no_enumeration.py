"""Whoever presents what is not accepted learns only that: not what it was, nor by the work it made."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from api.access import exchanged, opaque
from api.access.exchanged import Exchanged
from api.people import cookie
from api.people.local import PATH
from api.people.sessions import IDLE
from api.settings import Settings
from domain.actor import Actor, ActorKind, Method
from tests import credentials
from tests.credentials import token_text
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.bootstrap import bearer
from tests.http.browsing import browser, logged_in
from tests.http.world import World
from tests.issuer import Issuer

Headers = dict[str, str]
Presented = Mapping[str, Headers]
WORKLOAD = Actor(ActorKind.WORKLOAD, bootstrap.PAYMENTS["issuer"], "repo:acme/payments", method=Method.OIDC)
LATER = timedelta(days=31)
"""After every token of `tests.credentials` has ended."""


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Lend a list of all that SQLite is asked inside, without the values."""
    engine = world.services.ledger._given_recorder.database.engine  # type: ignore[attr-defined]  # no port has it
    asked: list[str] = []

    def trace(connection: Any, *_: object) -> None:
        connection.set_trace_callback(lambda said: asked.append(said.partition("\nWHERE")[0]))

    sa.event.listen(engine, "checkout", trace)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "checkout", trace)


def told(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    return answer.status_code, answer.data, sorted(answer.headers.items())


def same(world: World, presented: Presented) -> None:
    """Fail when one of *presented* can be told from another."""
    answers, work = {}, {}
    client = world.client.application.test_client(use_cookies=False)
    for name, headers in presented.items():
        with statements(world) as asked:
            answers[name] = told(client.get("/v1/ledger", headers=headers))
        work[name] = asked
    first = next(iter(presented))
    assert answers[first][0] == 401
    assert b"/problems/credential-refused" in answers[first][1]
    for name in presented:
        assert answers[name] == answers[first], name
        assert work[name] == work[first], name


@pytest.fixture
def world(empty_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    """A server in front of which tokens of every kind have ended."""
    with worlds.copied(empty_ledger, tmp_path / "home") as operated:
        ledger = operated.services.ledger
        credentials.issue(ledger, token_text("HasExpiredAB"))
        operated.clock.at += LATER
        for id_ in ("IsStillGoodX", "WasRevokedAB", "WasRotatedAB"):
            credentials.issue(ledger, token_text(id_))
        credentials.issue(ledger, token_text("OfANetworkAB"), cidrs=("10.0.0.0/8",))
        path = "/v1/access/tokens/{}"
        ended = operated.client.post(f"{path.format('WasRevokedAB')}:revoke", json={"reason": "it leaked"})
        rotated = operated.client.post(f"{path.format('WasRotatedAB')}:rotate", json={})
        assert (ended.status_code, rotated.status_code) == (201, 201)
        settings, at = operated.settings, operated.clock.at
    with worlds.opened(settings, at=at, guarded=worlds.by_credential) as lent:
        lent.client.get("/v1/ledger", headers=bearer(token_text("NeverIssuedX")))  # what is done once is done
        yield lent


def test_of_tokens(world: World) -> None:
    same(
        world,
        {
            "never issued": bearer(token_text("NeverIssuedX")),
            "wrong": bearer(token_text("IsStillGoodX", "B")),
            "expired": bearer(token_text("HasExpiredAB")),
            "expired, and wrong": bearer(token_text("HasExpiredAB", "B")),
            "revoked": bearer(token_text("WasRevokedAB")),
            "revoked, and wrong": bearer(token_text("WasRevokedAB", "B")),
            "rotated away": bearer(token_text("WasRotatedAB")),
            "from elsewhere": bearer(token_text("OfANetworkAB")),
        },
    )


def test_what_has_not_the_form_is_answered_in_the_same_words(world: World) -> None:
    wrong = told(world.client.get("/v1/ledger", headers=bearer(token_text("IsStillGoodX", "B"))))
    for text in ("", "x", token_text("IsStillGoodX")[:-1], "x" * 5000, "shl_" + "A" * 63, "\xff"):
        assert told(world.client.get("/v1/ledger", headers=bearer(text))) == wrong, text


def test_of_exchanged_tokens(world: World) -> None:
    with worlds.opened(world.settings, at=world.clock.at) as operated:
        bootstrap.trust(operated, Issuer())
        number = bootstrap.agreed(operated, binding=bootstrap.PAYMENTS)
        until = operated.clock.at + timedelta(minutes=15)
        given = Exchanged(actor=WORKLOAD, binding="payments-ci", number=number, until=until)
        soon = operated.clock.at + timedelta(seconds=9)
        good, another, short = (
            exchanged.hand_out(operated.services.passing, each)
            for each in (given, replace(given, number=number - 1), replace(given, until=soon))
        )
    world.clock.at += timedelta(seconds=60)
    assert world.client.get("/v1/ledger", headers=bearer(good)).status_code == 403, "it is known"
    unknown = good[:17] + "x" * 43
    same(
        world,
        {
            "never given": bearer(f"{unknown}_{opaque._check(unknown)}"),
            "of a binding that was changed": bearer(another),
            "expired": bearer(short),
        },
    )


def test_of_sessions(world: World) -> None:
    left, idle = logged_in(world, "ann"), logged_in(world, "ben")
    assert left.cookie is not None
    assert idle.cookie is not None
    world.services.people.sessions.end(left.cookie)
    world.clock.at += IDLE + timedelta(seconds=1)
    same(
        world,
        {
            "never begun": {"Cookie": f"{cookie.NAME}={'A' * 43}"},
            "ended": {"Cookie": f"{cookie.NAME}={left.cookie}"},
            "idle for too long": {"Cookie": f"{cookie.NAME}={idle.cookie}"},
        },
    )


def test_of_codes_to_log_in(world: World) -> None:
    local = world.services.people.local
    used, expired = local.offer("ann"), local.offer("ann")
    local.take(used)
    world.clock.at += timedelta(minutes=11)
    answers, work = [], []
    for code in ("A" * 43, used, expired):
        with statements(world) as asked:
            answer = browser(world).submit(PATH, {"code": code})
        answers.append(told(answer))
        work.append(asked)
    assert answers[0][0] == 403
    assert answers[0] == answers[1] == answers[2]
    assert work[0] == work[1] == work[2]
