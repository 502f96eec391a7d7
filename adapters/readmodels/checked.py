"""Events in the order of the ledger, with their places and chains checked on the way."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from domain.digest import Digest
from domain.event import Recorded
from domain.proof.chain import Links

HEADS_MAX = 50_000
"""Up to twice as many streams are remembered by their last digest, some 30 MB of them; the others, which
nothing was added to for as long, are looked up when something is: a statement for each."""


class Events(Protocol):
    """The ledger, as a rebuild reads it. Safe to call from any thread."""

    def opened(self, after: int, limit: int) -> Sequence[tuple[Recorded, bytes | None]]:
        """Return *limit* events after a position, each with the digest it names as its predecessor.

        Raises `BrokenLedger` for a row that is not what was signed.
        """
        ...

    def digest_of(self, stream: str, version: int) -> Digest | None:
        """Return the digest that is stored for an event of *stream*; None when it is not there."""
        ...

    def many_at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """Return the events at *positions*, which are there."""
        ...


class Checked:
    """Reads page after page; what it has returned follows from the first event on, without a gap."""

    def __init__(self, events: Events) -> None:
        """Start before the first event."""
        self._events = events
        self._links = _Links(events.digest_of)

    @property
    def position(self) -> int:
        """The last position that was returned; 0 before the first."""
        return self._links.position

    def page(self, limit: int) -> Sequence[Recorded]:
        """Return the next events, up to *limit*; raises `BrokenLedger` for one that is not in its place."""
        page = self._events.opened(self._links.position, limit)
        for recorded, previous in page:
            event = recorded.event
            self._links.place(recorded.position, recorded.recorded_at)
            self._links.link(
                event.stream,
                event.version,
                previous=None if previous is None else previous.hex(),
                digest=recorded.digest.hex,
            )
        return [recorded for recorded, _ in page]

    def go_on(self, position: int, recorded_at: datetime) -> None:
        """Go on after the event at *position*: up to there, somebody else has checked."""
        self._links.go_on(position, recorded_at)


class _Links(Links):
    """Remembers the streams to which something was added lately.

    Of a stream that is forgotten, the stored row is looked up: it was checked when it was passed. A
    second beginning of one is not noticed, which the table's own key on stream and version rules out.
    """

    def __init__(self, digest_of: Callable[[str, int], Digest | None]) -> None:
        super().__init__()
        self._digest_of = digest_of
        self._older: dict[str, tuple[int, str]] = {}

    def go_on(self, position: int, recorded_at: datetime) -> None:
        if position != self.position:
            self.position, self._recorded_at = position, recorded_at
            self._heads.clear()
            self._older.clear()

    def _before(self, stream: str, version: int) -> tuple[int, str | None]:
        known = self._heads.get(stream) or self._older.get(stream)
        if known is not None:
            return known
        stored = self._digest_of(stream, version - 1) if version > 1 else None
        return (0, None) if stored is None else (version - 1, stored.hex)

    def _keep(self, stream: str, version: int, digest: str) -> None:
        super()._keep(stream, version, digest)
        if len(self._heads) > HEADS_MAX:
            self._older, self._heads = self._heads, {}
