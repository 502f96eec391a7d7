"""Group commit: whoever leads commits for everyone who waits.

A commit costs a flush, whatever it carries. So writers of one process queue up,
and the first of them leads: it takes the append lock, and only then takes along
all that queued up while it waited. Whom it answered goes its way at once, and the
first of those who came too late leads next. There is no thread and no linger: a
lone writer leads at once, and finds nothing in the queue but its own request.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while it waits; let go once it is done, or is to lead."""


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
        self._leader: _Waiting[Request, Answer] | None = None
        self._door = threading.Lock()
        """Held to join the queue, and to say who leads."""

    def carry_out(self, request: Request) -> Answer:
        """Return the answer to *request* once it is durable; raises what refused it."""
        mine: _Waiting[Request, Answer] = _Waiting(request)
        mine.turn.acquire()
        try:
            if not self._leads(mine):
                mine.turn.acquire()  # until it is done, or leads
            while not mine.done:
                self._commit_waiting()
        finally:
            self._leave(mine)
        if mine.failure is not None:
            raise mine.failure
        assert mine.answer is not None, "what is done has an answer or a failure"
        return mine.answer

    def _leads(self, mine: _Waiting[Request, Answer]) -> bool:
        """Put *mine* in the queue; say whether it leads, because nobody else does."""
        with self._door:
            self._queue.append(mine)
            if self._leader is None:
                self._leader = mine
            return self._leader is mine

    def _leave(self, mine: _Waiting[Request, Answer]) -> None:
        """Have the next one lead, if *mine* led."""
        if mine.done and self._leader is not mine:
            return  # and will not be made to
        with self._door:
            if mine in self._queue:
                self._queue.remove(mine)  # interrupted before it was taken: nobody may commit it now
            if self._leader is mine:
                self._leader = self._queue[0] if self._queue else None
                if self._leader is not None:
                    self._leader.turn.release()

    def _commit_waiting(self) -> None:
        """Commit for all who wait; whatever cuts it short, nobody who was taken along waits for ever."""
        group: list[_Waiting[Request, Answer]] = []
        try:
            self._commit_together(group)
        except BaseException as interrupt:
            self._fail(group, interrupt)
            raise

    def _commit_together(self, group: list[_Waiting[Request, Answer]]) -> None:
        """Commit for all who wait, and add to *group* whom it takes along."""

        def take() -> Sequence[Request]:
            group.extend(self._waiting(REQUESTS_MAX))
            return [waiting.request for waiting in group]

        try:
            answers = self._commit(take)
        except Exception as failure:
            if len(group) > 1 and not isinstance(failure, LedgerUnavailable):
                self._commit_each(group)
                return
            if not group:  # the append lock could not be had: each would wait as long again
                group.extend(self._waiting(len(self._queue)))
            self._fail(group, failure)
            return
        for waiting, answer in zip(group, answers, strict=True):
            waiting.answer = answer
            self._done(waiting)

    def _commit_each(self, group: Sequence[_Waiting[Request, Answer]]) -> None:
        """Carry out each alone, because one of them stands in the way of the others."""
        for waiting in group:
            try:
                (waiting.answer,) = self._commit(lambda alone=waiting: [alone.request])  # type: ignore[misc]  # mypy cannot infer a lambda's default
            except LedgerUnavailable as gone:
                self._fail(group, gone)
                return  # the others would wait for it as long again
            except Exception as failure:
                waiting.failure = failure
            self._done(waiting)

    def _waiting(self, requests_max: int) -> Sequence[_Waiting[Request, Answer]]:
        """Take up to *requests_max* out of the queue."""
        with self._door:
            return [self._queue.popleft() for _ in range(min(len(self._queue), requests_max))]

    def _fail(self, group: Sequence[_Waiting[Request, Answer]], failure: BaseException) -> None:
        """Tell those of *group* who have no answer yet."""
        for waiting in group:
            if not waiting.done:
                waiting.failure = failure
                self._done(waiting)

    def _done(self, waiting: _Waiting[Request, Answer]) -> None:
        waiting.done = True
        if waiting is not self._leader:
            waiting.turn.release()
