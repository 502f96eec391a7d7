"""Whoever reads a stream of server-sent events, and how it is opened."""

from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.http.world import World


@dataclass
class Browser:
    """Reads a stream as the HTML Living Standard says in 9.2.6, as far as we use it."""

    last: str = ""
    retry: int | None = None
    comments: int = 0

    def read(self, stream: bytes) -> list[dict[str, str]]:
        """Return the messages of a whole *stream*; a last one that is not complete is none."""
        messages = []
        for block in stream.decode().split("\n\n")[:-1]:
            said: dict[str, str] = {}
            for line in block.split("\n"):
                name, _, value = line.partition(": ")
                if name in ("id", "event", "data"):
                    assert name not in said, "one line each"
                    said[name] = value
                elif name == "retry":
                    self.retry = int(value)
                else:
                    assert line.startswith(": "), line
                    self.comments += 1
            self.last = said.get("id", self.last)
            if "data" in said:
                messages.append(said)
        return messages


def opened(world: World, headers: dict[str, str], **query: Any) -> TestResponse:
    """Open the stream, which must be; whatever happens while it waits is `world.following`."""
    answer = world.client.get("/v1/events:stream", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/event-stream"
    return answer
