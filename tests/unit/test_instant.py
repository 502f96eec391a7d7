"""Instants have an offset, one spelling, and microseconds that nobody rounds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain import instant
from domain.errors import MalformedValue
from tests.builders import NOON


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01t12:00:00z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01T06:30:00-05:30",
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T12:00:00.000000+00:00",
        "2026-03-01T12:00:00-00:00",
    ],
)
def test_every_spelling_of_noon_is_noon(text: str) -> None:
    assert instant.parse(text) == NOON
    assert instant.parse(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-03-01",
        "2026-03-01T12:00:00",  # no offset: no instant
        "2026-03-01 12:00:00Z",
        "2026-03-01T12:00Z",
        "20260301T120000Z",
        "2026-W09-7T12:00:00Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00.1234567Z",  # more than microseconds
        "2026-03-01T12:00:00,5Z",
        "2026-03-01T12:00:00+01",
        "2026-03-01T12:00:00+0100",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:60Z",  # a leap second
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",  # before the calendar, once in UTC
        "9999-12-31T23:59:59-23:59",
        "٢٠٢٦-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z\n",
        " 2026-03-01T12:00:00Z",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        instant.parse(text)


def test_the_first_and_the_last_instant_are_accepted() -> None:
    assert instant.parse("1970-01-01T00:00:00Z") == instant.EARLIEST
    assert instant.parse("2199-12-31T23:59:59.999999Z") == instant.LATEST - instant.MICROSECOND


def test_a_naive_time_is_no_instant() -> None:
    with pytest.raises(MalformedValue, match="no offset"):
        instant.checked(datetime(2026, 3, 1, 12))  # noqa: DTZ001 - the naive time is what is refused


def test_an_instant_is_moved_to_utc() -> None:
    moved = instant.checked(NOON.astimezone(timezone(timedelta(hours=5))))
    assert (moved, moved.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-03-01T12:00:00Z"),
        (NOON + instant.MICROSECOND, "2026-03-01T12:00:00.000001Z"),
        (NOON + timedelta(milliseconds=500), "2026-03-01T12:00:00.500000Z"),
    ],
)
def test_an_instant_has_one_spelling(moment: datetime, text: str) -> None:
    assert instant.text(moment) == text
    assert instant.parse(text) == moment


def test_microseconds_are_exact() -> None:
    latest = instant.LATEST - instant.MICROSECOND
    assert instant.micros(instant.EARLIEST) == 0
    assert instant.from_micros(instant.micros(latest)) == latest


def test_a_claim_may_be_five_minutes_ahead() -> None:
    assert instant.latest_claim(NOON) == NOON + timedelta(minutes=5)
