"""Group commit: whoever has the turn commits for everyone who waits.

A commit costs a flush, whatever it carries. So writers of one process queue up,
the first to get the turn takes the append lock, and only then takes along all
that queued up while it waited. There is no thread and no linger: a lone writer
finds the turn free and the queue holding nothing but its own request.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import LedgerUnavailable

REQUESTS_MAX = 1000
"""How many requests one commit carries at the most."""

Request = TypeVar("Request")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Request, Answer]):
    request: Request
    answer: Answer | None = None
    failure: BaseException | None = None
    done: bool = False


class GroupCommit(Generic[Request, Answer]):
    """Carries requests out together. Safe to call from any thread."""

    def __init__(self, commit: Callable[[Callable[[], Sequence[Request]]], Sequence[Answer]]) -> None:
        """Commit with *commit*, which takes the append lock, then the requests, and answers each.

        All of them are durable when it returns, and none when it raises. When
        it refuses several together, each is tried alone, so that one in conflict
        does not stand in the way of the others.
        """
        self._commit = commit
        self._queue: deque[_Waiting[Request, Answer]] = deque()
        self._turn = threading.Lock()

    def carry_out(self, request: Request) -> Answer:
        """Return the answer to *request* once it is durable; raises what refused it."""
        mine: _Waiting[Request, Answer] = _Waiting(request)
        self._queue.append(mine)
        try:
            with self._turn:
                while not mine.done:
                    self._commit_waiting()
        except BaseException:
            with suppress(ValueError):
                self._queue.remove(mine)  # interrupted before it was taken: nobody may commit it now
            raise
        if mine.failure is not None:
            raise mine.failure
        assert mine.answer is not None, "what is done has an answer or a failure"
        return mine.answer

    def _commit_waiting(self) -> None:
        group: list[_Waiting[Request, Answer]] = []

        def take() -> Sequence[Request]:
            while self._queue and len(group) < REQUESTS_MAX:
                group.append(self._queue.popleft())
            return [waiting.request for waiting in group]

        try:
            answers = self._commit(take)
        except BaseException as failure:
            if not isinstance(failure, Exception):
                self._fail(group, failure)
                raise
            if len(group) > 1 and not isinstance(failure, LedgerUnavailable):
                self._commit_each(group)
            else:
                self._fail(group or self._everyone(), failure)
            return
        for waiting, answer in zip(group, answers, strict=True):
            waiting.answer, waiting.done = answer, True

    def _commit_each(self, group: Sequence[_Waiting[Request, Answer]]) -> None:
        """Carry out each alone, because one of them stands in the way of the others."""
        for waiting in group:
            try:
                (waiting.answer,) = self._commit(lambda alone=waiting: [alone.request])  # type: ignore[misc]  # mypy cannot infer a lambda's default
            except LedgerUnavailable as gone:
                self._fail([each for each in group if not each.done], gone)
                return  # the others would wait for it as long again
            except Exception as failure:
                waiting.failure = failure
            except BaseException as interrupt:
                self._fail([each for each in group if not each.done], interrupt)
                raise
            waiting.done = True

    def _everyone(self) -> Sequence[_Waiting[Request, Answer]]:
        """Return all that wait: the append lock could not be had, and each would wait as long again."""
        waiting = []
        while self._queue:
            waiting.append(self._queue.popleft())
        return waiting

    @staticmethod
    def _fail(group: Sequence[_Waiting[Request, Answer]], failure: BaseException) -> None:
        for waiting in group:
            waiting.failure, waiting.done = failure, True
