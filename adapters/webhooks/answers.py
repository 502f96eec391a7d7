"""Reading an answer that may be of any size, come at any pace, and say anything."""

import io
import re
import socket
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse

from domain import instant
from domain.access.delivery import RETRY_AFTER_SECONDS_MAX, SAID_LENGTH_MAX
from domain.errors import MalformedValue

HEAD_AND_BODY_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 4 * SAID_LENGTH_MAX
"""Enough for the characters that are logged."""

_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


class TimeIsUp(Exception):
    """The receiver took longer than it has."""


class TooMuch(Exception):
    """The receiver sent more than anybody reads."""


class Bounded(io.RawIOBase):
    """What comes over *connection*, until the seconds at *deadline*, and so many bytes of it."""

    def __init__(self, connection: socket.socket, deadline: float, monotonic: Callable[[], float]) -> None:
        self._connection = connection
        self._deadline = deadline
        self._monotonic = monotonic
        self._left = HEAD_AND_BODY_BYTES_MAX

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer, says typeshed
        """Read some; raises `TimeIsUp`, `TooMuch` and `OSError`."""
        seconds = self._deadline - self._monotonic()
        if seconds <= 0:
            raise TimeIsUp
        if self._left <= 0:
            raise TooMuch
        self._connection.settimeout(seconds)
        try:
            count = self._connection.recv_into(memoryview(buffer)[: self._left])
        except TimeoutError as late:
            raise TimeIsUp from late
        self._left -= count
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return it as `http.client` asks a socket for it."""
        return io.BufferedReader(self)


def read(source: Bounded) -> tuple[int, str | None, str]:
    """Return status, `Retry-After` and the beginning of the body of an answer to a POST.

    Raises `TimeIsUp`, `TooMuch`, `OSError` and `http.client.HTTPException`; not for what is wrong with the
    body, for what counts is the status.
    """
    answer = HTTPResponse(source, method="POST")  # type: ignore[arg-type]  # it needs no more of a socket
    answer.begin()
    try:
        body = answer.read1(BODY_BYTES_MAX)
    except (TimeIsUp, TooMuch, OSError, HTTPException, ValueError):
        body = b""
    return answer.status, answer.getheader("Retry-After"), cleaned(body.decode("utf-8", "replace"))


def cleaned(text: str) -> str:
    """Return how *text* begins, in one line, without what could disturb a log or a terminal."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text[:BODY_BYTES_MAX])
    return " ".join(seen.split())[:SAID_LENGTH_MAX]


def seconds_of(retry_after: str | None, now: datetime) -> int | None:
    """Return for how many seconds `Retry-After` asks (RFC 9110, 10.2.3); None when it says nothing of use."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if _DIGITS.fullmatch(text):
        return min(int(text), RETRY_AFTER_SECONDS_MAX)
    try:
        until = instant.checked(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError, MalformedValue):
        return None
    return min(max(0, int((until - now).total_seconds())), RETRY_AFTER_SECONDS_MAX)
