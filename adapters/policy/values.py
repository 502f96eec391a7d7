"""Facts and parameters as values of CEL."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration  # type: ignore[import-untyped]  # no stubs installed
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs installed

from domain.policy.rule import Value
from domain.policy.shape import Counts, Listing, Record, Scalar, Shape

Convert = Callable[[Any], Any]


def converter(shape: Shape) -> Convert | None:
    """Return what turns facts of *shape* into values; None when they are that already.

    Instants are texts in JSON and have to be told apart; the engine takes no datetime that is inside of
    something, and a message of protobuf it does.
    """
    match shape:
        case Scalar.INSTANT:
            return _instant
        case Listing():
            each = converter(shape.of)
            return None if each is None else lambda items: [each(item) for item in items]
        case Record():
            found = ((name, converter(member)) for name, member in shape.members.items())
            changed = [(name, change) for name, change in found if change is not None]
            return (lambda said: _replaced(said, changed)) if changed else None
        case Counts() | Scalar():
            return None


def parameter(value: Value) -> Any:
    """Return what a set says to a rule, as a value."""
    match value:
        case timedelta():
            duration = Duration()
            duration.FromTimedelta(value)
            return duration
        case tuple():
            return list(value)
        case bool() | int() | str():
            return value
        case _:
            return dict(value)


def _instant(text: str) -> Timestamp:
    found = Timestamp()
    found.FromJsonString(text)
    return found


def _replaced(said: dict[str, Any], changed: list[tuple[str, Convert]]) -> dict[str, Any]:
    return {**said, **{name: change(said[name]) for name, change in changed}}
