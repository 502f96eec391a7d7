"""People log in at their provider: who they are is what it says, as of now, and for this browser alone."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.identity import fetched, sign_on_fetched
from api.settings import Settings
from domain.actor import Actor, ActorKind, Claim, Method
from tests.http import sign_on
from tests.http.sign_on import OURS, UNDER_WAY, Browser
from tests.http.world import World
from tests.issuer import new_key
from tests.sign_on_issuer import CLIENT, SECRET


@pytest.fixture
def browser(empty_ledger: Settings, tmp_path: Path) -> Iterator[Browser]:
    with sign_on.browsing(empty_ledger, tmp_path / "home") as lent:
        yield lent


def actor(browser: Browser) -> Actor:
    """Return whom the session of *browser* is of."""
    assert browser.cookie is not None
    return browser.world.services.people.sessions.presented(browser.cookie).actor


def test_who_somebody_is_is_what_the_provider_says(browser: Browser) -> None:
    browser.provider.people["ann"] = {"groups": ["release", "on call", "release"], "name": "Ann Example"}
    answer = browser.log_in("ann")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/session"), answer.text
    known = actor(browser)
    assert known.kind is ActorKind.PERSON
    assert (known.issuer, known.subject, known.method) == (browser.provider.url, "00u-ann", Method.SESSION)
    assert known.claims == (Claim("groups", "on call"), Claim("groups", "release"))
    assert known.auth_time == browser.world.clock.at
    assert (known.acr, known.amr) == ("urn:mace:incommon:iap:silver", ("otp", "pwd"))
    assert known.display == browser.world.services.digests.person("Ann Example")
    assert "Ann Example" in browser.page().text


def test_what_a_group_was_granted_its_members_may(browser: Browser) -> None:
    browser.provider.people |= {"ann": {"groups": ["platform"]}, "ben": {"groups": ["sales"]}}
    group = {"issuer": browser.provider.url, "name": "platform"}
    browser.agreed(grant={"role": "auditor", "group": group})
    browser.log_in("ann")
    other = browser.another()
    other.log_in("ben")
    assert "auditor" in browser.page().text
    assert "auditor" not in other.page().text
    assert browser.client.get("/v1/ledger").status_code == 200
    assert other.client.get("/v1/ledger").status_code == 403


def test_addresses_enter_the_record_as_digests_and_grants_still_fit(browser: Browser) -> None:
    browser.provider.people["ann"] = {"groups": ["platform@acme.example"], "sub": None}
    browser.provider.twist.token = lambda claims: {**claims, "sub": "ann@acme.example"}
    group = {"issuer": browser.provider.url, "name": "platform@acme.example"}
    browser.agreed(grant={"role": "auditor", "group": group})
    browser.log_in("ann")
    keyed = browser.world.services.digests.person
    assert actor(browser).subject == keyed("ann@acme.example")
    assert actor(browser).said("groups") == (keyed("platform@acme.example"),)
    assert browser.client.get("/v1/ledger").status_code == 200


def test_the_provider_is_asked_by_code_with_pkce(browser: Browser) -> None:
    asked = parse_qs(urlsplit(browser.begin()).query)
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": ["code"],
        "client_id": [CLIENT],
        "redirect_uri": [f"{OURS}/login/callback"],
        "scope": ["openid profile"],
    }
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    assert not {"prompt", "max_age", "client_secret", "code_verifier"} & asked.keys()
    again = parse_qs(urlsplit(browser.begin()).query)
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != again[name], name


def test_the_browser_of_a_login_is_known_by_a_cookie_for_it_alone(browser: Browser) -> None:
    given = browser.client.get(sign_on.BEGIN).headers["Set-Cookie"]
    name, _, attributes = given.partition("; ")
    assert name.startswith(f"{UNDER_WAY}=")
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"
    browser.log_in("ann")
    assert browser.client.get_cookie(UNDER_WAY) is None


def test_a_login_ends_the_session_that_the_browser_had(browser: Browser) -> None:
    browser.log_in("ann")
    before = browser.cookie
    browser.log_in("ben")
    assert browser.cookie != before
    other = browser.another()
    other.client.set_cookie(sign_on.SESSION, before or "", secure=True)
    assert other.page().status_code == 401


def test_a_login_page_hands_on_what_it_is_for(browser: Browser) -> None:
    page = browser.client.get("/login", query_string={"to": "/session?a=b", "fresh": "1"}).text
    assert 'href="/login/sso?to=%2Fsession%3Fa%3Db&amp;fresh=1"' in page
    assert "prove once more that it is you" in page


@pytest.mark.parametrize("site", ["cross-site", "same-site", "what?"])
def test_a_link_of_somebody_elses_begins_no_login_by_itself(browser: Browser, site: str) -> None:
    led = {"to": "/session?a=b", "fresh": "1", "more": "x"}
    answer = browser.client.get(sign_on.BEGIN, query_string=led, headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?to=%2Fsession%3Fa%3Db&fresh=1")
    assert browser.client.get_cookie(UNDER_WAY) is None


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_who_chose_to_log_in_is_led_there_at_once(browser: Browser, site: str) -> None:
    answer = browser.client.get(sign_on.BEGIN, headers={"Sec-Fetch-Site": site})
    assert answer.headers["Location"].startswith(browser.provider.url)


def test_a_fresh_login_is_proved_again_whoever_is_logged_in_there(browser: Browser) -> None:
    browser.log_in("ann")
    proved_at = browser.world.clock.at
    browser.world.clock.advance(3600)
    browser.bring(browser.go(browser.begin()))
    assert actor(browser).auth_time == proved_at, "the provider did not ask again"
    url = browser.begin(fresh="1")
    asked = parse_qs(urlsplit(url).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    with pytest.raises(AssertionError, match="the provider asks"):
        browser.go(url)
    browser.bring(browser.go(url, "ann"))
    assert actor(browser).auth_time == browser.world.clock.at


def test_keys_are_rotated_between_logins(browser: Browser) -> None:
    browser.log_in("ann")
    browser.provider.signing.keys = {"ES256": new_key("ES256", "k2")}
    assert browser.log_in("ben").status_code == 403, "an unknown key is looked for once a minute"
    browser.seconds.advance(fetched.LOOK_AGAIN_SECONDS)
    assert browser.log_in("ben").headers["Location"] == "/session"
    browser.provider.signing.keys = {"RS256": new_key("RS256", "k3")}
    browser.seconds.advance(fetched.LOOK_AGAIN_SECONDS)
    assert browser.log_in("cem").headers["Location"] == "/session"


def test_a_provider_that_is_down_is_said_to_be(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    browser.provider.twist.silent = True
    answer = browser.client.get(sign_on.BEGIN, headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "the login provider cannot be reached just now" in answer.text
    assert answer.headers["Retry-After"]
    assert "answers 503" in caplog.text
    browser.provider.twist.silent = False
    assert browser.client.get(sign_on.BEGIN).status_code == 503, "it is not asked again at once"
    browser.seconds.advance(sign_on_fetched.LOOK_AGAIN_SECONDS)
    browser.log_in("ann")
    back_to = browser.go(browser.begin(), "ann")
    browser.provider.twist.silent = True
    assert browser.bring(back_to).status_code == 503
    assert SECRET not in caplog.text


def test_what_was_known_of_a_provider_is_good_for_a_day(browser: Browser) -> None:
    document = "GET /.well-known/openid-configuration"
    browser.begin()
    browser.provider.twist.document = lambda told: {**told, "issuer": "https://other.example"}
    browser.begin()
    assert browser.provider.asked.count(document) == 1
    browser.seconds.advance(sign_on_fetched.FRESH_SECONDS)
    assert browser.log_in("ann").headers["Location"] == "/session"
    assert browser.provider.asked.count(document) == 2
    browser.seconds.advance(sign_on_fetched.STALE_SECONDS)
    assert browser.client.get(sign_on.BEGIN).status_code == 503


def test_what_the_id_token_leaves_out_is_asked_for(browser: Browser) -> None:
    browser.provider.people["ann"] = {"groups": ["platform"]}
    browser.provider.twist.userinfo = lambda told: told
    browser.log_in("ann")
    assert actor(browser).said("groups") == ("platform",)
    assert "Ann" in browser.page().text


def test_a_secret_that_is_sent_in_the_form(browser: Browser) -> None:
    ways = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    browser.provider.twist.document = lambda told: {**told, **ways}
    assert browser.log_in("ann").headers["Location"] == "/session"


def test_ten_minutes_are_enough_and_no_more(browser: Browser) -> None:
    in_time = browser.go(browser.begin(), "ann")
    browser.world.clock.at += timedelta(minutes=9)
    assert browser.bring(in_time).status_code == 303
    too_late = browser.go(browser.begin(), "ann")
    browser.world.clock.at += timedelta(minutes=11)
    assert browser.bring(too_late).status_code == 403


def test_without_a_provider_nothing_is_there(world: World) -> None:
    for path in (sign_on.BEGIN, "/login/callback"):
        assert world.client.get(path).status_code == 404
    assert "SHIPLOG" not in world.client.get("/login").text


def test_a_login_is_logged_with_who_it_was_and_nothing_secret(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        back_to = browser.go(browser.begin(), "ann")
        under_way = browser.client.get_cookie(UNDER_WAY)
        browser.bring(back_to)
    assert f"logged in: 00u-ann of {browser.provider.url}" in caplog.text
    answer = parse_qs(urlsplit(back_to).query)
    assert under_way is not None
    assert browser.cookie is not None
    secrets = [SECRET, under_way.value, browser.cookie, *answer["code"], *answer["state"]]
    assert [each for each in (*secrets, *browser.provider.tokens) if each in caplog.text] == []
