"""Maven versions.

Source: Maven's POM reference, "Version Order Specification". A version is a row of tokens, each with
the separator before it; a change between digits and letters separates like a hyphen.
"""

import re
from functools import cmp_to_key
from itertools import zip_longest
from typing import NamedTuple

from domain.errors import MalformedValue

_FORM = re.compile(r"[0-9A-Za-z._+-]+", re.ASCII)
_TOKEN = re.compile(r"([.-]?)([0-9]+|[^0-9.-]+|(?=[.-]|$))", re.ASCII)
_QUALIFIERS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4, "": 5, "sp": 6}
_RELEASED = frozenset({"final", "ga", "release"})
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_UNKNOWN = 7


class _Token(NamedTuple):
    separator: str
    value: int | str

    @property
    def is_null(self) -> bool:
        return self.value in (0, "")


def maven(text: str) -> object:
    """Order as Maven does; 1, 1.0 and 1.0-ga are equal."""
    if _FORM.fullmatch(text) is None:
        raise MalformedValue(f"not a Maven version: {text[:80]!r}")
    return _ordered(_trimmed(_tokens(text.lower())))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    found = [each for each in _TOKEN.finditer(text) if each[0] or not each.start()]
    for at, each in enumerate(found):
        separator, said = each[1] or "-", each[2]
        if said and not said.isdigit():
            digits_follow = at + 1 < len(found) and not found[at + 1][1] and found[at + 1][2].isdigit()
            tokens.append(_Token(separator, _qualifier(said, short=digits_follow)))
        else:
            tokens.append(_Token(separator, int(said or 0)))
    return tokens


def _qualifier(said: str, *, short: bool) -> str:
    return "" if said in _RELEASED else _SHORT.get(said, said) if short else said


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    """Drop nulls from the end, and before each hyphen that is left."""
    kept: list[_Token] = []
    for token in reversed(tokens):
        if not token.is_null or (kept and kept[-1].separator != "-"):
            kept.append(token)
    return kept[::-1]


def _compared(one: list[_Token], other: list[_Token]) -> int:
    for left, right in zip_longest(one, other):
        first = left if left is not None else _padding(right)
        second = right if right is not None else _padding(left)
        if _rank(first) != _rank(second):
            return -1 if _rank(first) < _rank(second) else 1
    return 0


def _padding(token: _Token) -> _Token:
    return _Token(token.separator, 0 if isinstance(token.value, int) and token.separator == "." else "")


def _rank(token: _Token) -> tuple[int, int, str]:
    """Weigh qualifiers below `-number` below `.number`."""
    if isinstance(token.value, str):
        known = _QUALIFIERS.get(token.value, _UNKNOWN)
        return 0, known, token.value if known == _UNKNOWN else ""
    return (2 if token.separator == "." else 1), token.value, ""


_ordered = cmp_to_key(_compared)
