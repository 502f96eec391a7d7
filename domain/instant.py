"""Instants: aware, UTC, to the microsecond. A time without an offset is no instant.

Three clocks tell when something happened. `occurred_at` is what a reporter
claims, `recorded_at` is ours and strictly increases with the position, and the
position itself is the ledger's one gap-free order.
"""

import re
from datetime import UTC, datetime, timedelta

from domain.errors import MalformedValue

CLOCK_SKEW_SECONDS_MAX = 300
"""How far a reporter's clock may be ahead of ours. Bounds every search into the past."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def parse(text: str) -> datetime:
    """Return the UTC instant that *text* names.

    Source: RFC 3339, section 5.6. An offset is required, a fraction has at most
    six digits, leap seconds are refused, and so are years before 1970 and from 2200.
    """
    if _FORM.fullmatch(text) is None:
        raise MalformedValue(
            f"not an instant: {text[:60]!r}, expected RFC 3339 with an offset and at most"
            " microseconds, such as 2026-03-01T12:00:00Z"
        )
    try:
        return checked(datetime.fromisoformat(text.upper()))
    except ValueError as wrong:
        raise MalformedValue(f"not an instant: {text!r}, {wrong}") from wrong


def checked(instant: datetime) -> datetime:
    """Return *instant* in UTC; refuse a naive one and one outside 1970 to 2199."""
    if instant.tzinfo is None:
        raise MalformedValue(f"not an instant: {instant.isoformat()} has no offset from UTC")
    moved = instant if instant.tzinfo is UTC else _moved(instant)
    if not EARLIEST <= moved < LATEST:
        raise MalformedValue(f"not an instant: {moved.isoformat()}, expected 1970 to 2199")
    return moved


def _moved(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as wrong:
        raise MalformedValue(f"not an instant: {instant.isoformat()}, {wrong}") from wrong


def text(instant: datetime) -> str:
    """Return *instant* in its one spelling: UTC, `Z`, six fractional digits or none."""
    return instant.replace(tzinfo=None).isoformat() + "Z"


def micros(instant: datetime) -> int:
    """Return the microseconds since 1970 of *instant*, exactly."""
    return (instant - EARLIEST) // MICROSECOND


def from_micros(count: int) -> datetime:
    """Return the instant *count* microseconds after 1970 began."""
    return EARLIEST + timedelta(microseconds=count)


def latest_claim(recorded_at: datetime) -> datetime:
    """Return the latest `occurred_at` that may be accepted at *recorded_at*."""
    return recorded_at + timedelta(seconds=CLOCK_SKEW_SECONDS_MAX)
