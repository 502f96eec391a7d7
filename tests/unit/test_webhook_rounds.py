"""The threads around a courier: one slow receiver holds up no other, and who stops waits for what is sent."""

import threading
from collections.abc import Callable

from api.webhooks.courier import TURN_EVENTS_MAX
from api.webhooks.rounds import Rounds
from domain.errors import LedgerUnavailable


class Telling:
    """What a courier does, as a test wants it; no port of ours, but what `Rounds` moves."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.told: list[str] = []
        self.looked = threading.Semaphore(0)
        self.tells: dict[str, Callable[[], int]] = {}

    def due(self) -> list[str]:
        self.looked.release()
        return self.names

    def tell(self, name: str, *, stopped: Callable[[], bool]) -> int:  # noqa: ARG002 - as a courier is called
        self.told.append(name)
        return self.tells.get(name, lambda: 0)()

    def looked_again(self, times: int = 2) -> None:
        for _ in range(times):
            assert self.looked.acquire(timeout=30)


def started(telling: Telling, threads: int = 2) -> Rounds:
    rounds = Rounds(telling, threads=threads, look_seconds=0.001)  # type: ignore[arg-type]  # all it asks of a courier
    rounds.start()
    return rounds


def test_one_slow_receiver_holds_up_no_other_and_is_told_by_one_thread() -> None:
    telling, slow, quick = Telling("slow", "quick"), threading.Event(), threading.Semaphore(0)

    def waits() -> int:
        assert slow.wait(30)
        return 0

    def released() -> int:
        quick.release()
        return 0

    telling.tells = {"slow": waits, "quick": released}
    rounds = started(telling)
    for _ in range(5):
        assert quick.acquire(timeout=30)
    assert telling.told.count("slow") == 1
    slow.set()
    rounds.stop()


def test_who_stops_waits_for_what_is_being_told() -> None:
    telling, begun, go_on = Telling("chat"), threading.Event(), threading.Event()
    done: list[str] = []

    def tells() -> int:
        begun.set()
        assert go_on.wait(30)
        done.append("chat")
        return 0

    telling.tells = {"chat": tells}
    rounds = started(telling)
    assert begun.wait(30)
    rounds.end()
    go_on.set()
    rounds.stop()
    assert done == ["chat"]


def test_what_has_more_to_be_told_is_told_again_at_once() -> None:
    telling = Telling("chat")
    again, over = iter((TURN_EVENTS_MAX, TURN_EVENTS_MAX, 0)), threading.Event()

    def tells() -> int:
        telling.names = []
        told = next(again)
        if not told:
            over.set()
        return told

    telling.tells = {"chat": tells}
    rounds = started(telling)
    assert over.wait(30)
    rounds.stop()
    assert telling.told == ["chat"] * 3


def test_trouble_with_one_is_not_tried_again_at_once_and_ends_nothing() -> None:
    telling, other = Telling("bad", "good"), threading.Semaphore(0)

    def fails() -> int:
        raise LedgerUnavailable("the database is gone")

    def works() -> int:
        other.release()
        return 0

    telling.tells = {"bad": fails, "good": works}
    rounds = started(telling)
    for _ in range(5):
        assert other.acquire(timeout=30)
    rounds.stop()
    assert telling.told.count("bad") == 1


def test_one_that_was_never_started_is_stopped() -> None:
    Rounds(Telling(), threads=1).stop()  # type: ignore[arg-type]  # all it asks of a courier
