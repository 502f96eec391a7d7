"""What a person answers for is refused to a session that is not of just now, and to nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from api.app import OPERATIONS
from api.operations import operation
from api.settings import Settings
from domain.access.fresh import SECONDS_MAX
from domain.access.scopes import FOR_PEOPLE, Scope
from tests.http import sign_on
from tests.http.sign_on import OURS, Browser
from tests.http.test_openapi_document import DOCUMENT

FRESH = {each.name: each for each in OPERATIONS if each.fresh}


@pytest.fixture
def browser(empty_ledger: Settings, tmp_path: Path) -> Iterator[Browser]:
    """Of an administrator, and a change of access that waits for one."""
    with sign_on.browsing(empty_ledger, tmp_path / "home") as lent:
        for user in ("ann", "ben"):
            holder = {"issuer": lent.provider.url, "subject": f"00u-{user}"}
            lent.agreed(grant={"role": "admin", "holder": holder})
        yield lent


def send(browser: Browser, path: str, **body: object) -> TestResponse:
    """Send what a page of ours sends."""
    session = browser.world.services.people.sessions.presented(browser.cookie or "")
    headers = {"X-Shiplog-CSRF": session.csrf, "Origin": OURS}
    return browser.client.post(path, json=body, headers=headers)


def proposed(browser: Browser) -> int:
    """Have somebody else propose a change; return its number."""
    other = browser.another()
    other.log_in("ben")
    holder = {"issuer": browser.provider.url, "subject": "00u-cem"}
    told = send(other, "/v1/access/proposals", reason="joins", grant={"role": "auditor", "holder": holder})
    assert told.status_code == 201, told.text
    number: int = told.get_json()["number"]
    return number


def test_a_change_is_confirmed_by_somebody_who_just_logged_in(browser: Browser) -> None:
    path = f"/v1/access/proposals/{proposed(browser)}:settle"
    browser.log_in("ann")
    browser.world.clock.at += timedelta(seconds=SECONDS_MAX + 1)
    before = browser.world.position
    refused = send(browser, path, confirmed=True)
    assert refused.status_code == 401
    assert refused.get_json()["type"] == "/problems/fresh-login-needed"
    assert refused.get_json()["detail"] == (
        "log in again at /login?fresh=1: a login within the last 300 s is needed; yours was 301 s ago"
    )
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer realm="shiplog", error="insufficient_user_authentication", max_age="300"'
    )
    assert browser.world.position == before
    assert browser.page().status_code == 200, "the session goes on"
    browser.log_in("ann", fresh="1")
    confirmed = send(browser, path, confirmed=True)
    assert confirmed.status_code == 201, confirmed.text
    settled = browser.world.services.ledger.at(browser.world.position)
    assert settled.event.actor.auth_time == browser.world.clock.at, "it is in the record for ever"


def test_who_proves_it_again_does_so_for_nobody_else(browser: Browser) -> None:
    """Ben at the desk that ann left: what he proves is that it is him, and her session is over."""
    browser.log_in("ann")
    hers = browser.another()
    hers.client.set_cookie(sign_on.SESSION, browser.cookie or "", secure=True)
    browser.log_in("ben", fresh="1")
    asked = browser.client.get("/v1/access/mine").get_json()
    assert asked["actor"]["subject"] == "00u-ben"
    assert hers.page().status_code == 401


def test_a_login_that_the_provider_remembered_is_not_of_just_now(browser: Browser) -> None:
    """Its session here is new; when the person proved who they are is what counts."""
    browser.log_in("ann")
    browser.world.clock.at += timedelta(seconds=SECONDS_MAX + 1)
    browser.bring(browser.go(browser.begin()))
    path = f"/v1/access/proposals/{proposed(browser)}:settle"
    assert send(browser, path, confirmed=True).status_code == 401


def test_who_may_not_is_not_sent_to_log_in(browser: Browser) -> None:
    browser.log_in("dan")
    browser.world.clock.at += timedelta(seconds=SECONDS_MAX + 1)
    refused = send(browser, "/v1/access/tokens", name="x")
    assert refused.get_json()["type"] == "/problems/not-permitted"


@pytest.mark.parametrize("name", FRESH)
def test_it_is_said_in_the_description(name: str) -> None:
    operation = FRESH[name]
    path = operation.path.replace("<int:", "{").replace("<", "{").replace(">", "}")
    told = DOCUMENT["paths"][path][operation.method.lower()]
    assert told["x-fresh-login-seconds"] == SECONDS_MAX
    assert "/problems/fresh-login-needed" in told["responses"]["401"]["description"]


TAKING_AWAY = {"revoke_waivers"}
"""What must not wait for anybody."""


def test_what_people_alone_may_confirm_or_issue_needs_it() -> None:
    confirming = FOR_PEOPLE - {Scope.ACCESS_PROPOSE}  # which is nothing yet, until somebody confirms it
    needing = {each.name for each in OPERATIONS if each.scopes & confirming}
    assert {"settle_change", "issue_api_token", "rotate_api_token"} <= FRESH.keys()
    assert needing - FRESH.keys() <= TAKING_AWAY


def test_nobody_is_no_one_to_ask_for_a_fresh_login() -> None:
    with pytest.raises(AssertionError, match="of whom"):

        @operation("GET", "/x", scope=None, tag="x", fresh=True)
        def nothing() -> str:
            """Return nothing."""
            return ""


def test_the_page_of_the_refusal_keeps_the_session(browser: Browser) -> None:
    browser.log_in("ann")
    browser.world.clock.at += timedelta(seconds=SECONDS_MAX + 1)
    session = browser.world.services.people.sessions.presented(browser.cookie or "")
    headers = {"X-Shiplog-CSRF": session.csrf, "Origin": OURS, "Accept": "text/html"}
    page = browser.client.post("/v1/access/tokens", json={}, headers=headers)
    assert page.status_code == 401
    assert 'href="/login?fresh=1"' in page.text
    assert browser.page().status_code == 200
