"""RubyGems versions. Source: Gem::Version in RubyGems, `<=>` and `canonical_segments`."""

import re
from functools import cmp_to_key
from itertools import zip_longest

from domain.errors import MalformedValue

_FORM = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_SEGMENT = re.compile(r"[0-9]+|[a-zA-Z]+", re.ASCII)


def gem(text: str) -> object:
    """Order segment by segment: what is left out is 0, and a word sorts before every number."""
    if _FORM.fullmatch(text) is None:
        raise MalformedValue(f"not a gem version: {text[:80]!r}")
    segments = _SEGMENT.findall(text.replace("-", ".pre."))
    return _ordered(_canonical([int(each) if each.isdigit() else each for each in segments]))


def _canonical(segments: list[int | str]) -> list[int | str]:
    """Drop the zeros before the first word, and those at the end."""
    first = next((at for at, each in enumerate(segments) if isinstance(each, str)), len(segments))
    return _without_zeros(segments[:first]) + _without_zeros(segments[first:])


def _without_zeros(segments: list[int | str]) -> list[int | str]:
    while segments and segments[-1] == 0:
        segments.pop()
    return segments


def _compared(one: list[int | str], other: list[int | str]) -> int:
    for left, right in zip_longest(one, other, fillvalue=0):
        if left != right:
            return -1 if _rank(left) < _rank(right) else 1
    return 0


def _rank(segment: int | str) -> tuple[int, int, str]:
    return (0, 0, segment) if isinstance(segment, str) else (1, segment, "")


_ordered = cmp_to_key(_compared)
