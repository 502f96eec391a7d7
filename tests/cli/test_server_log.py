"""The log of a server: each record has its time, and whatever is in it stays in its line."""

import logging
import re

import pytest

from api.cli.server_log import OneLine

LINE = re.compile(r"2026-03-01T12:00:00\.123Z (WARNING|ERROR) \d+ api\.access\.guard: .*")


def written(message: str, failure: Exception | None = None) -> list[str]:
    """Return the lines of a record, made at noon."""
    failed = None if failure is None else (type(failure), failure, failure.__traceback__)
    level = logging.WARNING if failure is None else logging.ERROR
    record = logging.LogRecord("api.access.guard", level, "guard.py", 71, message, None, failed)
    record.created = 1772366400.1234
    return OneLine().format(record).split("\n")


def test_a_record_says_when_in_utc_how_bad_and_where() -> None:
    (line,) = written("credential refused")
    assert LINE.fullmatch(line)
    assert line.endswith(": credential refused")


@pytest.mark.parametrize(
    "sent", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\x00b", "a\x85b", "a\u2028b", "a\x7fb", "a\tb"]
)
def test_nothing_that_was_sent_begins_another_record(sent: str) -> None:
    (line,) = written(f"nothing is served at {sent}")
    assert LINE.fullmatch(line)
    assert line.isprintable()


def fail(sentence: str) -> None:
    raise RuntimeError(sentence)


def test_a_traceback_is_told_from_records() -> None:
    try:
        fail("first\n2026-03-01T12:00:00.123Z WARNING 1 api.access.guard: forged")
    except RuntimeError as failure:
        first, *more = written("unexpected failure", failure)
    assert LINE.fullmatch(first)
    assert len(more) > 3
    assert all(line.startswith("    ") for line in more)
