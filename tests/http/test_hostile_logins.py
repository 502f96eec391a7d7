"""Nobody is logged in by an answer that is not the right one; the log says why, the page one sentence."""

import logging
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from api.settings import Settings
from tests.http import hostile_logins, sign_on
from tests.http.hostile_logins import Hostile
from tests.http.sign_on import SENTENCE, SESSION, UNDER_WAY, Browser
from tests.sign_on_issuer import SECRET, Twist

LOGINS = tuple(hostile_logins.logins())


@pytest.fixture(scope="module")
def shared(empty_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sign_on.browsing(empty_ledger, tmp_path_factory.mktemp("hostile") / "home") as lent:
        yield lent


@pytest.fixture
def browser(shared: Browser) -> Browser:
    """Nobody's browser, and a provider that does nothing wrong."""
    shared.provider.twist = Twist()
    shared.seconds.advance(7200)  # what it says about itself is asked for again
    return shared.another()


def refused(
    answer: TestResponse, log: pytest.LogCaptureFixture, cause: str, sentence: str = SENTENCE
) -> None:
    """Check that nobody was logged in, for that *cause*, and that nobody learns more than they should."""
    assert answer.status_code == 403, answer.text
    assert answer.get_json()["type"] == "/problems/login-refused"
    assert sentence in answer.get_json()["detail"]
    given = answer.headers.getlist("Set-Cookie")
    assert given == [f"{UNDER_WAY}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"]
    (said,) = [each.getMessage() for each in log.records if each.levelno >= logging.WARNING]
    assert re.search(f"^login refused: .*{cause}", said), said
    assert len(said) < 700
    assert said.isprintable()


def secrets_of(browser: Browser, *urls: str) -> list[str]:
    """Return what the log must not have."""
    codes = [code for url in urls for code in parse_qs(urlsplit(url).query).get("code", [])]
    states = [state for url in urls for state in parse_qs(urlsplit(url).query).get("state", [])]
    return [SECRET, *(each for each in (*codes, *states, *browser.provider.tokens) if len(each) > 15)]


def test_there_are_enough_of_them() -> None:
    assert len(LOGINS) >= 60
    assert len({each.name for each in LOGINS}) == len(LOGINS)


@pytest.mark.parametrize("hostile", LOGINS, ids=lambda hostile: hostile.name)
def test_a_hostile_login(browser: Browser, caplog: pytest.LogCaptureFixture, hostile: Hostile) -> None:
    browser.provider.twist = hostile.twist
    back_to = browser.go(browser.begin(**hostile.query), "mallory")
    answer = browser.bring(back_to)
    refused(answer, caplog, hostile.cause, hostile.sentence or SENTENCE)
    assert browser.client.get_cookie(SESSION) is None
    assert not any(each in caplog.text or each in answer.text for each in secrets_of(browser, back_to))
    browser.provider.twist = Twist()
    again = browser.bring(back_to)
    assert again.status_code == 403, "an answer is good once, and a bad one never again"


def test_the_same_answer_again(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    back_to = browser.go(browser.begin(), "ann")
    assert browser.bring(back_to).status_code == 303
    refused(browser.bring(back_to), caplog, "not the first to it")
    assert browser.page().status_code == 200, "whoever was logged in still is"


def test_an_answer_to_another_browser(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has somebody follow a link is not to have them logged in as the sender."""
    mallorys = browser.go(browser.begin(), "mallory")
    victim = browser.another()
    victim.begin()
    refused(victim.bring(mallorys), caplog, "begun in another browser")
    assert victim.client.get_cookie(SESSION) is None


def test_an_answer_to_a_browser_that_began_none(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    answer = browser.another().bring(browser.go(browser.begin(), "mallory"))
    refused(answer, caplog, "begun in another browser")


def test_two_cookies_of_which_one_was_planted(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    parts = urlsplit(browser.go(browser.begin(), "ann"))
    planted = {"Cookie": f"{UNDER_WAY}=a; {UNDER_WAY}=b"}
    client = browser.client.application.test_client(use_cookies=False)
    refused(client.get(f"{parts.path}?{parts.query}", headers=planted), caplog, "2 cookies")


def test_a_code_of_another_login(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """A stolen code is of no use, for it is redeemed with what was made for it alone (PKCE)."""
    stolen = parse_qs(urlsplit(browser.another().go(browser.another().begin(), "ann")).query)["code"][0]
    mine = urlsplit(browser.go(browser.begin(), "mallory"))
    said = {**{name: texts[0] for name, texts in parse_qs(mine.query).items()}, "code": stolen}
    answer = browser.bring(f"{mine.path}?{urlencode(said)}")
    refused(answer, caplog, "redeems no such code: 'invalid_grant'")


def test_pkce_that_was_left_out_on_the_way(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    url = urlsplit(browser.begin())
    asked = {name: texts[0] for name, texts in parse_qs(url.query).items() if "challenge" not in name}
    answer = browser.bring(browser.go(url._replace(query=urlencode(asked)).geturl(), "ann"))
    refused(answer, caplog, "redeems no such code: 'invalid_grant'")


def test_a_query_that_is_no_text(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    browser.begin()
    refused(browser.client.get("/login/callback?state=%ff"), caplog, "the answer cannot be read")


def test_the_page_is_one_sentence(browser: Browser) -> None:
    browser.provider.twist = next(each.twist for each in LOGINS if each.name == "a no")
    back_to = urlsplit(browser.go(browser.begin(), "ann"))
    page = browser.client.get(f"{back_to.path}?{back_to.query}", headers={"Accept": "text/html"})
    assert SENTENCE in page.text.replace("&#39;", "'")
    assert "alert(1)" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
