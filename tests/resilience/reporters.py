"""Reporters that say everything until they are heard, whatever becomes of the servers."""

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import orjson

from tests.credentials import BEARER
from tests.resilience.stories import Telling, groundwork, tellings

ANSWER_SECONDS_MAX = 60
HEARD_SECONDS_MAX = 90
BREATH_SECONDS = 0.02
"""Before asking again where a server refused, unless something changes sooner."""
LOST_RACE, UNAVAILABLE = 409, 503


class Wrong(AssertionError):
    """A server said what it must never say."""


class Reporters:
    """Threads, each with its own story; a report is repeated until it is acknowledged."""

    def __init__(self, count: int, *, seed: int, each_max: int | None = None) -> None:
        """Prepare *count* reporters with at most *each_max* requests each."""
        self.count, self.seed = count, seed
        self._each_max = each_max
        self.acknowledged: dict[str, int] = {}
        """Where the ledger said that it put a report, by the reporter's id."""
        self.told: set[str] = set()
        """Every id that was sent at least once."""
        self.heard: Counter[str] = Counter()
        """How often an answer had which status; `lost` is one that never came."""
        self._changed = threading.Condition()
        self._addresses: Sequence[str] = ()
        self._stopping = False
        self._wrong: list[BaseException] = []
        self._threads = [threading.Thread(target=self._report, args=(n,)) for n in range(count)]

    def go_to(self, *addresses: str) -> None:
        """Talk to servers at *addresses* from now on; to none, wait."""
        with self._changed:
            self._addresses = addresses
            self._changed.notify_all()

    def wait_for(self, more: int) -> None:
        """Wait until *more* reports have been acknowledged than now."""
        enough = len(self.acknowledged) + more
        self._wait_until(lambda: len(self.acknowledged) >= enough)

    def wait_for_refusals(self, more: int) -> None:
        """Wait until *more* requests were refused for want of a database than now."""
        enough = self.heard[str(UNAVAILABLE)] + more
        self._wait_until(lambda: self.heard[str(UNAVAILABLE)] >= enough)

    def _wait_until(self, state: Callable[[], bool]) -> None:
        with self._changed:
            came = self._changed.wait_for(lambda: state() or self._wrong, HEARD_SECONDS_MAX)
        self._check()
        assert came, f"it never came: {len(self.acknowledged)} acknowledged, {self.heard}"

    def finish(self) -> None:
        """Begin nothing new, wait until everything that was begun is acknowledged."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self.hear_everyone()

    def hear_everyone(self) -> None:
        """Wait until all that will be said is acknowledged."""
        for thread in self._threads:
            thread.join(HEARD_SECONDS_MAX)
        self._check()
        assert not any(thread.is_alive() for thread in self._threads), self.heard
        assert self.told == self.acknowledged.keys()

    def _check(self) -> None:
        if self._wrong:
            raise Wrong(str(self._wrong[0])) from self._wrong[0]

    @property
    def _given_up(self) -> bool:
        return bool(self._wrong)

    def start(self) -> None:
        """Lay the ground, then report."""
        connection = self._tell(0, groundwork(self.count), None)
        assert connection is not None, "there is a server"
        connection.close()
        for thread in self._threads:
            thread.start()

    def abandon(self) -> None:
        """End every thread, heard or not."""
        with self._changed:
            self._stopping = True
            self._wrong.append(AssertionError("given up"))
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(HEARD_SECONDS_MAX)

    def _report(self, writer: int) -> None:
        connection: http.client.HTTPConnection | None = None
        try:
            for number, telling in enumerate(tellings(writer, self.seed)):
                if self._stopping or number == self._each_max:
                    return
                connection = self._tell(writer, telling, connection)
        except BaseException as wrong:  # told by whoever waits for this thread
            with self._changed:
                self._wrong.append(wrong)
                self._changed.notify_all()
        finally:
            if connection is not None:
                connection.close()

    def _tell(
        self, writer: int, telling: Telling, connection: http.client.HTTPConnection | None
    ) -> http.client.HTTPConnection | None:
        """Send *telling* until it is acknowledged; return the connection, to be used again."""
        attempt = 0
        self.told.update(telling.ids)
        while not self._given_up:
            addresses = self._somewhere()
            address = addresses[(writer + attempt) % len(addresses)]
            if connection is not None and f"{connection.host}:{connection.port}" != address:
                connection.close()
                connection = None
            if connection is None:
                connection = http.client.HTTPConnection(address, timeout=ANSWER_SECONDS_MAX)
            try:
                status, answer = _sent(connection, telling)
            except (OSError, http.client.HTTPException):
                self.heard["lost"] += 1
                connection.close()
                connection = None
                attempt += 1
                self._wait(lambda tried=addresses: self._addresses is not tried)  # type: ignore[misc]  # mypy cannot infer a lambda's default
                continue
            with self._changed:
                self.heard[str(status)] += 1
                self._changed.notify_all()
            if status in (200, 201):
                self._note(telling, _positions(answer))
                return connection
            _check_refusal(status, answer)
            self._wait(lambda: False)
        return connection

    def _somewhere(self) -> Sequence[str]:
        with self._changed:
            self._changed.wait_for(lambda: self._addresses or self._wrong, HEARD_SECONDS_MAX)
            self._check()
            assert self._addresses, "no server came back"
            return self._addresses

    def _wait(self, until: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: until() or self._wrong, BREATH_SECONDS)

    def _note(self, telling: Telling, positions: Sequence[int]) -> None:
        assert len(positions) == len(telling.ids)
        with self._changed:
            self.acknowledged.update(zip(telling.ids, positions, strict=True))
            self._changed.notify_all()


def _sent(connection: http.client.HTTPConnection, telling: Telling) -> tuple[int, Any]:
    headers = {"Content-Type": telling.media, **BEARER}
    if telling.key is not None:
        headers["Idempotency-Key"] = telling.key
    connection.request("POST", telling.path, telling.body, headers)
    with connection.getresponse() as answer:
        return answer.status, orjson.loads(answer.read())


def _positions(answer: Any) -> Sequence[int]:
    if "results" not in answer:
        return [answer["position"]]
    assert answer["refused"] == 0, answer
    return [line["recorded"]["position"] for line in answer["results"]]


def _check_refusal(status: int, answer: Any) -> None:
    """Accept a refusal that says: nothing is wrong with what you said, say it again."""
    told = (status, answer["type"])
    if told not in {
        (LOST_RACE, "/problems/conflicting-append"),
        (UNAVAILABLE, "/problems/ledger-unavailable"),
    }:
        raise Wrong(f"{status}: {answer}")


@contextmanager
def reporting(count: int, *addresses: str, seed: int, each_max: int | None = None) -> Iterator[Reporters]:
    """Lend reporters at work; none is left afterwards."""
    reporters = Reporters(count, seed=seed, each_max=each_max)
    reporters.go_to(*addresses)
    try:
        reporters.start()
        yield reporters
    finally:
        with suppress(RuntimeError):
            reporters.abandon()
