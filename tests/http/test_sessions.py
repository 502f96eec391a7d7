"""Sessions over HTTP: nobody gets one that is not theirs, keeps one that ended, or is used by one."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from api.people import cookie
from api.people.sessions import AGE_MAX, IDLE
from api.settings import Settings
from tests import credentials
from tests.credentials import BEARER
from tests.http import world as worlds
from tests.http.bootstrap import agreed
from tests.http.browsing import HOME, Browser, browser, logged_in, ours
from tests.http.world import World

MINE = "/v1/access/mine"
PROPOSALS = "/v1/access/proposals"
LOCAL = "shiplog:local"


@pytest.fixture(scope="module")
def world(empty_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A ledger as a server opens it, of which ann and ben are admins; every test logs people in anew."""
    with worlds.copied(empty_ledger, tmp_path_factory.mktemp("sessions") / "home") as operated:
        for name in ("ann", "ben"):
            agreed(operated, grant={"role": "admin", "holder": {"issuer": LOCAL, "subject": name}})
        credentials.issue(operated.services.ledger)
        settings, at = operated.settings, operated.clock.at
    with worlds.opened(settings, at=at, guarded=worlds.by_credential) as lent:
        yield lent


@pytest.fixture
def ann(world: World) -> Browser:
    return logged_in(world, "ann")


def auditing(world: World) -> dict[str, object]:
    """Return a change that nobody proposed before."""
    holder = {"issuer": LOCAL, "subject": f"eve {world.position}"}
    return {"grant": {"role": "auditor", "holder": holder}, "reason": "it is needed"}


