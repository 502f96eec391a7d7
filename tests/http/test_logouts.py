"""Logging out: here, at the provider as well, and because the provider says so."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from adapters.sessions.passing import SqlPassing
from api.settings import Settings
from domain.errors import LedgerUnavailable
from tests.http import sign_on
from tests.http.sign_on import OURS, SESSION, Browser
from tests.issuer import new_key
from tests.sign_on_issuer import LOGOUT, Twist

BACKCHANNEL = "/logout/backchannel"


@pytest.fixture(scope="module")
def shared(empty_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sign_on.browsing(empty_ledger, tmp_path_factory.mktemp("logouts") / "home") as lent:
        yield lent


@pytest.fixture
def browser(shared: Browser) -> Browser:
    shared.provider.twist = Twist()
    shared.seconds.advance(7200)
    return shared.another()


def leave(browser: Browser) -> TestResponse:
    """Press the button on the page of a session."""
    found = re.search(r'name="csrf" value="([^"]+)"', browser.page().text)
    assert found is not None
    headers = {"Origin": OURS, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    return browser.client.post("/logout", data={"csrf": found[1]}, headers=headers)


def tell(browser: Browser, token: str) -> TestResponse:
    """Have the provider say that somebody logged out: no page of ours sends that."""
    client = browser.client.application.test_client(use_cookies=False)
    return client.post(BACKCHANNEL, data={"logout_token": token})


def sid(browser: Browser) -> str:
    """Return what the provider calls its session with this browser."""
    return browser.provider.browsers[browser.acme][2]


def test_who_leaves_goes_on_to_the_provider(browser: Browser) -> None:
    browser.log_in("ann")
    stolen = browser.cookie or ""
    page = leave(browser)
    assert page.status_code == 200
    back = "https%3A%2F%2Fledger.example%2Flogin"
    where = f"{browser.provider.url}/end?client_id=shiplog&amp;post_logout_redirect_uri={back}"
    assert f'<meta http-equiv="refresh" content="0; url={where}">' in page.text
    assert f'<a href="{where}">' in page.text
    assert browser.client.get_cookie(SESSION) is None
    thief = browser.another()
    thief.client.set_cookie(SESSION, stolen, secure=True)
    assert thief.page().status_code == 401


@pytest.mark.parametrize("place", [None, "https://evil.example/end", "https://127.0.0.1.evil.example/end"])
def test_who_leaves_is_led_to_the_provider_alone(browser: Browser, place: str | None) -> None:
    browser.provider.twist.document = lambda told: {**told, "end_session_endpoint": place}
    browser.log_in("ann")
    answer = leave(browser)
    assert (answer.status_code, answer.headers["Location"], answer.text) == (303, "/login", "")


def test_a_provider_that_is_down_holds_nobody_here(browser: Browser) -> None:
    browser.log_in("ann")
    browser.provider.twist.silent = True
    browser.seconds.advance(2 * 86_400)
    assert leave(browser).headers["Location"] == "/login"
    assert browser.page().status_code == 401


def test_the_provider_ends_one_session(browser: Browser) -> None:
    other = browser.another()
    browser.log_in("ann")
    other.log_in("ann")
    answer = tell(browser, browser.provider.logout_token(sub="00u-ann", sid=sid(browser)))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
    assert browser.page().status_code == 401
    assert other.page().status_code == 200


def test_the_provider_ends_all_sessions_of_somebody(browser: Browser) -> None:
    both = (browser, browser.another())
    ben = browser.another()
    for each in both:
        each.log_in("ann")
    ben.log_in("ben")
    assert tell(browser, browser.provider.logout_token(sub="00u-ann")).status_code == 200
    assert [each.page().status_code for each in (*both, ben)] == [401, 401, 200]


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}])
def test_a_provider_need_not_say_of_what_type_its_token_is(browser: Browser, header: dict[str, Any]) -> None:
    browser.log_in("ann")
    assert tell(browser, browser.provider.logout_token(header, sub="00u-ann")).status_code == 200
    assert browser.page().status_code == 401


def test_a_session_nobody_has_may_be_ended(browser: Browser) -> None:
    assert tell(browser, browser.provider.logout_token(sid="unknown")).status_code == 200


Told = tuple[str, str, dict[str, Any], dict[str, Any]]
"""Its name, what the log says, claims and members of the header that differ."""
REFUSED: list[Told] = [
    ("of another provider", "iss is 'https://evil", {"iss": "https://evil.example"}, {}),
    ("for another client", "aud is 'other'", {"aud": "other"}, {}),
    ("for others as well", "aud is", {"aud": ["shiplog", "other"]}, {}),
    ("without events", "events does not say", {"events": None}, {}),
    ("with another event", "events does not say", {"events": {"https://evil.example": {}}}, {}),
    ("with an event in words", "events does not say", {"events": {LOGOUT: "yes"}}, {}),
    ("with events in a list", "events does not say", {"events": [LOGOUT]}, {}),
    ("with a nonce", "with a nonce", {"nonce": "n"}, {}),
    ("of nobody", "neither whose session ends nor which", {"sub": None}, {}),
    ("of a number", "sub is 7", {"sub": 7}, {}),
    ("of a session that is a number", "sid is 7", {"sid": 7}, {}),
    ("without a name", "jti is None", {"jti": None}, {}),
    ("without an end", "exp is None", {"exp": None}, {}),
    ("without a beginning", "iat is None", {"iat": None}, {}),
    ("that has expired", "the token expired", {"iat": 1_700_000_000, "exp": 1_700_000_120}, {}),
    ("from the future", "not good before", {"iat": 1_900_000_000, "exp": 1_900_000_120}, {}),
    ("of another type", "typ is 'at.jwt'", {}, {"typ": "at+jwt"}),
    ("of an unknown key", "no key 'k9'", {}, {"kid": "k9"}),
    ("of no algorithm", "alg is 'none'", {}, {"alg": "none"}),
    ("of the shared secret", "alg is 'HS256'", {}, {"alg": "HS256"}),
]


@pytest.mark.parametrize("told", REFUSED, ids=lambda told: told[0])
def test_a_hostile_logout(browser: Browser, caplog: pytest.LogCaptureFixture, told: Told) -> None:
    name, cause, claims, header = told
    browser.log_in("ann")
    answer = tell(browser, browser.provider.logout_token(header, **{"sub": "00u-ann", **claims}))
    assert answer.status_code == 400, name
    assert answer.get_json()["detail"] == "the logout token is not accepted"
    assert re.search(f"back-channel logout refused: .*{cause}", caplog.text), caplog.text
    assert browser.page().status_code == 200


def test_a_logout_is_said_once(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    token = browser.provider.logout_token(sub="00u-ann")
    assert tell(browser, token).status_code == 200
    browser.log_in("ann")
    assert tell(browser, token).status_code == 400
    assert "said before" in caplog.text
    assert browser.page().status_code == 200


def test_a_logout_that_the_database_was_not_there_for_is_said_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.log_in("ann")
    token = browser.provider.logout_token(sub="00u-ann")

    def gone(*_: object) -> None:
        raise LedgerUnavailable("the connection was lost")

    with monkeypatch.context() as lost:
        lost.setattr(SqlPassing, "drop_of", gone)
        assert tell(browser, token).status_code == 503
    assert tell(browser, token).status_code == 200
    assert browser.page().status_code == 401


def test_an_id_token_logs_nobody_out(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    tokens: list[str] = []

    def kept(provider: Any, claims: dict[str, Any]) -> str:
        tokens.append(provider.sign(claims))
        return tokens[0]

    browser.provider.twist.signed = kept
    browser.log_in("ann")
    assert tell(browser, tokens[0]).status_code == 400
    assert "events does not say" in caplog.text
    assert browser.page().status_code == 200


def test_a_token_that_another_key_signed(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    browser.log_in("ann")
    browser.provider.signing.keys, before = {"ES256": new_key()}, browser.provider.signing.keys
    token = browser.provider.logout_token(sub="00u-ann")
    browser.provider.signing.keys = before
    assert tell(browser, token).status_code == 400
    assert "does not verify" in caplog.text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "token=a"}, 400),
        ({"data": {"logout_token": ""}}, 400),
        ({"data": "logout_token=a&logout_token=b"}, 422),
        ({"json": {"logout_token": "a"}}, 415),
        ({"data": {"logout_token": "a" * 70_000}}, 413),
    ],
)
def test_a_form_that_is_none(browser: Browser, sent: dict[str, Any], status: int) -> None:
    if isinstance(sent.get("data"), str):
        sent = {**sent, "content_type": "application/x-www-form-urlencoded"}
    answer = browser.client.application.test_client().post(BACKCHANNEL, **sent)
    assert answer.status_code == status, answer.text
