"""The record, event by event: one a line, taken up where it was left, and followed until Ctrl-C."""

from itertools import chain, count

import orjson
import pytest

from api import wiring
from api.cli import clock
from tests.cli.running import Shell
from tests.following import Meanwhile

REMOVED = ("record", "removal", "payments-api@prod", "--slot", "canary")


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """What happens while the first command of a test waits for events."""
    meanwhile = Meanwhile()
    each = chain([meanwhile], iter(Meanwhile, None))
    monkeypatch.setattr(wiring, "SqlFollowing", lambda _recorder: next(each))
    return meanwhile


def interrupt() -> None:
    raise KeyboardInterrupt


def positions(out: str) -> list[int]:
    return [int(line.split()[0]) for line in out.splitlines()]


def test_one_event_is_one_line(told: Shell) -> None:
    ran = told.done("events")
    assert positions(ran.out) == list(range(1, 22))
    first = ran.out.splitlines()[0].split()
    assert first == ["1", "2026-03-01T12:00:00Z", "ledger-opened.v1", "ledger"]
    assert ran.err == "looked through to position 21; go on with --after 21\n"


def test_json_lines_are_the_events_of_the_api(told: Shell) -> None:
    rows = [orjson.loads(line) for line in told.done("events", "-o", "jsonl").out.splitlines()]
    assert [each["position"] for each in rows] == list(range(1, 22))
    assert {"payload", "signature", "digest", "key_id", "version"} < rows[0].keys()


def test_it_goes_on_where_it_was_left(told: Shell) -> None:
    assert positions(told.done("events", "--after", "19").out) == [20, 21]
    nothing = told.done("events", "--after", "21")
    assert (nothing.out, nothing.err) == ("", "looked through to position 21; go on with --after 21\n")
    beyond = told("events", "--after", "22")
    assert beyond.code == 3
    assert "position 22 is not recorded yet" in beyond.err


def test_some_of_them_are_listed(told: Shell) -> None:
    lines = told.done("events", "--topic", "removed.v1", "--environment", "prod").out.splitlines()
    assert [line.split()[2:] for line in lines] == [["removed.v1", "target:payments-api@prod"]]
    assert told.done("events", "--service", "nobody").out == ""
    assert told("events", "--topic", "Removed").code == 2


def test_pages_are_asked_for_until_the_end(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.events.PAGE_EVENTS", 4)
    assert positions(told.done("events").out) == list(range(1, 22))


def test_it_is_followed_until_it_is_interrupted(told: Shell, following: Meanwhile) -> None:
    def removed() -> None:
        inner = Shell(told.clock, told.patch)
        inner.done(*REMOVED, "--occurred-at", "2026-03-01T18:30:00Z")

    following.happens.extend([removed, interrupt])
    ran = told("events", "--follow", "--after", "20")
    assert ran.code == 130
    assert positions(ran.out) == [21, 22]
    assert "looked through to position 22; go on with --after 22\n" in ran.err
    assert [after for after, _ in following.waited] == [21, 22]


def test_where_no_place_is_left_it_asks_now_and_then(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = count(1)

    def pause(seconds: float) -> None:
        assert seconds == 5
        if next(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(clock, "pause", pause)
    ran = told("events", "--follow", "--after", "20", SHIPLOG_THREADS="1")
    assert (ran.code, positions(ran.out), next(pauses)) == (130, [21], 4)


def test_who_may_not_read_is_told_so(nowhere: Shell) -> None:
    ran = nowhere("events", "--follow")
    assert ran.code == 3
    assert "looked through" not in ran.err