def problem(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["type"].removeprefix("/problems/")


def mine(used: Browser) -> TestResponse:
    return used.json("GET", MINE)


def test_who_logged_in_acts_as_themselves(ann: Browser) -> None:
    told = mine(ann).get_json()
    assert told["actor"] == {"kind": "person", "issuer": LOCAL, "subject": "ann"}
    assert told["method"] == "local"
    assert told["credential"].startswith("sha256:")
    assert str(ann.cookie) not in str(told)
    assert [each["by"] for each in told["allowances"]] == ["grant"]
    assert told["session"]["csrf"] == ann.csrf


def test_a_planted_session_is_not_the_one_after_the_login(world: World) -> None:
    """Fixation: an attacker plants their own cookie in a victim's browser, and waits for them to log in."""
    attacker = logged_in(world, "eve")
    victim = browser(world)
    victim.cookie = planted = attacker.cookie
    logged_in(world, "ann", victim)
    assert victim.cookie != planted
    assert mine(victim).get_json()["actor"]["subject"] == "ann"
    assert problem(mine(attacker)) == (401, "credential-refused")


def test_a_cookie_that_was_chosen_is_never_a_session(world: World) -> None:
    victim = browser(world)
    victim.cookie = "A" * 43
    logged_in(world, "ann", victim)
    assert victim.cookie != "A" * 43


def test_a_second_login_ends_the_first(world: World, ann: Browser) -> None:
    before = Browser(ann.app, ann.cookie)
    logged_in(world, "ann", ann)
    assert problem(mine(before)) == (401, "credential-refused")
    assert mine(ann).status_code == 200


def test_a_stolen_cookie_is_worth_nothing_after_the_logout(ann: Browser) -> None:
    thief = Browser(ann.app, ann.cookie)
    assert mine(thief).status_code == 200
    left = ann.submit("/logout", {"csrf": ann.csrf})
    assert (left.status_code, left.headers["Location"], ann.cookie) == (303, "/login", None)
    assert problem(mine(thief)) == (401, "credential-refused")


def test_a_program_logs_out_as_well(ann: Browser) -> None:
    thief = Browser(ann.app, ann.cookie)
    assert ann.json("DELETE", "/v1/session", **{"X-Shiplog-CSRF": ann.csrf}).get_json() == {"ended": True}
    assert problem(mine(thief)) == (401, "credential-refused")
    assert ann.app.test_client().delete("/v1/session", headers=BEARER).get_json() == {"ended": False}


def test_a_logout_is_seen_by_another_server(world: World, ann: Browser) -> None:
    with worlds.opened(world.settings, at=world.clock.at, guarded=worlds.by_credential) as other:
        there = Browser(other.client.application, ann.cookie)
        assert mine(there).status_code == 200
        ann.submit("/logout", {"csrf": ann.csrf})
        assert problem(mine(there)) == (401, "credential-refused")
        again = logged_in(world, "ann")
        there.cookie = again.cookie
        assert there.submit("/logout", {"csrf": there.csrf}).status_code == 303
        assert problem(mine(again)) == (401, "credential-refused")


def test_a_session_ends_in_silence_and_of_age(world: World, ann: Browser) -> None:
    world.clock.at += IDLE
    assert problem(mine(ann)) == (401, "credential-refused")
    ann = logged_in(world, "ann")
    began = world.clock.at
    while world.clock.at < began + AGE_MAX - timedelta(minutes=20):
        world.clock.at += timedelta(minutes=20)
        assert mine(ann).status_code == 200
    world.clock.at = began + AGE_MAX
    assert problem(mine(ann)) == (401, "credential-refused")


def test_what_was_given_and_taken_meanwhile_counts(world: World) -> None:
    with worlds.opened(world.settings, at=world.clock.at) as operated:
        number = agreed(operated, grant={"role": "admin", "holder": {"issuer": LOCAL, "subject": "cat"}})
        cat = logged_in(world, "cat")
        assert len(mine(cat).get_json()["allowances"]) == 1
        agreed(operated, revoke_grant={"number": number})
    assert mine(cat).get_json()["allowances"] == []


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": None}, True),
        ({"Origin": None}, True),
        ({"Origin": None, "Sec-Fetch-Site": None}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": None}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": None}, False),
        ({"Origin": ""}, False),
        ({"Origin": "https://localhost"}, False),
        ({"Origin": "http://localhost:8080"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Origin": "http://evil.localhost"}, False),
        ({"Origin": f"{HOME} https://evil.example"}, False),
        ({"Origin": "HTTP://LOCALHOST"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-origin, cross-site"}, False),
        ({"X-Shiplog-CSRF": None}, False),
        ({"X-Shiplog-CSRF": ""}, False),
        ({"X-Shiplog-CSRF": "A" * 43}, False),
        ({"X-Shiplog-CSRF": "the cookie"}, False),
        ({"X-Shiplog-CSRF": "another session's"}, False),
        ({"X-Shiplog-CSRF": "ü"}, False),
    ],
    ids=str,
)
def test_a_change_is_made_by_a_page_of_ours_alone(
    world: World, ann: Browser, headers: dict[str, str | None], accepted: bool
) -> None:
    other = logged_in(world, "ann")
    tokens = {"the cookie": ann.cookie, "another session's": other.csrf}
    said = {**ours(), "X-Shiplog-CSRF": ann.csrf, **headers}
    sent = {name: tokens.get(text, text) for name, text in said.items() if text is not None}
    client = ann.app.test_client(use_cookies=False)
    before = world.position
    answer = client.post(PROPOSALS, json=auditing(world), headers={**ann.carried(), **sent})
    assert world.position == before + accepted
    form = {"csrf": sent.pop("X-Shiplog-CSRF")} if "X-Shiplog-CSRF" in sent else {"x": "y"}
    left = client.post("/logout", data=form, headers={**ann.carried(), **sent})
    if accepted:
        assert (answer.status_code, left.status_code) == (201, 303)
    else:
        assert problem(answer) == problem(left) == (403, "not-our-form")
        assert mine(ann).status_code == 200


def test_a_token_in_the_address_is_none(world: World, ann: Browser) -> None:
    for path in (f"/logout?csrf={ann.csrf}", f"{PROPOSALS}?csrf={ann.csrf}"):
        answer = ann.open(path, "POST", json=auditing(world), headers={"Accept": "*/*", **ours()})
        assert answer.status_code in (403, 415), answer.text
    assert mine(ann).status_code == 200


def test_a_login_is_not_planted_either(world: World) -> None:
    """An attacker has a victim log in as the attacker, to learn what they do: the form must be ours."""
    code = world.services.people.local.offer("eve")
    victim = browser(world)
    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = victim.submit("/login/local", {"code": code}, **{**ours(), **foreign, "Accept": "*/*"})
        assert problem(answer) == (403, "not-our-form")
    assert victim.cookie is None
    assert victim.submit("/login/local", {"code": code}).status_code == 303


def test_a_bearer_token_needs_no_form_and_beats_the_cookie(world: World, ann: Browser) -> None:
    both = {**ann.carried(), **BEARER, "Origin": "https://evil.example"}
    client = ann.app.test_client(use_cookies=False)
    assert client.get(MINE, headers=both).get_json()["actor"]["kind"] == "token"
    assert problem(client.post(PROPOSALS, json=auditing(world), headers=both)) == (403, "not-permitted")
    wrong = {**ann.carried(), "Authorization": "Bearer nonsense"}
    assert problem(client.get(MINE, headers=wrong)) == (401, "credential-refused")
    for other in ("Basic YW5uOng=", "", "Bearer"):
        answer = client.get(MINE, headers={**ann.carried(), "Authorization": other})
        assert problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{name}={cookie}", 200),
        ("a=b; {name}={cookie}; c=d", 200),
        ("{name}={cookie}; {name}={cookie}", 401),
        ("{name}=; {name}={cookie}", 401),
        ("{name}={cookie}; {name}=planted", 401),
        ('{name}="{cookie}"', 401),
        ("{name}={cookie}x", 401),
        ("{name}=", 401),
        ("{name}", 401),
        ("shiplog={cookie}", 401),
        ("__Secure-shiplog={cookie}", 401),
        ("__host-shiplog={cookie}", 401),
        ("{name}=" + "x" * 8000, 401),
    ],
)
def test_there_is_one_spelling_of_one_cookie(ann: Browser, header: str, status: int) -> None:
    said = header.format(name=cookie.NAME, cookie=ann.cookie)
    answer = ann.app.test_client(use_cookies=False).get(MINE, headers={"Cookie": said})
    assert answer.status_code == status


