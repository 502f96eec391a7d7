"""Pages: whole without scripts, closed to anything from elsewhere, and readable by everybody."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from api.pages.rendering import STYLE
from api.settings import Settings
from tests import credentials
from tests.credentials import BEARER
from tests.http import world as worlds
from tests.http.bootstrap import agreed
from tests.http.browsing import Browser, browser, logged_in
from tests.http.world import World

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
LOCAL = "shiplog:local"
OPEN = ("/login", "/login/local?code=abc", "/session", "/v1/ledger", "/nowhere", "/problems/nothing")
KEPT = ("/problems/", "/problems/not-our-form")
VOID = {"meta", "link", "input", "br"}


@pytest.fixture(scope="module")
def world(empty_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with worlds.copied(empty_ledger, tmp_path_factory.mktemp("pages") / "home") as operated:
        holder = {"issuer": LOCAL, "subject": "ann"}
        grant = {"role": "release-manager", "holder": holder, "services": ["pay*"], "environments": ["prod"]}
        agreed(operated, grant=grant)
        credentials.issue(operated.services.ledger)
        settings, at = operated.settings, operated.clock.at
    with worlds.opened(settings, at=at, guarded=worlds.by_credential) as lent:
        yield lent


class Read(HTMLParser):
    """What a page is made of; refuses what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.tags if each == tag]


def check(answer: TestResponse) -> Read:
    """Check what every page has to have, and return what it is made of."""
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Referrer-Policy"] == "same-origin"
    kept = "public, max-age=3600" if answer.request.path in KEPT else "no-store"
    assert answer.headers["Cache-Control"] == kept
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert {"Accept", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    read = Read(answer.text)
    names = [tag for tag, _ in read.tags]
    assert [names.count(tag) for tag in ("h1", "main", "header", "footer", "title", "script", "style")] == [
        *(1, 1, 1, 1, 1),
        *(0, 0),
    ]
    assert read.all("html") == [{"lang": "en"}]
    assert read.all("a")[0]["href"] == "#main", "to skip what is on every page"
    assert read.all("main")[0]["id"] == "main"
    assert not [
        given for _, given in read.tags if any(name.startswith("on") or name == "style" for name in given)
    ]
    for field in read.all("input"):
        assert field["type"] == "hidden", "whatever else comes needs a label"
    for place in (*read.all("a"), *read.all("link")):
        assert (place["href"] or "").startswith(("/", "#")), "nothing from elsewhere"
    return read


@pytest.mark.parametrize("path", OPEN + KEPT)
def test_every_page_is_closed_and_can_be_read(world: World, path: str) -> None:
    check(browser(world).open(path))


def test_the_bare_address_leads_to_who_one_is(world: World) -> None:
    answer = browser(world).open("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/session")


def test_who_i_am_says_what_i_may_do_and_since_when(world: World) -> None:
    ann = logged_in(world, "ann")
    answer = ann.open("/session")
    read = check(answer)
    assert [each["scope"] for each in read.all("th")] == ["col", "col", "col", "row"]
    for said in ("release-manager", "pay* in prod", "grant 1", LOCAL, "30 minutes"):
        assert said in answer.text
    assert len(read.all("time")) == 3
    assert str(ann.cookie) not in answer.text
    (form,) = read.all("form")
    assert (form["method"], form["action"]) == ("post", "/logout")


def test_who_may_nothing_is_told_how_that_changes(world: World) -> None:
    answer = logged_in(world, "eve").open("/session")
    check(answer)
    assert "shiplog access grant ROLE eve --issuer shiplog:local" in answer.text


def test_a_token_sees_itself_and_has_nothing_to_leave(world: World) -> None:
    answer = browser(world).open("/session", headers=BEARER)
    read = check(answer)
    assert "an API token" in answer.text
    assert read.all("form") == []


def test_whatever_somebody_is_called_is_text(world: World) -> None:
    called = "<script>alert(1)</script>'\"&amp;"
    answer = logged_in(world, called).open("/session")
    check(answer)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#39;&#34;&amp;amp;" in answer.text
    hostile = browser(world).open("/login/local?code=%22%3E%3Cscript%3E")
    assert check(hostile).all("input")[0]["value"] == '"><script>'


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html, application/json", False),
        ("text/html;q=0.5, application/json", False),
        ("application/json", False),
        ("application/problem+json, text/html;q=0.9", False),
        ("*/*", False),
        ("text/*", False),
        ("", False),
        ("text/html;q=0", False),
        ("text/htmlx", False),
        (";;;", False),
    ],
)
def test_a_refusal_is_a_page_for_whoever_would_rather_have_one(world: World, accept: str, page: bool) -> None:
    answer = world.client.get("/v1/ledger", headers={"Accept": accept})
    assert answer.status_code == 401
    assert answer.mimetype == ("text/html" if page else "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_that_ended_is_taken_out_of_the_browser(world: World) -> None:
    ann = logged_in(world, "ann")
    world.services.people.sessions.end(str(ann.cookie))
    answer = ann.open("/session")
    check(answer)
    assert (answer.status_code, ann.cookie) == (401, None)
    assert 'href="/login"' in answer.text


def test_a_form_is_a_form(world: World) -> None:
    used = browser(world)
    json = used.open("/login/local", "POST", json={"code": "x"}, headers={"Accept": "*/*"})
    assert json.status_code == 415
    twice = used.open("/login/local", "POST", data={"code": ["a", "b"]}, headers={"Accept": "*/*"})
    assert twice.status_code == 422
    broken = b"code=%ff"
    wrong = used.open(
        *("/login/local", "POST"),
        data=broken,
        content_type="application/x-www-form-urlencoded",
        headers={"Accept": "*/*"},
    )
    assert wrong.status_code == 422


def test_the_stylesheet_is_kept_under_its_digest_and_asked_for_again_without(world: World) -> None:
    used = browser(world)
    (link,) = check(used.open("/login")).all("link")
    kept = used.open(str(link["href"]))
    assert (kept.data, kept.mimetype) == (STYLE, "text/css")
    assert "immutable" in kept.headers["Cache-Control"]
    bare = used.open("/style.css")
    assert bare.headers["Cache-Control"] == "no-cache"
    assert used.open("/style.css", headers={"If-None-Match": bare.headers["ETag"]}).status_code == 304


def _colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_the_contrast_that_the_stylesheet_promises(theme: str) -> None:
    roots = re.findall(r":root \{([^}]*)\}", STYLE.decode())
    colours = _colours(roots[0]) if theme == "light" else {**_colours(roots[0]), **_colours(roots[1])}
    for ink in ("ink", "faint", "link"):
        assert _contrast(colours[ink], colours["paper"]) >= 7, ink
    assert _contrast(colours["ink"], colours["notice"]) >= 7
    assert _contrast(colours["on-button"], colours["button"]) >= 7
    assert _contrast(colours["edge"], colours["paper"]) >= 3


def test_the_stylesheet_asks_for_nothing_from_elsewhere() -> None:
    assert not re.findall(rb"url\(|@import|@font-face", STYLE)


def test_a_browser_that_nobody_logged_in_has_no_cookie(world: World) -> None:
    used: Browser = browser(world)
    for path in OPEN:
        used.open(path)
    assert used.cookie is None
