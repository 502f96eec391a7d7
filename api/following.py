"""Waiting for the ledger to grow: few at a time, for whoever waits keeps a thread of the server.

At most half of the threads of a process wait. The others are there for reports and questions, however
many would like to wait: whoever finds no place is told at once to come back later (503), and not let in
without waiting, for who asks in a loop would then ask without a pause.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from api.refusals import TooManyWaiting

COME_BACK_SECONDS = 5
"""What somebody is told who finds no place; places of long polls are free after 30 s at the latest."""


class Following(Protocol):
    """Knows when the ledger grows, by whomever. Safe to use from any thread.

    Whoever waits holds no connection to the database, and asks it nothing.
    """

    def wait(self, after: int, seconds: float) -> bool:
        """Return once an event after position *after* is committed, and say so: reading finds it.

        False: none was for *seconds*, or it is closed. An event of this process is known at once; of
        another, as soon as the database tells, or within a second. Where events come one upon the other,
        it may return some hundredths of a second later, when there are several.
        """
        ...

    @property
    def closed(self) -> bool:
        """Whether nobody should wait any more."""
        ...

    def close(self) -> None:
        """Let everybody go who waits, now and from now on."""
        ...


class Place:
    """The right to wait, until it is given back; giving it back twice does no harm."""

    def __init__(self, free: threading.Semaphore) -> None:
        self._free: threading.Semaphore | None = free

    def give_back(self) -> None:
        """Let somebody else have it."""
        free, self._free = self._free, None
        if free is not None:
            free.release()

    def __enter__(self) -> None:
        """Wait."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Give it back."""
        self.give_back()


class Waiting:
    """Lends places to wait in, and waits there."""

    def __init__(self, following: Following, *, places: int, monotonic: Callable[[], float]) -> None:
        """Let at most *places* wait for what *following* tells; *monotonic* counts seconds."""
        self._following = following
        self._places = places
        self._free = threading.Semaphore(places)
        self.now = monotonic

    def place(self) -> Place:
        """Return a place that is free; raises `TooManyWaiting`."""
        if not self._free.acquire(blocking=False):
            raise TooManyWaiting(
                f"{self._places} wait for events in this process already, which is as many as may",
                headers={"Retry-After": str(COME_BACK_SECONDS)},
            )
        return Place(self._free)

    def grown(self, after: int, seconds: float) -> bool:
        """See `Following.wait`."""
        return self._following.wait(after, max(seconds, 0.0))

    @property
    def over(self) -> bool:
        """Whether this process is about to end, so that nobody should wait for anything."""
        return self._following.closed

    def end(self) -> None:
        """Let everybody go who waits: this process is about to end."""
        self._following.close()
