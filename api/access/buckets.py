"""How often something happens, counted for many at once in bounded memory.

Each key has a bucket that fills at a steady rate up to its burst, and whatever happens takes one out of it.
Kept of it is one instant, at which it will be full again (the virtual scheduling of ITU-T I.371, "GCRA").
One that is full again need not be kept. So there are two generations of them, each as long as the emptiest
bucket takes to fill: when one is over, the older one is dropped, and nothing is forgotten by that.
"""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_FULL = 0.0
_SOON = 1e-6
"""Seconds; less is what sums of fractions are wrong by."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a second for long, and *burst* at once."""

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        """Refuse what would let nothing through."""
        assert self.per_second > 0, self
        assert self.burst >= 1, self


class Buckets:
    """One bucket a key. Safe to use from any thread; a look costs about a microsecond."""

    def __init__(
        self,
        rate: Rate,
        *,
        keys_max: int,
        monotonic: Callable[[], float],
        kept_seconds: float = 0.0,
        shared: Callable[[Hashable], Hashable] | None = None,
    ) -> None:
        """Keep up to *keys_max* buckets, each for *kept_seconds* at least after its last use.

        When there is no room, a key that has none takes from the one that *shared* names, of which there are
        few; without *shared* it is not limited. Those that are there stay what they are, whoever else comes.
        """
        self._interval = 1.0 / rate.per_second
        self._tolerance = (rate.burst - 1) * self._interval
        self._keys_max = keys_max
        self._monotonic = monotonic
        self._shared = shared
        self._length = max(rate.burst * self._interval, kept_seconds)
        self._lock = threading.Lock()
        self._young: dict[Hashable, float] = {}
        self._old: dict[Hashable, float] = {}
        self._overflow: dict[Hashable, float] = {}
        self._turn = monotonic() + self._length

    def take(self, key: Hashable) -> float:
        """Take one out of the bucket of *key*. Returns 0, or in how many seconds there will be one."""
        with self._lock:
            now = self._now()
            full_at = self._found(key)
            if full_at is None and not self._room():
                return self._take_shared(key, now)
            later, wait = self._taken(_FULL if full_at is None else full_at, now)
            self._young[key] = later
            return wait

    def take_known(self, key: Hashable) -> float | None:
        """Do the same when there is a bucket for *key*; None when there is none, and none is made."""
        with self._lock:
            now = self._now()
            full_at = self._found(key)
            if full_at is None:
                return None
            later, wait = self._taken(full_at, now)
            self._young[key] = later
            return wait

    def wait(self, key: Hashable) -> float:
        """Return in how many seconds one could be taken, and take none."""
        with self._lock:
            now = self._now()
            full_at = self._young.get(key) or self._old.get(key) or _FULL
            wait = full_at - self._tolerance - now
            return wait if wait > _SOON else 0.0

    def give_back(self, key: Hashable) -> None:
        """Put back one that was taken, because it does not count after all."""
        with self._lock:
            for generation in (self._young, self._old):
                if key in generation:
                    generation[key] -= self._interval
                    return

    def forget(self, key: Hashable) -> None:
        """Drop the bucket of *key*."""
        with self._lock:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        """Whether *key* has a bucket of its own."""
        return key in self._young or key in self._old

    def __len__(self) -> int:
        """Return how many buckets are kept."""
        return len(self._young) + len(self._old) + len(self._overflow)

    def _now(self) -> float:
        now = self._monotonic()
        if now >= self._turn:
            self._old = self._young if now < self._turn + self._length else {}
            self._young = {}
            self._overflow = {key: full_at for key, full_at in self._overflow.items() if full_at > now}
            self._turn = now + self._length
        return now

    def _found(self, key: Hashable) -> float | None:
        """Return when the bucket of *key* is full; it is moved to the younger generation."""
        full_at = self._young.get(key)
        if full_at is None and (full_at := self._old.pop(key, None)) is not None:
            self._young[key] = full_at
        return full_at

    def _room(self) -> bool:
        return len(self._young) + len(self._old) < self._keys_max

    def _taken(self, full_at: float, now: float) -> tuple[float, float]:
        """Return when it is full after one more was taken, and how long to wait when none can be."""
        wait = full_at - self._tolerance - now
        if wait > _SOON:
            return full_at, wait
        return max(full_at, now) + self._interval, 0.0

    def _take_shared(self, key: Hashable, now: float) -> float:
        if self._shared is None:
            return 0.0
        name = self._shared(key)
        self._overflow[name], wait = self._taken(self._overflow.get(name, _FULL), now)
        return wait
