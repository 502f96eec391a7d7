"""Two people log in at their provider, one lets the other's change in, and leaves: in a real browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, expect

from domain.access.fresh import SECONDS_MAX
from tests.browser.places import Places

SESSION = "__Host-shiplog"
PLATFORM = {"groups": ["platform"]}


@pytest.fixture
def admins(places: Places) -> Places:
    """Whoever is in a group of the provider administers the ledger."""
    group = {"issuer": places.provider.url, "name": "platform"}
    places.agreed(grant={"role": "admin", "group": group})
    places.provider.people |= {"ann": {**PLATFORM, "name": "Ann Example"}, "ben": {**PLATFORM, "name": "Ben"}}
    return places


def log_in(page: Page, places: Places, user: str) -> None:
    """Log in as *user*, from the page that is open."""
    page.get_by_role("link", name=re.compile("^Log in at localhost:")).click()
    expect(page).to_have_title("Acme login")
    page.get_by_label("User name").fill(user)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{places.url}/session")


def somebody(browser: Browser, places: Places, user: str) -> Page:
    """Return the page of *user*, who has just logged in, in a browser of their own."""
    page = browser.new_context().new_page()
    page.goto(f"{places.url}/login")
    log_in(page, places, user)
    return page


def send(page: Page, places: Places, path: str, **body: object) -> APIResponse:
    """Send what a page of ours would send."""
    csrf = page.locator("input[name=csrf]").input_value()
    headers = {"Origin": places.url, "X-Shiplog-CSRF": csrf}
    return page.context.request.post(f"{places.url}{path}", data=body, headers=headers)


def test_somebody_logs_in_and_leaves(browser: Browser, admins: Places) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{admins.url}/session")
    expect(page.get_by_role("main")).to_contain_text("Log in")
    page.get_by_role("link", name="Log in").first.click()
    log_in(page, admins, "ann")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Ann Example")
    expect(main.get_by_role("row", name=re.compile("admin"))).to_be_visible()

    (cookie,) = [each for each in page.context.cookies(admins.url) if each["name"] == SESSION]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
    assert (cookie["domain"], cookie["path"], cookie["expires"]) == ("127.0.0.1", "/", -1)
    assert page.evaluate("document.cookie") == ""

    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{admins.url}/login")
    assert admins.provider.browsers == {}, "they are logged out at the provider as well"
    assert [each["name"] for each in page.context.cookies(admins.url)] == []
    _worth_nothing(browser.new_context(), admins, cookie["value"])
    page.context.close()


def _worth_nothing(thief: BrowserContext, places: Places, cookie: str) -> None:
    secure = places.url.replace("http:", "https:")
    thief.add_cookies([{"name": SESSION, "value": cookie, "url": secure, "secure": True}])
    page = thief.new_page()
    answer = page.goto(f"{places.url}/session")
    assert answer is not None
    assert answer.status == 401
    assert SESSION in answer.request.all_headers()["cookie"], "it was sent, and is worth nothing"
    thief.close()


def test_a_change_of_access_is_confirmed_by_somebody_who_is_really_there(
    browser: Browser, admins: Places
) -> None:
    ann, ben = somebody(browser, admins, "ann"), somebody(browser, admins, "ben")
    expect(ann.get_by_role("main")).to_contain_text("Ann Example")
    expect(ben.get_by_role("main")).to_contain_text("Ben")
    holder = {"issuer": admins.provider.url, "subject": "00u-cem"}
    change = {"reason": "joins the team", "grant": {"role": "auditor", "holder": holder}}
    proposed = send(ben, admins, "/v1/access/proposals", **change)
    assert proposed.status == 201, proposed.text()
    settle = f"/v1/access/proposals/{proposed.json()['number']}:settle"
    assert send(ben, admins, settle, confirmed=True).status == 403, "one person is not two"

    admins.world.clock.at += timedelta(seconds=SECONDS_MAX + 1)
    refused = send(ann, admins, settle, confirmed=True)
    assert refused.status == 401
    assert "insufficient_user_authentication" in refused.headers["www-authenticate"]
    ann.goto(f"{admins.url}/login?fresh=1&to=/session")
    expect(ann.get_by_role("main")).to_contain_text("prove once more that it is you")
    log_in(ann, admins, "ann")
    confirmed = send(ann, admins, settle, confirmed=True)
    assert confirmed.status == 201, confirmed.text()
    assert send(ben, admins, settle, confirmed=True).status == 401, "his login is as old as it was"
    for each in (ann, ben):
        each.context.close()


def test_what_the_provider_ends_is_over(browser: Browser, admins: Places) -> None:
    page = somebody(browser, admins, "ann")
    token = admins.provider.logout_token(sub="00u-ann")
    told = page.context.request.post(f"{admins.url}/logout/backchannel", form={"logout_token": token})
    assert told.status == 200
    page.reload()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()
    assert SESSION not in [each["name"] for each in page.context.cookies(admins.url)]
    page.context.close()


def test_pages_run_no_scripts_and_ask_for_nothing(browser: Browser, admins: Places) -> None:
    page = somebody(browser, admins, "ann")
    asked = "fetch('/v1/access/mine').then(() => 'answered', () => 'refused')"
    assert page.evaluate(asked) == "refused"
    page.context.close()
