"""Waiting without waiting: time passes when somebody waits, and meanwhile happens what a test says."""

from collections import deque
from collections.abc import Callable

from api.following import Waiting

PLACES = 4
"""As many as a server has with the threads it has unless told otherwise."""


class Meanwhile:
    """Implements `api.following.Following`; nobody is ever kept waiting."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """How many have passed."""
        self.waited: list[tuple[int, float]] = []
        """After which position somebody waited, and for how long they were ready to."""
        self.happens: deque[Callable[[], object]] = deque()
        """Each happens while somebody waits once, which ends the wait; without any, time is over."""
        self.closed = False

    def now(self) -> float:
        """Return the seconds that have passed."""
        return self.seconds

    def wait(self, after: int, seconds: float) -> bool:
        """See `Following`."""
        self.waited.append((after, seconds))
        if self.closed:
            return False
        if self.happens:
            self.happens.popleft()()
            return not self.closed
        self.seconds += seconds
        return False

    def close(self) -> None:
        """See `Following`."""
        self.closed = True

    def waiting(self) -> Waiting:
        """Return places to wait here."""
        return Waiting(self, places=PLACES, monotonic=self.now)
