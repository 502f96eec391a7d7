"""Waiting for events: told as soon as there is one to be seen, and let go when time is up."""

import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.settings import Settings
from tests.following import PLACES
from tests.http import readers
from tests.http import world as worlds
from tests.http.readers import ALL, MINE, PROD, STAGING, remove, revoke
from tests.http.world import Document, World, build


@pytest.fixture
def told(told_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    with readers.lent(told_ledger, tmp_path / "home") as world:
        yield world


def asked(world: World, headers: dict[str, str], **query: Any) -> TestResponse:
    return world.client.get("/v1/events", query_string=query, headers=headers)


def seen(world: World, headers: dict[str, str], **query: Any) -> Document:
    answer = asked(world, headers, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_what_is_there_is_answered_at_once(told: World) -> None:
    assert seen(told, MINE, wait=25)["events"]
    assert told.following.waited == []


def test_an_event_is_told_when_it_is_recorded(told: World) -> None:
    head = told.position
    told.following.happens.append(lambda: remove(told, **STAGING))
    answer = seen(told, MINE, after=head, wait=25)
    assert [each["topic"] for each in answer["events"]] == ["removed.v1"]
    assert answer["through"] == answer["ledger"]["position"] == head + 1
    assert told.following.waited == [(head, 25)]
    payload = json.loads(b64decode(answer["events"][0]["payload"]))
    assert payload["predicate"]["position"] == head + 1


def test_what_is_not_to_be_seen_ends_no_wait_and_is_looked_through(told: World) -> None:
    head = told.position
    told.following.happens.extend([lambda: remove(told, **PROD), lambda: build(told, "ci/5", worlds.FIRST)])
    told.client.environ_base["HTTP_AUTHORIZATION"] = ALL["Authorization"]
    answer = seen(told, MINE, after=head, wait=25)
    assert (answer["events"], answer["through"]) == ([], head + 2)
    assert [after for after, _ in told.following.waited] == [head, head + 1, head + 2]
    assert told.following.seconds == 25, "and no longer"


def test_without_an_event_the_answer_comes_when_time_is_up(told: World) -> None:
    head = told.position
    answer = seen(told, MINE, after=head, wait=7)
    assert (answer["events"], answer["through"], told.following.seconds) == ([], head, 7)
    assert seen(told, MINE, after=head)["events"] == []
    assert told.following.seconds == 7, "who does not want to wait does not"


def test_a_server_that_stops_answers_those_who_wait(told: World) -> None:
    told.following.happens.append(told.services.waiting.end)
    answer = seen(told, MINE, after=told.position, wait=25)
    assert (answer["events"], told.following.seconds) == ([], 0)


def test_who_waits_is_looked_at_again_before_anything_is_told(told: World) -> None:
    def leaked() -> None:
        remove(told, **STAGING)
        revoke(told)

    told.following.happens.append(leaked)
    answer = asked(told, MINE, after=told.position, wait=25)
    assert answer.status_code == 401
    assert answer.get_json()["type"] == "/problems/credential-refused"
    assert [told.services.waiting.place() for _ in range(PLACES)], "and the place is free again"


def test_who_has_seen_more_than_there_is_has_seen_another_ledger(told: World) -> None:
    for wait in (0, 25):
        answer = asked(told, MINE, after=told.position + 1, wait=wait)
        assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/beyond-the-head")
    assert told.following.waited == []


def test_as_many_wait_as_may_and_the_next_is_told_to_come_back(
    told: World, caplog: pytest.LogCaptureFixture
) -> None:
    places = [told.services.waiting.place() for _ in range(PLACES)]
    with caplog.at_level(logging.WARNING):
        full = asked(told, MINE, after=told.position, wait=25)
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
    assert full.get_json()["type"] == "/problems/too-many-waiting"
    assert caplog.records == [], "it is no failure, and many of them fill no log"
    assert seen(told, MINE, wait=25)["events"], "what is there needs no place"
    assert seen(told, MINE, after=told.position)["events"] == [], "nor does who does not wait"
    remove(told, **STAGING)
    places[0].give_back()
    places[0].give_back()
    assert asked(told, MINE, after=told.position, wait=25).status_code == 200
    assert asked(told, MINE, after=told.position, wait=25).status_code == 200, "it was given back"
    told.services.waiting.place()
    assert asked(told, MINE, after=told.position, wait=25).status_code == 503, "but only once"


def test_an_event_that_is_not_there_after_all_keeps_nobody_busy(told: World) -> None:
    """As when the database was put back to what it was before: the word of it is stale."""
    told.following.happens.extend([lambda: None] * 3)
    answer = seen(told, MINE, after=told.position, wait=25)
    assert (answer["events"], len(told.following.waited)) == ([], 1)
