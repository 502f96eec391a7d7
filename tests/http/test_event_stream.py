"""Server-sent events: taken up where they were left, and silent about what is not to be seen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from tests.following import PLACES
from tests.http import readers
from tests.http.browser import Browser, opened
from tests.http.readers import ALL, MINE, PROD, SEEN, STAGING, remove
from tests.http.world import World


@pytest.fixture
def told(told_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    with readers.lent(told_ledger, tmp_path / "home") as world:
        yield world


def listed(world: World, headers: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    answer = world.client.get("/v1/events", query_string={"limit": 1000, **query}, headers=headers)
    return list(answer.get_json()["events"])


def test_it_tells_what_a_listing_shows_and_how_far_it_is(told: World) -> None:
    browser = Browser()
    messages = browser.read(opened(told, ALL).get_data())
    assert [json.loads(each["data"]) for each in messages] == listed(told, ALL)
    for each in messages:
        event = json.loads(each["data"])
        assert (each["id"], each["event"]) == (str(event["position"]), event["topic"])
    assert (browser.retry, browser.last) == (3000, str(told.position))


def test_it_tells_an_event_when_it_is_recorded(told: World) -> None:
    head = told.position
    told.following.happens.extend([lambda: remove(told, **STAGING), lambda: remove(told, **PROD)])
    messages = Browser().read(opened(told, ALL, after=head).get_data())
    assert [each["id"] for each in messages] == [str(head + 1), str(head + 2)]


def test_what_is_not_to_be_seen_is_not_told_but_for_how_far_it_goes(told: World) -> None:
    hidden = [each for each in listed(told, ALL) if each["stream"] != SEEN]
    told.following.happens.append(lambda: remove(told, **PROD))
    stream = opened(told, MINE).get_data()
    browser = Browser()
    assert {json.loads(each["data"])["stream"] for each in browser.read(stream)} == {SEEN}
    assert browser.last == str(told.position), "who comes back is not looked through it again"
    for each in hidden:
        assert each["payload"].encode() not in stream
        assert each["signature"].encode() not in stream
        assert each["digest"].encode() not in stream


def test_some_of_them_are_told_to_who_wants_some(told: World) -> None:
    wanted = {"topic": "release-cut.v1", "environment": "prod"}
    messages = Browser().read(opened(told, ALL, **wanted).get_data())
    assert [json.loads(each["data"]) for each in messages] == listed(told, ALL, **wanted)
    assert messages


def test_who_comes_back_misses_nothing_and_gets_nothing_twice(told: World) -> None:
    browser, got = Browser(), []
    stream = opened(told, ALL)
    pieces = stream.iter_encoded()
    got += browser.read(next(pieces) + next(pieces))
    stream.close()
    cut = browser.last
    remove(told, **STAGING)
    got += browser.read(opened(told, {**ALL, "Last-Event-ID": cut}, after=3).get_data())
    assert [int(each["id"]) for each in got] == list(range(1, told.position + 1))


HOSTILE = {
    "no number": "abc",
    "a comma": "1,2",
    "a sign": "+1",
    "less than nothing": "-1",
    "a fraction": "1.0",
    "an exponent": "1e3",
    "hexadecimal": "0x1",
    "an underscore": "1_0",
    "a zero before it": "01",
    "nothing": "",
    "spaces within": "1 2",
    "a tab": "1\t",
    "a NUL": "1\x00",
    "more than JSON can say": str(2**53),
    "more than a database can": str(2**63),
    "very long": "9" * 4000,
    "other digits": "\u0661".encode().decode("latin-1"),
    "SQL": "1 OR 1=1",
    "a path": "../../etc/passwd",
}


@pytest.fixture(scope="module")
def still(told_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same ledger for all who change nothing."""
    with readers.lent(told_ledger, tmp_path_factory.mktemp("still") / "home") as world:
        yield world


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_last_event_id_is_a_position(still: World, value: str) -> None:
    environ = {"HTTP_LAST_EVENT_ID": value}
    answer = still.client.get("/v1/events:stream", headers=ALL, environ_overrides=environ)
    assert answer.status_code == 422, answer.text
    assert [each["header"] for each in answer.get_json()["errors"]] == ["Last-Event-ID"]
    for place in [still.services.waiting.place() for _ in range(PLACES)]:
        place.give_back()  # none was taken


def test_who_has_seen_more_than_there_is_has_seen_another_ledger(told: World) -> None:
    beyond = {**ALL, "Last-Event-ID": str(told.position + 1)}
    answer = told.client.get("/v1/events:stream", headers=beyond)
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/beyond-the-head")


def test_a_proxy_is_told_to_pass_it_on_and_keep_nothing(told: World) -> None:
    answer = opened(told, ALL)
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Ledger-Head"].startswith(f"position={told.position},")
    assert "Content-Length" not in answer.headers
