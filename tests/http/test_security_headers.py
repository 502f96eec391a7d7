"""What every answer says to a browser, whatever answers: walked over all there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access.limits import Limits
from api.access.proxies import Proxies
from api.app import create_app
from api.replies import STRICT_TRANSPORT
from api.settings import Settings
from tests.http import world as worlds
from tests.http.browsing import logged_in
from tests.http.toy import MemoryAnswers, toy_app
from tests.http.world import FIRST, REPOSITORY, World

KEEPING = re.compile(r"no-store|private, max-age=31536000, immutable|public, max-age=\d+(, immutable)?")
STYLE = "/style.css"
NOTHING = "default-src 'none'"
FROM_ELSEWHERE = re.compile(r"\*|https?:|data:|unsafe-")


def check(answer: TestResponse) -> None:
    """Fail when *answer* would let a browser do more than it need."""
    headers = answer.headers
    for name, _ in headers:
        assert len(headers.getlist(name)) == 1 or name == "Set-Cookie", f"{name} is told twice"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith(NOTHING)
    assert not FROM_ELSEWHERE.search(policy)
    for said in ("frame-ancestors 'none'", "base-uri 'none'", "form-action '"):
        assert said in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    kept = headers["Cache-Control"]
    assert KEEPING.fullmatch(kept) or (kept == "no-cache" and answer.request.path == STYLE)
    assert "Access-Control-Allow-Origin" not in headers
    if answer.data:
        assert "Content-Type" in headers
        media = answer.mimetype or ""
        if media.startswith("text/") and media != "text/event-stream":  # which is always UTF-8
            assert answer.mimetype_params["charset"].lower() == "utf-8"


@pytest.fixture(scope="module")
def told(told_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("headers") / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY) as world:
        yield world


def routes(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Yield every method on every path there is, operations and pages."""
    for rule in client.application.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield method, re.sub("<[^>]*>", "1", rule.rule)


def test_every_operation_and_page_says_so_whatever_it_answers(told: World) -> None:
    walked = list(routes(told.client))
    assert len(walked) > 80
    codes = set()
    for method, path in walked:
        for headers in ({}, {"Accept": "text/html"}, {"Authorization": "Basic eHg6eHg="}):
            for times in range(2):  # the second time past Flask
                answer = told.client.open(path, method=method, headers=headers)
                check(answer)
                answer.close()
                codes.add(answer.status_code)
                assert times or answer.status_code < 500, (method, path)
    assert {200, 404, 415, 422} <= codes


def test_without_a_credential_as_well(told: World) -> None:
    client = create_app(told.services, worlds.by_credential(told.services)).test_client()
    for method, path in routes(client):
        check(client.open(path, method=method))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("GET", "/v1/%00", 404),
        ("DELETE", "/v1/ledger", 405),
        ("TRACE", "/livez", 405),
        ("OPTIONS", "/v1/builds", 405),
        ("GET", "/problems", 200),
        ("GET", "/v1/ledger?x=1", 422),
    ],
)
def test_what_is_not_served_says_so(told: World, method: str, path: str, status: int) -> None:
    answer = told.client.open(path, method=method)
    assert answer.status_code == status
    check(answer)


def test_an_answer_that_is_given_again_says_what_the_first_said(world: World) -> None:
    build: dict[str, Any] = {"service": "pay", "build": "ci/1", "outcome": "failed", "occurred_at": world.now}
    build["source"] = {"repository": REPOSITORY, "commit": FIRST}
    key = {"Idempotency-Key": "4711"}
    first, again = (world.client.post("/v1/builds", json=build, headers=key) for _ in range(2))
    check(again)
    assert dict(again.headers) == {**first.headers, "Idempotency-Replayed": "true"}


def test_what_the_caller_holds_already_says_so(told: World) -> None:
    past = {"as_of": told.at(3), "known_at": "position:5"}
    first = told.ask("environments/prod/state", **past)
    assert first.headers["Vary"] == "Authorization, Cookie"
    for _ in range(2):
        held = told.ask("environments/prod/state", **past, holding=first.headers["ETag"])
        assert held.status_code == 304
        check(held)


def test_bugs_streams_and_whoever_asks_too_often_say_so() -> None:
    client = toy_app(MemoryAnswers()).test_client()
    ci = {"Authorization": "Bearer ci"}
    for _ in range(2):
        assert client.get("/v1/bug").status_code == 500
        check(client.get("/v1/bug"))
        check(client.get("/v1/busy"))
        stream = client.post("/v1/lines:batch", data=b"a", content_type="application/jsonl", headers=ci)
        assert stream.is_streamed
        check(stream)


def test_who_asks_too_often_is_told_so_as_well(world: World) -> None:
    limits = Limits(Proxies(), credential=1, address=1, monotonic=lambda: 0.0)
    client = create_app(world.services, worlds.by_credential(world.services), limits=limits).test_client()
    answers = [client.get("/livez") for _ in range(3)]
    assert answers[-1].status_code == 429
    check(answers[-1])


def test_only_where_people_come_by_https_is_that_asked_of_browsers(world: World) -> None:
    authenticate = worlds.by_credential(world.services)
    for https in (False, True):
        client = create_app(world.services, authenticate, https=https).test_client()
        for path in ("/livez", "/livez", "/nothing", "/v1/ledger", "/problems/", "/login"):
            said = client.get(path).headers.getlist("Strict-Transport-Security")
            assert said == ([STRICT_TRANSPORT] if https else []), path


def test_who_leaves_leaves_nothing_in_the_browser(told_ledger: Settings, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY, guarded=worlds.by_credential) as world:
        ann = logged_in(world, "ann")
        left = ann.submit("/logout", {"csrf": ann.csrf})
    assert left.status_code == 303
    check(left)
    assert left.headers["Clear-Site-Data"] == '"cache"'
    assert ann.cookie is None
