"""Collections that grow by one and never change: whoever holds one keeps exactly that one.

Several may add to the same collection, each to their own, and an event costs no more in a stream of
thousands than in a short one. Items lie in layers. A new one is joined with the layers below it that
are not longer than what it has become; so there are log2(n) layers at the most, and an item is copied
as often in all (J. L. Bentley and J. B. Saxe, "Decomposable searching problems I", 1980).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sized
from itertools import chain
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")
Layer = TypeVar("Layer", bound=Sized)


class GrownMap(Mapping[K, V]):
    """A mapping that only gains keys, and lists them in the order they came."""

    __slots__ = ("_layers",)

    def __init__(self, layers: tuple[dict[K, V], ...] = ()) -> None:
        """Hold *layers*, which nobody changes and no key is in twice; none make an empty mapping."""
        self._layers = layers

    def with_new(self, key: K, value: V) -> "GrownMap[K, V]":
        """Return this mapping with *key*, which it does not have."""
        return GrownMap(stacked(self._layers, {key: value}, _united))

    def __getitem__(self, key: K) -> V:
        """Return the value of *key*; raises `KeyError`."""
        for layer in self._layers:
            if key in layer:
                return layer[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        """Whether *key* is there."""
        for layer in self._layers:  # noqa: SIM110 - a generator would double what every event costs here
            if key in layer:
                return True
        return False

    def __iter__(self) -> Iterator[K]:
        """Yield the keys, the first one first."""
        return chain.from_iterable(self._layers)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return sum(map(len, self._layers))


class GrownOrder:
    """Tuples in ascending order, in whatever order they came; no two are equal."""

    __slots__ = ("_layers",)

    def __init__(self, layers: tuple[list[tuple[Any, ...]], ...] = ()) -> None:
        """Hold *layers*, which nobody changes and which ascend; none make an empty order."""
        self._layers = layers

    def with_new(self, item: tuple[Any, ...]) -> "GrownOrder":
        """Return this order with *item*."""
        return GrownOrder(stacked(self._layers, [item], _merged))

    def last_until(self, bound: Any) -> tuple[Any, ...] | None:
        """Return the greatest item that begins with *bound* or less; None when there is none."""
        places = [(layer, bisect_right(layer, bound, key=_first)) for layer in self._layers]
        return max((layer[place - 1] for layer, place in places if place), default=None)

    def __len__(self) -> int:
        """Return how many items there are."""
        return sum(map(len, self._layers))


def stacked(
    layers: tuple[Layer, ...], top: Layer, join: Callable[[Layer, Layer], Layer]
) -> tuple[Layer, ...]:
    """Return *layers* with *top* on them, joined so that each is longer than the one above."""
    standing = len(layers)
    while standing and len(layers[standing - 1]) <= len(top):
        standing -= 1
        top = join(layers[standing], top)
    return (*layers[:standing], top)


def _united(below: dict[K, V], above: dict[K, V]) -> dict[K, V]:
    return {**below, **above}


def _merged(below: list[Any], above: list[Any]) -> list[Any]:
    return sorted(below + above)  # two runs that ascend: one pass


def _first(item: tuple[Any, ...]) -> Any:
    return item[0]
