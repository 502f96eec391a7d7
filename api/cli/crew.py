"""Threads that do what they are handed, in the order it came."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Crew(Generic[T]):
    """A fixed number of threads around one queue.

    An executor makes a future for each task, with locks and a condition of its own; nobody here waits
    for a result.
    """

    def __init__(self, do: Callable[[T], None], *, threads: int) -> None:
        """Start *threads* threads that call *do*; what it raises is logged, and the thread goes on."""
        self._queue: SimpleQueue[T | None] = SimpleQueue()
        self._do = do
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def hand(self, task: T) -> None:
        """Have *task* done by the next thread that is free."""
        self._queue.put(task)

    def shutdown(self, *, wait: bool) -> None:
        """Let each thread end when what was handed over before is done."""
        for _ in self._threads:
            self._queue.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            try:
                self._do(task)
            except Exception:
                _log.exception("a task failed")
            del task  # or an idle thread would hold on to it
