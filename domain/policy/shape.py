"""The form of facts: what a document holds, to the last member. Stated as data, checked here.

From the same data come the JSON Schema for readers and the message types that rules are checked against.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain import instant
from domain.canonical import INTEGER_MAX
from domain.errors import MalformedValue

TEXT_LENGTH_MAX = 4000
LIST_LENGTH_MAX = 4000
"""The engine walks through 10,000 items in one expression, and fills 16 n² bytes to make a list of n."""
COUNTS_MAX = 5000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


class Scalar(StrEnum):
    """One value. Nothing is ever absent or null: what may be missing is a list, or has a flag beside it."""

    BOOL = "bool"
    INT = "int"
    TEXT = "text"
    INSTANT = "instant"
    """UTC, RFC 3339 with `Z`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each, by name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Any number of one shape, 0 to `LIST_LENGTH_MAX`."""

    of: "Scalar | Record"


@dataclass(frozen=True, slots=True)
class Record:
    """Members by name, each of them required, and no other."""

    name: str
    """Of the type; unique among all."""
    members: Mapping[str, "Shape"]


Shape = Scalar | Counts | Listing | Record


def check(value: Any, shape: Shape, place: str = "facts") -> None:
    """Refuse *value* unless it is exactly of *shape*; raises `MalformedValue` with the *place*."""
    match shape:
        case Record():
            _check_record(value, shape, place)
        case Listing():
            if not isinstance(value, list):
                raise MalformedValue(f"{place} is a {_kind(value)}, expected a list")
            if len(value) > LIST_LENGTH_MAX:
                raise MalformedValue(f"{place} has {len(value)} items, at most {LIST_LENGTH_MAX}")
            for number, each in enumerate(value):
                check(each, shape.of, f"{place}[{number}]")
        case Counts():
            _check_counts(value, place)
        case Scalar():
            _check_scalar(value, shape, place)


def plain(text: str) -> str:
    """Return *text*, which somebody else wrote, as a text of facts: control characters replaced, and cut."""
    said = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return said if len(said) <= TEXT_LENGTH_MAX else said[: TEXT_LENGTH_MAX - 1] + "…"


def records(shape: Shape) -> Iterator[Record]:
    """Yield every record in *shape*, itself included, inner ones first."""
    match shape:
        case Record():
            for each in shape.members.values():
                yield from records(each)
            yield shape
        case Listing():
            yield from records(shape.of)
        case Counts() | Scalar():
            return


def _check_record(value: Any, shape: Record, place: str) -> None:
    if not isinstance(value, dict):
        raise MalformedValue(f"{place} is a {_kind(value)}, expected a record")
    if value.keys() != shape.members.keys():
        missing, unknown = (
            sorted(shape.members.keys() - value.keys()),
            sorted(value.keys() - shape.members.keys()),
        )
        raise MalformedValue(
            f"{place} lacks {missing or 'nothing'}, and has {unknown or 'nothing'} too much"[:500]
        )
    for name, each in shape.members.items():
        check(value[name], each, f"{place}.{name}")


def _check_counts(value: Any, place: str) -> None:
    if not isinstance(value, dict) or len(value) > COUNTS_MAX:
        raise MalformedValue(f"{place} is expected to hold at most {COUNTS_MAX} numbers by name")
    for name, count in value.items():
        _check_scalar(name, Scalar.TEXT, f"a name in {place}")
        _check_scalar(count, Scalar.INT, f"{place}[{name[:60]!r}]")


def _check_scalar(value: Any, scalar: Scalar, place: str) -> None:
    match scalar:
        case Scalar.BOOL:
            good = isinstance(value, bool)
        case Scalar.INT:
            good = type(value) is int and abs(value) <= INTEGER_MAX
        case Scalar.TEXT:
            good = isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX and _CONTROL.search(value) is None
        case Scalar.INSTANT:
            good = isinstance(value, str) and _is_instant(value)
    if not good:
        raise MalformedValue(f"{place} is {_kind(value)} {str(value)[:60]!r}, expected {scalar}")


def _is_instant(text: str) -> bool:
    """Whether *text* is an instant in its one spelling."""
    try:
        return instant.text(instant.parse(text)) == text
    except MalformedValue:
        return False


def _kind(value: object) -> str:
    return type(value).__name__
