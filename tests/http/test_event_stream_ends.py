"""Streams end: in time, with the credential, with the server, and with whoever reads them."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from domain.errors import LedgerUnavailable
from tests.following import PLACES
from tests.http import bootstrap, readers
from tests.http import world as worlds
from tests.http.browser import Browser, opened
from tests.http.people import as_person
from tests.http.readers import ALL, MINE, STAGING, remove, revoke
from tests.http.world import World


@pytest.fixture
def told(told_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    with readers.lent(told_ledger, tmp_path / "home") as world:
        yield world


def test_where_nothing_happens_there_is_a_comment_every_fifteen_seconds(told: World) -> None:
    browser = Browser()
    head = told.position
    assert browser.read(opened(told, ALL, after=head).get_data()) == []
    assert {seconds for _, seconds in told.following.waited} == {15}
    assert browser.comments == 19
    assert (browser.last, told.following.seconds) == (str(head), 300), "and then it ends"


def test_a_server_that_stops_ends_it(told: World) -> None:
    told.following.happens.append(told.services.waiting.end)
    assert Browser().read(opened(told, ALL, after=told.position).get_data()) == []
    assert told.following.seconds == 0


def test_it_ends_with_the_credential_and_tells_nothing_more(told: World) -> None:
    def leaked() -> None:
        revoke(told)
        remove(told, **STAGING)

    head = told.position
    told.following.happens.append(leaked)
    stream = opened(told, MINE, after=head).get_data()
    assert Browser().read(stream) == []
    assert b": this ends here: the credential is not accepted" in stream
    assert told.following.seconds == 0
    again = told.client.get("/v1/events:stream", headers=MINE)
    assert again.status_code == 401, "a browser gives up then"


def test_it_ends_when_a_credential_is_over_though_nothing_happens(told: World) -> None:
    def later() -> None:
        told.clock.advance(31 * 24 * 3600)

    told.following.happens.append(later)
    opened(told, MINE, after=told.position).get_data()
    assert told.following.seconds < 15 + 1


def test_it_ends_when_somebody_may_not_read_any_more(told: World) -> None:
    with worlds.opened(told.settings, at=told.clock.at) as operated:
        holder = {"issuer": "https://sso.example", "subject": "ann"}
        number = bootstrap.agreed(operated, grant={"role": "approver", "holder": holder})
        told.clock.at = operated.clock.at

    def taken_back() -> None:
        with worlds.opened(told.settings, at=told.clock.at) as operated:
            bootstrap.propose(operated, {}, revoke_grant={"number": number})
            told.clock.at = operated.clock.at
        remove(told, **STAGING)

    told.following.happens.append(taken_back)
    stream = opened(told, as_person("ann"), after=told.position).get_data()
    assert Browser().read(stream) == []
    assert b"this ends here: one of access:read, read is needed" in stream


def test_it_ends_when_the_ledger_cannot_be_read(told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        def sealed(**_: int) -> Any:
            raise LedgerUnavailable("the database\ndata: does not answer")

        monkeypatch.setattr(told.services.ledger, "sealed", sealed)

    told.following.happens.append(gone)
    stream = opened(told, ALL, after=told.position).get_data()
    assert Browser().read(stream) == []
    assert stream.endswith(b": this ends here: the database data: does not answer\n\n"), "on one line"


def test_each_stream_has_a_place_until_it_is_closed(told: World, caplog: pytest.LogCaptureFixture) -> None:
    streams = [opened(told, ALL) for _ in range(PLACES)]
    with caplog.at_level(logging.WARNING):
        full = told.client.get("/v1/events:stream", headers=ALL)
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
    assert caplog.records == []
    streams[0].close()
    streams[0].close()
    opened(told, ALL)
    assert told.client.get("/v1/events:stream", headers=ALL).status_code == 503


def test_a_stream_that_was_never_read_gives_its_place_back(told: World) -> None:
    for _ in range(PLACES + 1):
        told.client.head("/v1/events:stream", headers=ALL).close()
    opened(told, ALL).close()
