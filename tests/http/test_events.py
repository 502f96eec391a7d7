"""Events out: what follows a position, as far as whoever asks may see it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.settings import Settings
from api.v1 import looking
from domain.access.scopes import Scope
from tests import credentials
from tests.credentials import token_text
from tests.http import bootstrap, readers
from tests.http import world as worlds
from tests.http.bootstrap import bearer
from tests.http.people import as_person
from tests.http.readers import ALL, MINE, SEEN
from tests.http.world import Document, World


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


def streams(answer: Document) -> set[str]:
    return {each["stream"] for each in answer["events"]}


def test_who_may_read_somewhere_gets_what_they_see(told: World) -> None:
    everything = seen(told, ALL, limit=1000)
    mine = seen(told, MINE, limit=1000)
    assert [each["position"] for each in everything["events"]] == list(range(1, told.position + 1))
    assert streams(mine) == {SEEN}
    assert mine["events"] == [each for each in everything["events"] if each["stream"] in streams(mine)]
    assert mine["through"] == everything["through"] == told.position == mine["ledger"]["position"]


def test_what_is_not_to_be_seen_is_nowhere_in_the_answer(told: World) -> None:
    everything = seen(told, ALL, limit=1000)["events"]
    body = asked(told, MINE, limit=1000, wait=25).text
    for each in everything:
        shown = each["stream"] == SEEN
        for member in ("payload", "signature"):
            assert (each[member] in body) is shown, each["stream"]
        if not shown and each["position"] < told.position:
            assert each["digest"] not in body


def test_an_admin_sees_what_was_decided_about_access_and_nothing_else(told: World) -> None:
    with worlds.opened(told.settings, at=told.clock.at) as operated:
        holder = {"issuer": "https://sso.example", "subject": "ann"}
        bootstrap.agreed(operated, grant={"role": "admin", "holder": holder})
    admins = seen(told, as_person("ann"), limit=1000)
    assert streams(admins) == {"access"}
    position = admins["events"][0]["position"]
    assert told.client.get(f"/v1/events/{position}", headers=as_person("ann")).status_code == 200
    assert told.client.get("/v1/events/1", headers=as_person("ann")).status_code == 403


def test_who_reads_everything_but_access_does_not_see_that_by_its_position(told: World) -> None:
    reading = token_text("OnlyReadingX")
    credentials.issue(told.services.ledger, reading, scopes=(Scope.READ,))
    assert "access" not in streams(seen(told, bearer(reading), limit=1000))
    refused = told.client.get(f"/v1/events/{told.position}", headers=bearer(reading))
    assert "access:read is needed" in refused.get_json()["detail"]


def test_pages_go_on_where_the_one_before_had_looked(told: World) -> None:
    whole = seen(told, MINE, limit=1000)
    pages: list[Document] = []
    after = 0
    while after < told.position:
        pages.append(seen(told, MINE, limit=2, after=after))
        assert pages[-1]["through"] > after
        after = pages[-1]["through"]
    assert [each for page in pages for each in page["events"]] == whole["events"]
    assert after == told.position


def test_one_answer_looks_at_so_many_events_and_says_how_far(
    told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOK_EVENTS_MAX", 5)
    first = seen(told, MINE, limit=2, wait=25, topic="removed.v1")
    assert (first["events"], first["through"]) == ([], 5)
    assert told.following.waited == [], "there is more to look at already"
    assert seen(told, MINE, limit=1000, after=first["through"])["through"] == 10


WANTED = {
    "topic": ({"topic": "config-recorded.v1"}, lambda each: each["topic"] == "config-recorded.v1"),
    "service": (
        {"service": "payments-api"},
        lambda each: each["stream"].startswith(("target:payments-api@", "build:payments-api/")),
    ),
    "environment": (
        {"environment": "prod"},
        lambda each: each["stream"] == "environment:prod" or each["stream"].endswith("@prod"),
    ),
    "target": (
        {"environment": "prod", "service": "payments-api"},
        lambda each: each["stream"] == "target:payments-api@prod",
    ),
    "nothing": ({"service": "nobody"}, lambda _: False),
}


@pytest.mark.parametrize(("query", "wanted"), WANTED.values(), ids=WANTED)
def test_somebody_asks_for_some_of_them(told: World, query: dict[str, str], wanted: Any) -> None:
    everything = seen(told, ALL, limit=1000)
    some = seen(told, ALL, limit=1000, **query)
    assert some["events"] == [each for each in everything["events"] if wanted(each)]
    assert some["through"] == told.position
    mine = seen(told, MINE, limit=1000, **query)["events"]
    assert mine == [each for each in some["events"] if each["stream"] == SEEN]
