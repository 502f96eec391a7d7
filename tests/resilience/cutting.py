"""A proxy before PostgreSQL that cuts connections at a COMMIT."""

import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

COMMIT = b"COMMIT\0"
"""As the driver sends it: a simple query of its own (PostgreSQL, "Message Formats")."""
CHUNK_BYTES = 1 << 16
_RESET = struct.pack("ii", 1, 0)


class Cut(Enum):
    """Where a connection is cut."""

    BEFORE = "the COMMIT never arrives"
    AT_ONCE = "the COMMIT is on its way, and nobody knows what became of it"
    AFTER = "the COMMIT is done, and its answer never arrives"


class Proxy:
    """Forwards bytes both ways, a thread a connection."""

    def __init__(self, host: str, port: int) -> None:
        """Stand before the server at *host* and *port*."""
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.closed = False
        """Whether whoever connects is turned away."""
        self.cuts = 0
        """How many connections were cut."""
        self._spared, self._cut = 0, Cut.AFTER
        self._armed = False
        self._lock = threading.Lock()
        self._ended, self._end = socket.socketpair()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def arm(self, cut: Cut, *, spared: int = 0) -> None:
        """Cut the next connection that commits, after *spared* commits went through."""
        with self._lock:
            self._cut, self._spared, self._armed = cut, spared, True

    def close(self) -> None:
        """Cut every connection and stop."""
        self._end.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._ended.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector, self._listener:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._ended, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                client, _ = self._listener.accept()
                if self.closed:
                    client.close()
                    continue
                thread = threading.Thread(target=self._forward, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _forward(self, client: socket.socket) -> None:
        with (
            client,
            suppress(OSError),
            socket.create_connection(self._server) as server,
            selectors.DefaultSelector() as selector,
        ):
            for each in (client, server, self._ended):
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._ended or not self._pass_on(key.fileobj, client, server):
                        return

    def _pass_on(self, source: object, client: socket.socket, server: socket.socket) -> bool:
        """Pass on what has arrived from *source*, one of the two; say whether more may come."""
        from_client = source is client
        content = (client if from_client else server).recv(CHUNK_BYTES)
        if from_client and COMMIT in content and self._strikes():
            self._strike(server, content)
            # As a machine that vanished, and not as one that said goodbye.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return False
        (server if from_client else client).sendall(content)
        return bool(content)

    def _strikes(self) -> bool:
        with self._lock:
            if not self._armed:
                return False
            self._spared -= 1
            self._armed = self._spared >= 0
            self.cuts += not self._armed
            return not self._armed

    def _strike(self, server: socket.socket, content: bytes) -> None:
        if self._cut is Cut.BEFORE:
            return
        server.sendall(content)
        if self._cut is Cut.AFTER:
            assert server.recv(CHUNK_BYTES), "it answers, so it is done"


@contextmanager
def cutting(host: str, port: int) -> Iterator[Proxy]:
    """Lend a proxy; nothing of it is left afterwards."""
    proxy = Proxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()
