"""Sessions against whoever has a page or a neighbouring host, and what browsers do by themselves."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from api.people import cookie
from api.people.sessions import IDLE
from api.settings import Settings
from tests.following import PLACES
from tests.http import world as worlds
from tests.http.bootstrap import agreed
from tests.http.browsing import Browser, logged_in
from tests.http.world import World

MINE = "/v1/access/mine"
FOLLOWING = "/v1/events:stream"
LOCAL = "shiplog:local"


@pytest.fixture
def world(empty_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    """A ledger that ann and ben may read."""
    with worlds.copied(empty_ledger, tmp_path / "home") as operated:
        for name in ("ann", "ben"):
            agreed(operated, grant={"role": "auditor", "holder": {"issuer": LOCAL, "subject": name}})
        settings, at = operated.settings, operated.clock.at
    with worlds.opened(settings, at=at, guarded=worlds.by_credential) as lent:
        yield lent


@pytest.fixture
def ann(world: World) -> Browser:
    return logged_in(world, "ann")


def asked(used: Browser, path: str = MINE, **headers: str) -> TestResponse:
    return used.open(path, headers={"Accept": "*/*", **headers})


@pytest.mark.parametrize("white", ["\xa0", "\x85", "\t", "\x0b", "\x0c", "\x1c", "\x1f", "\xa0 "], ids=ascii)
def test_white_space_makes_no_cookie_ours(ann: Browser, white: str) -> None:
    """Browsers let any host of the domain set what does not begin with `__Host-` to the byte."""
    said = f"{white}{cookie.NAME}={ann.cookie}"
    client = ann.app.test_client(use_cookies=False)
    assert client.get(MINE, environ_overrides={"HTTP_COOKIE": said}).status_code == 401
    beside = f"{cookie.NAME}={ann.cookie}; {white}{cookie.NAME}=planted"
    assert client.get(MINE, environ_overrides={"HTTP_COOKIE": beside}).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", [MINE, FOLLOWING, "/v1/events", "/session"])
def test_what_a_page_of_somebody_elses_asks_for_in_between_is_refused(
    world: World, ann: Browser, path: str, site: str
) -> None:
    """`new EventSource(…, {withCredentials: true})` at a neighbour, to keep places and a session."""
    for mode in ("cors", "no-cors", "websocket"):
        answer = asked(ann, path, **{"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode})
        assert (answer.status_code, answer.get_json()["type"]) == (403, "/problems/not-our-form")
    for place in [world.services.waiting.place() for _ in range(PLACES)]:
        place.give_back()  # none was taken


def test_a_link_on_any_page_leads_here(ann: Browser) -> None:
    for site in ("cross-site", "same-site", "same-origin", "none"):
        followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert asked(ann, "/session", **followed).status_code == 200


@pytest.mark.parametrize("dest", ["iframe", "frame", "embed", "object"])
def test_no_frame_of_somebody_elses_leads_here(ann: Browser, dest: str) -> None:
    framed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": dest}
    assert asked(ann, "/session", **framed).status_code == 403


def test_what_is_refused_like_that_is_not_heard_of_the_session(world: World, ann: Browser) -> None:
    for _ in range(3):
        world.clock.at += IDLE / 3
        asked(ann, **{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"})
    assert asked(ann).status_code == 401


def _streamed(world: World, used: Browser) -> None:
    answer = used.app.test_client(use_cookies=False).get(
        FOLLOWING, query_string={"after": world.position}, headers=used.carried()
    )
    assert answer.status_code == 200
    answer.get_data()
    answer.close()


def _waited(world: World, used: Browser) -> None:
    asked(used, f"/v1/events?after={world.position}&wait=25")


@pytest.mark.parametrize("followed", [_streamed, _waited])
def test_to_follow_the_ledger_does_not_keep_a_session(
    world: World, ann: Browser, followed: Callable[[World, Browser], None]
) -> None:
    """A page that is left open asks again and again, and nobody is there."""

    def later() -> None:
        world.clock.at += timedelta(minutes=2)

    began = world.clock.at
    while world.clock.at < began + IDLE - timedelta(minutes=5):
        world.following.happens.extend([later, later])
        followed(world, ann)
        world.following.happens.clear()
        world.clock.at += timedelta(minutes=1)
    world.clock.at = began + IDLE
    assert asked(ann).status_code == 401


def test_what_people_may_is_asked_of_the_ledger_each_time(world: World) -> None:
    """Also when no time passes at all between what another server recorded and their next click."""
    here = worlds.opened(
        world.settings, at=world.clock.at, guarded=worlds.by_credential, monotonic=lambda: 1.0
    )
    with here as server, worlds.opened(world.settings, at=world.clock.at) as elsewhere:
        cat = logged_in(server, "cat")
        assert asked(cat, "/v1/events").status_code == 403
        holder = {"issuer": LOCAL, "subject": "cat"}
        number = agreed(elsewhere, grant={"role": "auditor", "holder": holder})
        assert asked(cat, "/v1/events").status_code == 200
        agreed(elsewhere, revoke_grant={"number": number})
        assert asked(cat, "/v1/events").status_code == 403


def test_a_stream_ends_with_the_session(world: World, ann: Browser) -> None:
    def left() -> None:
        world.services.people.sessions.end(str(ann.cookie))

    world.following.happens.append(left)
    client = ann.app.test_client(use_cookies=False)
    answer = client.get(FOLLOWING, query_string={"after": world.position}, headers=ann.carried())
    assert b": this ends here: the credential is not accepted" in answer.get_data()
    assert world.following.seconds == 0


@pytest.mark.parametrize("media", ["text/plain", "application/json", "multipart/form-data; boundary=x", None])
@pytest.mark.parametrize(
    "path", ["/v1/access/proposals", "/v1/access/names:forget", "/v1/reports:batch", "/logout"]
)
def test_a_form_of_somebody_elses_changes_nothing_of_whatever_type(
    world: World, ann: Browser, path: str, media: str | None
) -> None:
    """A page may send these without asking first (Fetch, "CORS-safelisted"), and the cookie with them."""
    before, client = world.position, ann.app.test_client(use_cookies=False)
    foreign = {
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "same-site",
        "X-HTTP-Method-Override": "GET",
    }
    answer = client.post(
        path, data=b'{"reason":"="}', content_type=media, headers={**ann.carried(), **foreign}
    )
    assert answer.status_code in (403, 415), answer.text
    assert world.position == before
    assert asked(ann).status_code == 200


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PATCH", "QUERY"])
def test_there_are_no_other_methods(ann: Browser, method: str) -> None:
    client = ann.app.test_client(use_cookies=False)
    for path in ("/logout", MINE, FOLLOWING, "/v1/session"):
        answer = client.open(path, environ_overrides={"REQUEST_METHOD": method}, headers=ann.carried())
        assert answer.status_code == 405
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert asked(ann).status_code == 200
