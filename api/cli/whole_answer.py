"""An answer sent with its head in one piece: one system call, and one packet, for most."""

from typing import Any

from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]  # gunicorn has no types

from api.cli.bounded_reading import send


class WholeAnswer(Response):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's answer, which holds its head back until the first bytes of the body."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.headers_sent = False
        self._head = b""

    def send_headers(self) -> None:
        """Write the head once; it goes out with what follows."""
        if self.headers_sent:
            return
        lines = [*self.default_headers(), *(f"{name}: {text}\r\n" for name, text in self.headers), "\r\n"]
        self._head = "".join(lines).encode("latin-1")
        self.headers_sent = True

    def close(self) -> None:
        """Send whatever was not sent yet, and the end of a stream."""
        if not self.headers_sent:
            self.send_headers()
        if self.chunked:
            self._emit_body(b"")
        elif self._head:
            self._send(b"")

    def _emit_body(self, data: bytes) -> None:
        """Send a piece of the body; of a stream as a chunk, of which an empty one is the end."""
        self._send(b"%X\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def _send(self, content: bytes) -> None:
        head, self._head = self._head, b""
        send(self.sock, head + content)