def test_a_printed_link_is_good_once_and_for_minutes(world: World) -> None:
    links = world.services.people.local
    code = links.offer("ann")
    used = browser(world)
    for _ in range(3):
        assert used.open(f"/login/local?code={code}").status_code == 200, "to look at it does not use it up"
    assert used.cookie is None
    assert used.submit("/login/local", {"code": code}).status_code == 303
    late = links.offer("ann")
    world.clock.at += timedelta(minutes=10)
    forged = "A" * 43
    for wrong in (code, late, forged, "", "x", "A" * 60_000):
        other = browser(world)
        answer = other.submit("/login/local", {"code": wrong}, Accept="*/*")
        assert problem(answer) == (403, "login-refused")
        assert other.cookie is None
    assert browser(world).submit("/login/local", {"code": "A" * 70_000}, Accept="*/*").status_code == 413
    assert browser(world).open("/login/local?code=a&code=b", headers={"Accept": "*/*"}).status_code == 422


def test_the_cookie_is_for_our_host_alone_and_no_script_reads_it(world: World) -> None:
    code = world.services.people.local.offer("ann")
    answer = browser(world).submit("/login/local", {"code": code})
    (field,) = answer.headers.getlist("Set-Cookie")
    name, _, rest = field.partition("=")
    assert name == "__Host-shiplog"
    assert rest.split("; ")[1:] == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_public_url_is_the_one_origin(world: World) -> None:
    settings = Settings(home=world.settings.home, public_url="https://ledger.example")
    with worlds.opened(settings, at=world.clock.at, guarded=worlds.by_credential) as public:
        code = public.services.people.local.offer("ann")
        used = browser(public)
        for origin, status in (
            (HOME, 403),
            ("https://ledger.example:8443", 403),
            ("https://ledger.example", 303),
        ):
            assert used.submit("/login/local", {"code": code}, Origin=origin).status_code == status


def test_a_name_that_the_ledger_was_not_told_is_none_of_its_own(world: World) -> None:
    code = world.services.people.local.offer("ann")
    client = world.client.application.test_client(use_cookies=False)
    rebound = {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/login/local", data={"code": code}, headers=rebound)
    assert problem(answer) == (403, "not-our-form")
    assert "SHIPLOG_PUBLIC_URL" in answer.get_json()["detail"]


def test_why_is_for_the_log_and_nothing_secret_is(
    world: World, ann: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    token, code = ann.csrf, world.services.people.local.offer("ann")
    told = {"the cookie": ann.cookie, "the token": token, "the code": code}
    with caplog.at_level(logging.DEBUG):
        ann.submit("/logout", {"csrf": "wrong"})
        ann.submit("/login/local", {"code": code}, Origin="https://evil.example")
        ann.submit("/logout", {"csrf": token})
        gone = Browser(ann.app, str(told["the cookie"]))
        mine(gone)
        used = browser(world)
        used.submit("/login/local", {"code": code})
        used.submit("/login/local", {"code": code})
    for said in ("not that of this session", "evil.example", "the session is unknown", "local login refused"):
        assert said in caplog.text
    assert [what for what, secret in told.items() if str(secret) in caplog.text] == []


def test_a_name_is_told_until_it_is_forgotten(world: World) -> None:
    dan = logged_in(world, "dan@example.org")
    told = mine(dan).get_json()
    assert told["name"] == "dan@example.org"
    assert told["actor"]["subject"].startswith("person:")
    assert "dan@example.org" in dan.open("/session").text
    ann = logged_in(world, "ann")
    forget = {"issuer": LOCAL, "subject": "dan@example.org"}
    said = {"X-Shiplog-CSRF": ann.csrf}
    path = "/v1/access/names:forget"
    assert problem(dan.json("POST", path, forget, **{"X-Shiplog-CSRF": dan.csrf})) == (403, "not-permitted")
    assert ann.json("POST", path, forget, **said).get_json() == {"forgotten": True}
    assert ann.json("POST", path, forget, **said).get_json() == {"forgotten": False}
    assert mine(dan).get_json()["name"] is None
    assert "dan@example.org" not in dan.open("/session").text
