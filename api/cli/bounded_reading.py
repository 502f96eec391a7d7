"""What a client sends and takes, each within its time; nothing is waited for that is there already.

A connection stays blocking, and is asked not to block: a time limit on it would cost a system call to set,
another to wait, and each of them hands the interpreter to another thread. Only who has to be waited for is
waited for with a limit.
"""

import socket
import time

from gunicorn.http.unreader import Unreader  # type: ignore[import-untyped]  # gunicorn has no types

ANSWER_SECONDS = 120
"""For one piece of an answer to be taken; the largest is some MB."""
LATE_SECONDS = 0.25
"""For the next bytes of a body whose time ran out in the queue: its sender goes on when we begin to read."""
LATE_BYTES_MIN = 1 << 16
"""What such a sender has sent by then; systems take more for a connection before they make it wait."""
READ_BYTES = 1 << 13
READ_BYTES_MAX = 1 << 20
"""At once, of a body that is known to be so long."""


class BoundedUnreader(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Reads a connection up to a deadline; from then on only what has arrived already."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection  # gunicorn would set time limits of its own on one named `sock`
        self.deadline = 0.0
        """On the monotonic clock."""
        self.late_until = 0.0
        """Up to when bytes that follow closely are read past the deadline."""
        self.arrived = 0
        """How many bytes were read for this request."""
        self.expired = False
        """Whether something was not waited for, so that the connection cannot be used again."""

    @property
    def holds_more(self) -> bool:
        """Whether bytes were read that belong to the next request."""
        return bool(self.buf.getbuffer().nbytes)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes; none at the end, or when time is up."""
        if self.expired:
            return b""
        size = min(max(size_hint or 0, READ_BYTES), READ_BYTES_MAX)
        try:
            content = self._connection.recv(size, socket.MSG_DONTWAIT)
        except BlockingIOError:
            content = self._waited_for(size)
        self.arrived += len(content)
        return content

    def _waited_for(self, size: int) -> bytes:
        now = time.monotonic()
        late = self.arrived >= LATE_BYTES_MIN and now < self.late_until
        left = max(self.deadline - now, LATE_SECONDS if late else 0.0)
        if left <= 0:
            self.expired = True
            return b""
        self._connection.settimeout(left)
        try:
            return self._connection.recv(size)
        except TimeoutError:
            self.expired = True
            return b""
        finally:
            self._connection.settimeout(None)


def send(connection: socket.socket, content: bytes) -> None:
    """Send all of *content*; raises `TimeoutError` when it is not taken."""
    try:
        taken = connection.send(content, socket.MSG_DONTWAIT)
    except BlockingIOError:
        taken = 0
    if taken == len(content):
        return
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.sendall(memoryview(content)[taken:])
    finally:
        connection.settimeout(None)
