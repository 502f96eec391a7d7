"""Following the ledger by server-sent events (HTML Living Standard, section 9.2).

What happens, in this order:

1. the client is told how long to wait before it connects again;
2. events that follow the position it named are sent as they are recorded: `id` is the position, `event` the
   topic, `data` what a listing shows of it;
3. where nothing was sent for some seconds, a comment is, so that proxies keep the connection and whoever
   has gone is noticed; with an `id` and no `data`, which browsers take for how far they are;
4. who asks is looked at again before each look at the ledger, at least as often as there is a comment;
5. the stream ends when they may not ask any more, when its time is up, when the process is about to end, or
   when the ledger cannot be read; the client comes back by itself, and is told which.
"""

import logging
from collections.abc import Generator, Iterator

from api.access.asking import Asking, StillAsking
from api.following import Place
from api.refusals import RequestRefused
from api.services import Services
from api.v1.event_shapes import EventShape
from api.v1.looking import Looked, Sight, Wanted, look
from domain.errors import LedgerError
from domain.event import SealedEvent

STREAM_SECONDS_MAX = 300
"""Nobody keeps a place for ever; who comes back may find another process, or no place."""
BEAT_SECONDS = 15
"""HTML Living Standard, 9.2.7: proxies drop what is silent for longer."""
RETRY_MILLISECONDS = 3000
EVENTS_AT_ONCE = 100
_log = logging.getLogger(__name__)


class EventStream(Iterator[bytes]):
    """The body of an answer; gives *place* back when it has been sent, or cannot be."""

    def __init__(
        self,
        place: Place,
        *,
        asking: Asking,
        still_asking: StillAsking,
        wanted: Wanted,
        after: int,
        services: Services,
    ) -> None:
        """Tell *asking* what they want of what follows *after*, for as long as *still_asking* knows them."""
        self._place = place
        self._authority = asking.authority
        self._still_asking = still_asking
        self._wanted = wanted
        self._through = after
        self._services = services
        self._pieces = self._told()

    def __next__(self) -> bytes:
        """Return the next piece, once there is one."""
        return next(self._pieces)

    def close(self) -> None:
        """End it; called by the server in any case."""
        self._pieces.close()
        self._place.give_back()

    def _told(self) -> Generator[bytes, None, None]:
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS  # 1
        try:
            yield from self._followed()
        except (LedgerError, RequestRefused) as refusal:  # 5
            _log.info("a stream of events ends: %s", refusal)
            yield _comment(refusal)

    def _followed(self) -> Iterator[bytes]:
        waiting, ledger = self._services.waiting, self._services.ledger
        began = said = waiting.now()
        grown = False
        while not waiting.over and waiting.now() < began + STREAM_SECONDS_MAX:
            sight = Sight(self._authority, self._wanted)
            looked = look(ledger, sight, after=self._through, limit=EVENTS_AT_ONCE)
            if grown and looked.through == self._through:
                return  # it is not there after all: the database is not the one it was
            self._through = looked.through
            if looked.events or waiting.now() >= said + BEAT_SECONDS:  # 2, 3
                said = waiting.now()
                yield _piece(looked)
            grown = not looked.more and waiting.grown(looked.through, said + BEAT_SECONDS - waiting.now())
            self._authority = self._still_asking().authority  # 4


def _piece(looked: Looked) -> bytes:
    last = looked.events[-1].position if looked.events else None
    passed = b"" if last == looked.through else b": nothing more to see yet\nid: %d\n\n" % looked.through
    return b"".join(map(_block, looked.events)) + passed


def _block(event: SealedEvent) -> bytes:
    shown = EventShape.of(event).model_dump_json().encode()
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, event.topic.encode(), shown)


def _comment(refusal: Exception) -> bytes:
    line = " ".join(str(refusal).split())
    return f": this ends here: {line}\n\n".encode()
