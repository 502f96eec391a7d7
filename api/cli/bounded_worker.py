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
8. the thread that answered gives the connection back to the poller itself: waking the loop that accepts,
   for it to do that, costs more than most requests;
9. who waits for events is let go when the process is to end: the application is told so;
10. what is no request is refused in our words, which repeat nothing of it.
"""

import errno
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http import wsgi  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.http.errors import NoMoreData  # type: ignore[import-untyped]  # the same
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]  # the same
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]  # the same
    STOP_KEEPALIVE_LINGER,
    TConn,
    ThreadWorker,
)

from api.cli import early
from api.cli.bounded_reading import BoundedUnreader, send
from api.cli.crew import Crew
from api.cli.whole_answer import WholeAnswer

HEAD_SECONDS_MAX = 10
"""No client of ours needs so long for a few hundred bytes; a slow one with a large body needs the setting."""
PARTING_SECONDS = 2
"""For a client to read its answer; closing too early could take it from the client (RFC 9112, 9.6)."""
PARTING_BYTES = 4096
_RETRY = (BlockingIOError, InterruptedError)
_LEFT = frozenset((errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN))
"""How a system says that the client has gone."""


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker whose threads wait for a client for a bounded time; see above."""

    body_seconds = 30
    stopping: Callable[[Any], None] = staticmethod(lambda _application: None)
    """Tells the application that the process is to end."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._parting: deque[Any] = deque()

    @property
    def head_seconds(self) -> int:
        """How long a client may take until the head of its request has arrived."""
        return min(self.body_seconds, HEAD_SECONDS_MAX)

    def get_thread_pool(self) -> Crew[Any]:
        """Return what answers."""
        return Crew(self._answer, threads=self.cfg.threads)

    def accept(self, listener: Any) -> None:
        """Take a new connection, and let it wait for its first byte with the poller (1)."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process took it, or it has gone already
        connection = TConn(self.cfg, client, address, listener.getsockname())
        client.setblocking(True)
        connection.parser = RequestParser(self.cfg, client, address)
        connection.parser.unreader = BoundedUnreader(client)
        self.nr_conns += 1
        connection.timeout = time.monotonic() + self.head_seconds
        self.pending_conns.append(connection)
        self.poller.register(
            client, selectors.EVENT_READ, partial(self.on_pending_socket_readable, connection)
        )

    def enqueue_req(self, conn: Any) -> None:
        """Ask for a thread; the client's time begins now, not when there is one (2, 3)."""
        conn.began = time.monotonic()
        self.tpool.hand(conn)

    def _answer(self, conn: Any) -> None:
        """Answer what has begun to arrive; then let *conn* wait for its next request, or part with it."""
        kept = False
        try:
            kept = self.handle(conn)
        finally:
            if not kept:
                self.method_queue.defer(self._part_with, conn)
        if kept and conn.parser.unreader.holds_more:
            self.enqueue_req(conn)  # sent together with the last, so the poller would not hear of it
        elif kept:
            self._keep(conn)

    def handle(self, conn: Any) -> bool:
        """Answer a request that has begun to arrive; say whether another may follow (4, 5)."""
        unreader = conn.parser.unreader
        unreader.deadline, unreader.arrived = conn.began + self.head_seconds, 0
        request = None
        try:
            request = next(conn.parser)
            kept = self.handle_request(request, conn)
            return kept and conn.parser.finish_body(deadline=0.0) and not unreader.expired
        except (NoMoreData, StopIteration) as left:
            self.log.debug("the client has left: %s", left)
        except OSError as failed:
            if failed.errno not in _LEFT:
                self.log.exception("the connection failed")
        except Exception as wrong:
            self.handle_error(request, conn.sock, conn.client, wrong)
        return False

    def handle_error(self, _req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse what is no request, or answer for a fault that the application did not see (10)."""
        with suppress(OSError):
            send(client, early.answer(early.refusal_of(exc, addr[0] if addr else None)))

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer a request whose head is here (3, 6)."""
        unreader = conn.parser.unreader
        unreader.deadline = conn.began + self.body_seconds
        unreader.late_until = time.monotonic() + self.body_seconds
        try:
            answer, environ = wsgi.create(
                req, conn.sock, conn.client, conn.server, self.cfg, response_class=WholeAnswer
            )
            environ["wsgi.multithread"] = True
            if not self.alive or len(self.keepalived_conns) >= self.max_keepalived:
                answer.force_close()
            self._write(answer, self.wsgi(environ, answer.start_response))
            return not answer.should_close()
        finally:
            unreader.deadline = unreader.late_until = 0.0  # what was left unread is not waited for

    def _write(self, answer: WholeAnswer, parts: Any) -> None:
        try:
            for part in parts:
                answer.write(part)
            answer.close()
        except OSError:
            raise
        except Exception as wrong:
            if not answer.headers_sent:
                raise
            self.log.exception("an answer broke off")
            raise StopIteration from wrong  # what was sent has no end, and the client sees that
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def _keep(self, conn: Any) -> None:
        """Let *conn* wait for its next request (8)."""
        conn.timeout = time.monotonic() + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)  # first: from then on the loop that accepts may be told of it
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def _part_with(self, conn: Any) -> None:
        """Tell the client to go, and wait for it to (7)."""
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
        """When stopping, let connections that sent nothing go, as those that are kept alive; and (9)."""
        self.stopping(self.wsgi)
        for connection in (*self.keepalived_conns, *self.pending_conns):
            connection.timeout = min(connection.timeout, deadline)


def waiting(body_seconds: int, stopping: Callable[[Any], None]) -> type[BoundedWorker]:
    """Return the worker that gives a client *body_seconds* to send the body of a request.

    *stopping* is called with the application when the process is to end.
    """
    return type(
        "Worker", (BoundedWorker,), {"body_seconds": body_seconds, "stopping": staticmethod(stopping)}
    )
