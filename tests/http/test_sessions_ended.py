"""Sessions that somebody else ends, and what the log says of who comes and goes."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from api.settings import Settings
from tests.http import world as worlds
from tests.http.bootstrap import agreed
from tests.http.browsing import Browser, logged_in
from tests.http.world import World

LOCAL = "shiplog:local"
PATH = "/v1/access/sessions:end"
DAN = [{"issuer": LOCAL, "subject": each} for each in ("dan", "daniel")]
"""One person by two identities."""
KNOWN = rf"person:\S+ of {LOCAL}"


@pytest.fixture
def world(empty_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    """A ledger as a server opens it, of which ann is an admin."""
    with worlds.copied(empty_ledger, tmp_path / "home") as operated:
        agreed(operated, grant={"role": "admin", "holder": {"issuer": LOCAL, "subject": "ann"}})
        agreed(operated, link={"one": DAN[0], "other": DAN[1], "how": "stated"})
        settings, at = operated.settings, operated.clock.at
    with worlds.opened(settings, at=at, guarded=worlds.by_credential) as lent:
        yield lent


def ended(by: Browser, whose: dict[str, str]) -> TestResponse:
    return by.json("POST", PATH, whose, **{"X-Shiplog-CSRF": by.csrf})


def alive(*used: Browser) -> list[bool]:
    return [each.json("GET", "/v1/access/mine").status_code == 200 for each in used]


def test_an_admin_ends_the_sessions_of_somebody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    both = [logged_in(world, "fay@example.org") for _ in range(2)]
    eve, ann = logged_in(world, "eve"), logged_in(world, "ann")
    fay = {"issuer": LOCAL, "subject": "fay@example.org"}
    with caplog.at_level(logging.INFO):
        assert ended(ann, fay).get_json() == {"ended": 2}
    assert alive(*both, eve, ann) == [False, False, True, True]
    assert ended(ann, fay).get_json() == {"ended": 0}
    assert re.search(rf"ann of {LOCAL} ended 2 sessions of {KNOWN}", caplog.text), caplog.text


def test_nobody_else_does(world: World) -> None:
    dan, eve = logged_in(world, "dan"), logged_in(world, "eve")
    assert ended(eve, DAN[0]).status_code == 403
    assert alive(dan) == [True]


def test_who_is_one_person_by_two_identities_is_out_by_both(world: World) -> None:
    dan, ann = logged_in(world, "dan"), logged_in(world, "ann")
    assert ended(ann, DAN[1]).get_json() == {"ended": 1}
    assert alive(dan) == [False]


def test_who_comes_and_goes_is_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for leave in (by_page, by_program):
            leave(logged_in(world, "fay@example.org"))
    assert len(re.findall(rf"logged in: {KNOWN}", caplog.text)) == 2
    assert len(re.findall(rf"logged out: {KNOWN}", caplog.text)) == 2
    assert "fay@example.org" not in caplog.text


def by_page(used: Browser) -> None:
    used.submit("/logout", {"csrf": used.csrf})


def by_program(used: Browser) -> None:
    used.json("DELETE", "/v1/session", **{"X-Shiplog-CSRF": used.csrf})
