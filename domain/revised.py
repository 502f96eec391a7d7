"""A mapping whose values may be said anew and taken back; whoever holds one keeps exactly that one.

Like `grown.GrownMap`, but what lies above hides what lies below, and a key that was taken back is hidden by
a mark until it is joined with the lowest layer. n changes cost n log n in all, however many keys there are.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from domain.grown import stacked

K = TypeVar("K")
V = TypeVar("V")

_GONE: Any = object()


class RevisedMap(Mapping[K, V]):
    """A mapping that several may revise, each to their own."""

    __slots__ = ("_layers", "_length")

    def __init__(self, layers: tuple[dict[K, V], ...] = (), length: int = 0) -> None:
        """Hold *layers*, which nobody changes, with *length* keys in all; none make an empty mapping."""
        self._layers = layers
        self._length = length

    def with_value(self, key: K, value: V) -> "RevisedMap[K, V]":
        """Return this mapping with *value* for *key*, whether it had one or not."""
        return self._with(key, value, self._length + (key not in self))

    def without(self, key: K) -> "RevisedMap[K, V]":
        """Return this mapping without *key*, which it has; raises `KeyError`."""
        self[key]
        return self._with(key, _GONE, self._length - 1)

    def _with(self, key: K, value: V, length: int) -> "RevisedMap[K, V]":
        layers = stacked(self._layers, {key: value}, _over)
        if len(layers) == 1:  # nothing is below that a mark could hide
            layers = ({name: held for name, held in layers[0].items() if held is not _GONE},)
        return RevisedMap(layers, length)

    def __getitem__(self, key: K) -> V:
        """Return the value of *key*; raises `KeyError`."""
        for layer in reversed(self._layers):
            if key in layer:
                value = layer[key]
                if value is _GONE:
                    break
                return value
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        """Whether *key* is there."""
        for layer in reversed(self._layers):
            if key in layer:
                return layer[key] is not _GONE
        return False

    def __iter__(self) -> Iterator[K]:
        """Yield the keys."""
        found: dict[K, V] = {}
        for layer in self._layers:
            found.update(layer)
        return (key for key, value in found.items() if value is not _GONE)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return self._length


def _over(below: dict[K, V], above: dict[K, V]) -> dict[K, V]:
    return {**below, **above}
