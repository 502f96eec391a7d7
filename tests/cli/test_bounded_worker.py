"""Whom a thread of the server waits for, and for whom it does not."""

import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from threading import Semaphore
from types import SimpleNamespace

import pytest

from api.cli import bounded_worker
from api.cli.bounded_worker import BoundedUnreader, BoundedWorker

Pair = tuple[socket.socket, socket.socket]
FOR_EVER_SECONDS = 3600.0
"""Whoever waits so long fails the test by its time limit."""


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connection: the client's end, and the server's."""
    client, server = socket.socketpair()
    with client, server:
        yield client, server


def late(server: socket.socket) -> BoundedUnreader:
    """Return what reads a request whose time ran out while it waited for a thread."""
    unreader = BoundedUnreader(server)
    unreader.deadline = time.monotonic() - 1
    unreader.late_until = time.monotonic() + FOR_EVER_SECONDS
    return unreader


def test_a_stalled_upload_is_not_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_worker, "LATE_SECONDS", FOR_EVER_SECONDS)
    client, server = pair
    client.sendall(b"x" * 1000)
    unreader = late(server)
    assert unreader.chunk() == b"x" * 1000
    assert (unreader.chunk(), unreader.expired) == (b"", True)


def test_an_upload_that_there_was_no_room_for_is_waited_for(pair: Pair) -> None:
    client, server = pair
    body = b"x" * (8 << 20)
    sender = threading.Thread(target=client.sendall, args=(body,))
    sender.start()
    unreader = late(server)
    server.recv(bounded_worker.LATE_BYTES_MIN, socket.MSG_PEEK | socket.MSG_WAITALL)  # it has begun
    arrived = 0
    while part := unreader.chunk(1 << 20):
        arrived += len(part)
        if arrived == len(body):
            break
    sender.join()
    assert (arrived, unreader.expired) == (len(body), False)


def worker(*, threads: int = 2, queued: int = 0, alive: bool = True) -> BoundedWorker:
    """Return a worker that has no server around it."""
    made = BoundedWorker.__new__(BoundedWorker)
    made.alive = alive
    made._queued = deque(range(queued))
    made._may_linger = Semaphore(threads - 1)
    return made


def test_who_asks_again_at_once_keeps_the_thread(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_worker, "LINGER_SECONDS", FOR_EVER_SECONDS)
    client, server = pair
    threading.Timer(0, client.sendall, (b"GET",)).start()
    one = worker()
    assert one._follows(SimpleNamespace(sock=server))
    assert server.recv(10) == b"GET"
    client.sendall(b"GET")
    assert one._follows(SimpleNamespace(sock=server)), "it lingers again"


def test_who_does_not_goes_back_to_the_poller(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_worker, "LINGER_SECONDS", 0.0)
    assert not worker()._follows(SimpleNamespace(sock=pair[1]))


@pytest.mark.parametrize(
    "needed",
    [worker(queued=1), worker(threads=1), worker(alive=False)],
    ids=["by another client", "as the only one", "to stop"],
)
def test_a_thread_that_is_needed_does_not_linger(pair: Pair, needed: BoundedWorker) -> None:
    client, server = pair
    client.sendall(b"GET")
    assert not needed._follows(SimpleNamespace(sock=server))


def test_who_has_gone_is_not_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_worker, "LINGER_SECONDS", FOR_EVER_SECONDS)
    client, server = pair
    client.close()
    assert not worker()._follows(SimpleNamespace(sock=server))
