"""Threads that do what they are handed."""

import logging
import threading

import pytest

from api.cli.crew import Crew


def test_tasks_are_done_in_the_order_they_came() -> None:
    done: list[int] = []
    crew = Crew(done.append, threads=1)
    for task in range(100):
        crew.hand(task)
    crew.shutdown(wait=True)
    assert done == list(range(100))


def test_as_many_are_done_at_once_as_there_are_threads() -> None:
    meeting, met = threading.Barrier(3), list[int]()

    def meet(task: int) -> None:
        meeting.wait()
        met.append(task)

    crew = Crew(meet, threads=3)
    for task in range(3):
        crew.hand(task)
    crew.shutdown(wait=True)
    assert sorted(met) == [0, 1, 2]


def test_a_task_that_fails_is_logged_and_the_thread_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def divide(task: int) -> None:
        done.append(1 // task)

    crew = Crew(divide, threads=1)
    with caplog.at_level(logging.ERROR):
        crew.hand(0)
        crew.hand(1)
        crew.shutdown(wait=True)
    assert done == [1]
    assert "ZeroDivisionError" in caplog.text
