"""The gunicorn worker of `shiplog serve`: whoever sends slowly, or nothing, does not keep others out.

gunicorn's own threaded worker gives a connection a thread before anything was
sent on it, and waits for the rest of a request for as long as the client likes.
Here:

1. a connection waits with the poller until its first byte; for that it has the
   seconds of a head, and holds no thread;
2. the head must be complete within the seconds of a head since that byte,
   however long it waited for a thread: of many half-sent ones, all end together;
3. the body must be complete within the seconds of a body since that byte; one that waited for a thread
   for longer, and had been sent as far as there was room for it, is read for as long as it keeps coming;
4. when time is up, what has arrived is still read, and nothing more is waited
   for: to gunicorn and to the application it looks as if the client had left;
5. then, and when a body was not read to its end, the connection is closed, for
   nobody knows where the next request on it begins;
6. an answer that is not taken is given up;
7. who is told to go and stays is waited for by the poller, not by the loop that accepts;
8. whoever sends the next request right after an answer is heard by the same thread, while nobody waits
   for one and another is left: handing a connection over costs more than most requests.
"""

import selectors
import socket
import time
from collections import deque
from functools import partial
from threading import Semaphore
from typing import Any

from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]  # the same

HEAD_SECONDS_MAX = 10
"""No client of ours needs so long for a few hundred bytes; a slow one with a large body needs the setting."""
ANSWER_SECONDS = 120
"""For one piece of an answer to be taken; the largest is some MB."""

LATE_SECONDS = 0.25
"""For the next bytes of a body whose time ran out in the queue: its sender goes on when we begin to read."""
LATE_BYTES_MIN = 1 << 16
"""What such a sender has sent by then; systems take more for a connection before they make it wait."""
LINGER_SECONDS = 0.005
"""For the next request on a connection; a client on the same network that has one sends it sooner."""
PARTING_SECONDS = 2
"""For a client to read its answer; closing too early could take it from the client (RFC 9112, 9.6)."""
PARTING_BYTES = 4096
_RETRY = (BlockingIOError, InterruptedError)


class BoundedUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn has no types
    """Reads a connection up to a deadline; from then on only what has arrived already."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.deadline = 0.0
        """On the monotonic clock."""
        self.late_until = 0.0
        """Up to when bytes that follow closely are read past the deadline."""
        self.arrived = 0
        """How many bytes were read for this request."""
        self.expired = False
        """Whether something was not waited for, so that the connection cannot be used again."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes; none at the end, or when time is up."""
        if self.expired:
            return b""
        now = time.monotonic()
        waited = self.arrived >= LATE_BYTES_MIN and now < self.late_until
        self.sock.settimeout(max(self.deadline - now, LATE_SECONDS if waited else 0.0))
        try:
            content = bytes(super().chunk(size_hint))
        except (TimeoutError, BlockingIOError):
            self.expired = True
            return b""
        finally:
            self.sock.settimeout(ANSWER_SECONDS)
        self.arrived += len(content)
        return content


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker whose threads wait for a client for a bounded time; see above."""

    body_seconds = 30

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._parting: deque[Any] = deque()
        self._queued: deque[Any] = deque()
        """Connections that wait for a thread."""
        self._may_linger = Semaphore(self.cfg.threads - 1)

    @property
    def head_seconds(self) -> int:
        """How long a client may take until the head of its request has arrived."""
        return min(self.body_seconds, HEAD_SECONDS_MAX)

    def accept(self, listener: Any) -> None:
        """Take a new connection, and let it wait for its first byte with the poller (1)."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process took it, or it has gone already
        connection = TConn(self.cfg, client, address, listener.getsockname())
        self.nr_conns += 1
        connection.timeout = time.monotonic() + self.head_seconds
        self.pending_conns.append(connection)
        self.poller.register(
            client, selectors.EVENT_READ, partial(self.on_pending_socket_readable, connection)
        )

    def enqueue_req(self, conn: Any) -> None:
        """Ask for a thread; the client's time begins now, not when there is one (2, 3)."""
        conn.began = time.monotonic()
        self._queued.append(conn)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a request that has begun to arrive, and those that follow closely (8)."""
        self._queued.popleft()
        while kept := self._handle_one(conn):
            if not self._follows(conn):
                break
            conn.began = time.monotonic()
        return kept

    def _handle_one(self, conn: Any) -> Any:
        """Answer a request; say whether another may follow (4, 5)."""
        conn.init()
        unreader = conn.parser.unreader
        if not isinstance(unreader, BoundedUnreader):
            unreader = conn.parser.unreader = BoundedUnreader(conn.sock)
        unreader.deadline, unreader.arrived = conn.began + self.head_seconds, 0
        kept = super().handle(conn)
        return kept and not unreader.expired

    def _follows(self, conn: Any) -> bool:
        """Wait a moment for the next request, unless the thread is needed elsewhere."""
        if self._queued or not self.alive or not self._may_linger.acquire(blocking=False):
            return False
        try:
            conn.sock.settimeout(LINGER_SECONDS)
            return bool(conn.sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False  # the poller waits for it, or finds that it has gone
        finally:
            self._may_linger.release()

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head is here (3, 6)."""
        unreader = conn.parser.unreader
        unreader.deadline = conn.began + self.body_seconds
        unreader.late_until = time.monotonic() + self.body_seconds
        conn.sock.settimeout(ANSWER_SECONDS)
        try:
            return super().handle_request(req, conn)
        finally:
            unreader.deadline = unreader.late_until = 0.0  # what was left unread is not waited for

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep a connection for its next request, or part with it (7)."""
        failed = fs.cancelled() or fs.exception() is not None
        if not failed and fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._part, conn))
        except (OSError, ValueError):  # it has gone already
            self._close(conn)
            return
        conn.timeout = time.monotonic() + PARTING_SECONDS
        self._parting.append(conn)

    def murder_pending(self) -> None:
        """Close what has sent nothing, or has not parted, in its time."""
        super().murder_pending()
        now = time.monotonic()
        while self._parting and self._parting[0].timeout <= now:
            self._gone(self._parting[0])

    def _part(self, conn: Any, _socket: Any) -> None:
        try:
            more = conn.sock.recv(PARTING_BYTES)
        except _RETRY:
            return
        except OSError:
            more = b""
        if not more:
            self._gone(conn)

    def _gone(self, conn: Any) -> None:
        self._parting.remove(conn)
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """Let connections that sent nothing go when stopping, as those that are kept alive."""
        super()._cap_keepalive(deadline)
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, deadline)


def waiting(body_seconds: int) -> type[BoundedWorker]:
    """Return the worker that gives a client *body_seconds* to send the body of a request."""
    return type("Worker", (BoundedWorker,), {"body_seconds": body_seconds})
