"""A server under load: `shiplog serve` on loopback, and clients that write bytes to kept sockets.

All clients are one thread that polls, sends and receives, so that the processor is left to the server.
The server is this module, run as `python -m tests.benchmarks.http_load [--alone]`; alone, every request has a
commit of its own, as without group commit.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from adapters.ledger.group_commit import GroupCommit
from api.cli import main as console
from api.settings import PREFIX, Settings
from tests import credentials

WARM_UP_SECONDS = 1.0
WAIT_SECONDS = 0.1
RECEIVED_BYTES = 1 << 18
CREDENTIAL = f"Authorization: Bearer {credentials.TOKEN}\r\n"
Asked = Callable[[], bytes]
"""Returns the bytes of the next request."""


@dataclass(frozen=True)
class Load:
    """What came of one load."""

    rate: float
    """Answers a second."""
    milliseconds: list[float]
    """How long each answer took, shortest first; from when it was due, where that was fixed."""
    server: float
    """Microseconds of processor that the server's processes spent on one answer."""
    client: float
    """The same of the client."""

    def percentile(self, percent: int) -> float:
        """Return the milliseconds within which so many of a hundred answers came."""
        return self.milliseconds[(len(self.milliseconds) - 1) * percent // 100]


@dataclass(frozen=True)
class Served:
    """A server, by where it listens and the process that started it."""

    port: int
    process: int

    def processor_seconds(self) -> float:
        """Return what the server's processes have spent so far (Linux, proc(5))."""
        workers = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        spent = 0
        for process in (self.process, *workers):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(settings: Settings, *, alone: bool = False, **more: str) -> Iterator[Served]:
    """Lend a server over the ledger that *settings* name, with *more* settings by their names.

    It lets `CREDENTIAL` in, which every request presents.
    """
    credentials.issue_in(settings)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    unlimited = dict.fromkeys(("SHIPLOG_RATE_ADDRESS", "SHIPLOG_RATE_CREDENTIAL"), "1000000")
    environment = {**kept, **unlimited, **more, "SHIPLOG_HOME": str(settings.home)}
    if settings.database_url:
        environment["SHIPLOG_DATABASE_URL"] = settings.database_url
    command = [sys.executable, "-m", "tests.benchmarks.http_load", *(["--alone"] if alone else [])]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)  # noqa: S603 - this file
    try:
        assert server.stderr is not None, "it is a pipe"
        where = next(said for said in server.stderr if "listening on" in said)
        yield Served(int(where.rstrip().rpartition(":")[2]), server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def load(server: Served, asked: Asked, *, clients: int, seconds: float) -> Load:
    """Have *clients* ask, each its next question as soon as it is answered."""
    with ExitStack() as stack:
        poll = stack.enter_context(selectors.DefaultSelector())
        for _ in range(clients):
            connection = _connected(server, stack)
            connection.sendall(asked())
            poll.register(connection, selectors.EVENT_READ, [perf_counter()])

        def answered(until: float) -> list[float]:
            taken: list[float] = []
            while (now := perf_counter()) < until or not taken:
                for key, _ in poll.select(max(until - now, WAIT_SECONDS)):
                    assert isinstance(key.fileobj, socket.socket)
                    _take(key.fileobj)
                    now = perf_counter()
                    taken.append((now - key.data[0]) * 1000)
                    key.data[0] = now
                    key.fileobj.sendall(asked())
            return taken

        return _measured(server, answered, seconds)


def offered(server: Served, asked: Asked, *, rate: float, connections: int, seconds: float) -> Load:
    """Ask *rate* times a second, whether or not what was asked before is answered.

    An answer's time counts from when its question was due: one that had to wait for a
    free connection waited for the server. The last ones are waited for too, however late.
    """
    with ExitStack() as stack:
        poll = stack.enter_context(selectors.DefaultSelector())
        free: deque[socket.socket] = deque(_connected(server, stack) for _ in range(connections))
        due: deque[float] = deque()

        def answered(until: float) -> list[float]:
            taken: list[float] = []
            following = perf_counter()
            while (now := perf_counter()) < until or due or len(free) < connections:
                while following <= min(now, until):
                    due.append(following)
                    following += 1 / rate
                while due and free:
                    connection = free.popleft()
                    connection.sendall(asked())
                    poll.register(connection, selectors.EVENT_READ, due.popleft())
                wait = following - perf_counter() if following <= until else WAIT_SECONDS
                for key, _ in poll.select(max(wait, 0)):
                    assert isinstance(key.fileobj, socket.socket)
                    _take(key.fileobj)
                    taken.append((perf_counter() - key.data) * 1000)
                    poll.unregister(key.fileobj)
                    free.append(key.fileobj)
            return taken

        return _measured(server, answered, seconds)


def _measured(server: Served, answered: Callable[[float], list[float]], seconds: float) -> Load:
    answered(perf_counter() + WARM_UP_SECONDS)
    began, worked, spent = perf_counter(), process_time(), server.processor_seconds()
    taken = answered(began + seconds)
    wall, worked, spent = perf_counter() - began, process_time() - worked, server.processor_seconds() - spent
    each = 1e6 / len(taken)
    return Load(len(taken) / wall, sorted(taken), spent * each, worked * each)


def _connected(server: Served, stack: ExitStack) -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _take(connection: socket.socket) -> None:
    """Read one whole answer, which must be a success."""
    said = connection.recv(RECEIVED_BYTES)
    while b"\r\n\r\n" not in said:
        part = connection.recv(RECEIVED_BYTES)
        assert part, f"the server hung up after {said!r}"
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 20"), said
    missing = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(RECEIVED_BYTES))


def posted(path: str, body: bytes, media: str = "application/json") -> bytes:
    """Return the bytes of a report."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{CREDENTIAL}\r\n".encode() + body


def got(path: str) -> bytes:
    """Return the bytes of a question."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{CREDENTIAL}\r\n".encode()


def _alone(group: GroupCommit[Any, Any], request: object) -> object:
    """Commit *request* by itself: stands for `GroupCommit.carry_out`."""
    with group._door:
        (answer,) = group._commit(lambda: [request])
    return answer


if __name__ == "__main__":
    if sys.argv[1:] == ["--alone"]:
        setattr(GroupCommit, "carry_out", _alone)  # noqa: B010 - in this process, which is measured
    sys.exit(console.main(["serve", "--bind", "127.0.0.1:0"]))
