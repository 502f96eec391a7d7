"""Whom a thread of the server waits for, and for whom it does not."""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from api.cli import bounded_reading
from api.cli.bounded_reading import ANSWER_SECONDS, BoundedUnreader, send
from api.cli.bounded_worker import BoundedWorker

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
    monkeypatch.setattr(bounded_reading, "LATE_SECONDS", FOR_EVER_SECONDS)
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
    server.recv(bounded_reading.LATE_BYTES_MIN, socket.MSG_PEEK | socket.MSG_WAITALL)  # it has begun
    arrived = 0
    while part := unreader.chunk(1 << 20):
        arrived += len(part)
        if arrived == len(body):
            break
    sender.join()
    assert (arrived, unreader.expired) == (len(body), False)


def test_what_is_on_its_way_is_waited_for_until_the_deadline(pair: Pair) -> None:
    client, server = pair
    unreader = BoundedUnreader(server)
    unreader.deadline = time.monotonic() + FOR_EVER_SECONDS
    threading.Timer(0, client.sendall, (b"GET",)).start()
    assert unreader.chunk() == b"GET"
    unreader.deadline = time.monotonic() + 0.01
    assert (unreader.chunk(), unreader.expired) == (b"", True)
    assert server.gettimeout() is None
    client.sendall(b"GET")
    assert unreader.chunk() == b"", "what comes after the deadline belongs to no request"


def test_a_long_answer_is_sent_whole_as_it_is_taken(pair: Pair) -> None:
    client, server = pair
    answer = bytes(range(256)) * (1 << 15)
    taken = bytearray()

    def take() -> None:
        while part := client.recv(1 << 16):
            taken.extend(part)

    taker = threading.Thread(target=take)
    taker.start()
    send(server, answer)
    server.shutdown(socket.SHUT_WR)
    taker.join()
    assert taken == answer
    assert server.gettimeout() is None, "a limit that was needed once costs nothing later"


def test_an_answer_that_is_not_taken_is_given_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ANSWER_SECONDS == 120
    monkeypatch.setattr(bounded_reading, "ANSWER_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        send(pair[1], b"x" * (8 << 20))


def worker(*, alive: bool = True) -> BoundedWorker:
    """Return a worker that has no server around it."""
    made = BoundedWorker.__new__(BoundedWorker)
    made.alive = alive
    made.cfg = SimpleNamespace(keepalive=FOR_EVER_SECONDS)
    made.poller = selectors.DefaultSelector()
    made.keepalived_conns, made.pending_conns, made._parting = deque(), deque(), deque()
    made.nr_conns = 1
    made.handed, made.wsgi = [], "the application"
    made.tpool = SimpleNamespace(hand=made.handed.append)
    return made


def connection(server: socket.socket) -> Any:
    """Return a connection as the worker keeps it, without a parser."""
    return SimpleNamespace(sock=server, close=server.close)


def test_who_is_kept_gets_a_thread_with_the_first_byte_of_the_next_request(pair: Pair) -> None:
    client, server = pair
    one, kept = worker(), connection(server)
    with one.poller:
        one._keep(kept)
        one.wait_for_and_dispatch_events(timeout=0)
        assert one.handed == [], "nothing was sent"
        before = time.monotonic()
        client.sendall(b"G")
        one.wait_for_and_dispatch_events(timeout=FOR_EVER_SECONDS)
        assert one.handed == [kept]
        assert kept.began >= before, "its time begins with that byte"
        assert not one.keepalived_conns
        assert not one.poller.get_map()


def test_who_is_kept_while_the_server_stops_is_not_kept_for_long(pair: Pair) -> None:
    one, kept = worker(alive=False), connection(pair[1])
    with one.poller:
        one._keep(kept)
        assert kept.timeout < time.monotonic() + 3
        one._cap_keepalive(0.0)
        one.murder_keepalived()
        assert one.nr_conns == 0
        assert pair[1].fileno() == -1


def test_who_stays_after_parting_is_closed_in_its_time(pair: Pair) -> None:
    client, server = pair
    one, told = worker(), connection(server)
    with one.poller:
        one._part_with(told)
        assert client.recv(1) == b"", "it is told to go"
        one.murder_pending()
        assert one.nr_conns == 1, "and has time to"
        told.timeout = 0.0
        one.murder_pending()
        assert one.nr_conns == 0
        assert not one.poller.get_map()
