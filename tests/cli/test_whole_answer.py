"""What goes over the wire for an answer, and in how many pieces."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from api.cli.whole_answer import WholeAnswer

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connection that keeps apart what was sent apart: the client's end, and the server's."""
    client, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with client, server:
        client.settimeout(10)
        yield client, server


def begun(server: socket.socket, status: str, *headers: tuple[str, str], method: str = "GET") -> WholeAnswer:
    """Return an answer that begins with *status* and *headers*."""
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False)
    answer = WholeAnswer(request, server, SimpleNamespace(protocol="http"))
    answer.start_response(status, list(headers))
    return answer


def sent(client: socket.socket, server: socket.socket) -> list[bytes]:
    """Return each piece that was sent."""
    server.shutdown(socket.SHUT_WR)
    return list(iter(lambda: client.recv(1 << 16), b""))


def test_head_and_body_go_out_together(pair: Pair) -> None:
    client, server = pair
    answer = begun(server, "200 OK", ("Content-Length", "4"), ("X-A", "b"))
    answer.write(b"done")
    answer.close()
    (whole,) = sent(client, server)
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: 4\r\nX-A: b" in head
    assert b"\r\nConnection: keep-alive\r\n" in head
    assert body == b"done"


@pytest.mark.parametrize(("status", "method"), [("304 NOT MODIFIED", "GET"), ("200 OK", "HEAD")])
def test_an_answer_without_a_body_is_its_head(pair: Pair, status: str, method: str) -> None:
    client, server = pair
    answer = begun(server, status, ("Content-Length", "4"), method=method)
    answer.write(b"")
    answer.close()
    (whole,) = sent(client, server)
    assert whole.endswith(b"\r\n\r\n")


def test_a_stream_goes_out_in_chunks_and_has_an_end(pair: Pair) -> None:
    client, server = pair
    answer = begun(server, "200 OK")
    answer.write(b"one")
    answer.write(b"two" * 10)
    answer.close()
    first, second, last = sent(client, server)
    assert b"\r\nTransfer-Encoding: chunked\r\n" in first
    assert first.endswith(b"\r\n\r\n3\r\none\r\n")
    assert second == b"1E\r\n" + b"two" * 10 + b"\r\n"
    assert last == b"0\r\n\r\n"
