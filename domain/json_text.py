"""JSON with one reading only, for documents that others wrote and signed.

Two readers that disagree about a signed document are an attack, so what RFC 8259 leaves to the reader is
refused, and every bound is checked before the work it bounds. `read` takes these steps:

1. at most `bytes_max` bytes;
2. UTF-8 without a byte order mark;
3. at most `depth_max` levels, counted before anything recurses;
4. JSON and nothing after it; no name twice, no NaN, Infinity or number beyond a double, no integer beyond
   64 bits (a nanosecond count is beyond 2**53, which is why RFC 7493's bound is not used here);
5. no lone surrogate.

The HTTP layer reads more strictly still (`api/strict_json.py`): what *we* sign must fit every database and
every reader, hence no NUL and no noncharacter there. In evidence they are legal and stay as they are.
"""

import json
import math
import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NoReturn

from domain.evidence import BYTES_MAX, DEPTH_MAX, EvidenceRefused, Reason

_INTEGER_MAX = 2**64
_INTEGER_CHARACTERS_MAX = 21
_SHOWN_MAX = 60
# An unterminated string takes the rest with it, so that the scan stays linear.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))
_DEEPER = {bracket: 1 if bracket in b"[{" else -1 for bracket in b"[{]}"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read(raw: bytes, *, bytes_max: int = BYTES_MAX, depth_max: int = DEPTH_MAX) -> object:
    """Return the document in *raw*; raises `EvidenceRefused`."""
    if len(raw) > bytes_max:  # 1
        raise EvidenceRefused(Reason.TOO_LARGE, f"{len(raw)} bytes, at most {bytes_max}")
    if raw.startswith(b"\xef\xbb\xbf"):  # 2
        raise EvidenceRefused(Reason.NOT_JSON, "a byte order mark before the document")
    try:
        text = raw.decode()
    except UnicodeDecodeError as wrong:
        raise EvidenceRefused(Reason.NOT_UTF8, f"{wrong.reason} at byte {wrong.start}") from wrong
    _check_depth(raw, depth_max)  # 3
    try:
        document: object = _DECODER.decode(text)  # 4
    except json.JSONDecodeError as wrong:
        where = f"line {wrong.lineno}, column {wrong.colno}"
        raise EvidenceRefused(Reason.NOT_JSON, f"{wrong.msg.lower()}, {where}") from wrong
    if _ESCAPED_SURROGATE.search(raw):  # 5
        _check_surrogates(document)
    return document


def _check_depth(raw: bytes, depth_max: int) -> None:
    if raw.count(b"[") + raw.count(b"{") <= depth_max:
        return
    brackets = _STRING.sub(b"", raw).translate(None, delete=_NO_BRACKETS)
    if max(accumulate(map(_DEEPER.__getitem__, brackets)), default=0) > depth_max:
        raise EvidenceRefused(Reason.TOO_DEEP, f"nested deeper than {depth_max} levels")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = _first_repeated(name for name, _ in pairs)
        raise EvidenceRefused(Reason.DUPLICATE_NAME, f"a name given twice: {twice[:_SHOWN_MAX]!r}")
    return members


def _first_repeated(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("there are as many names as pairs")


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_CHARACTERS_MAX or abs(number := int(digits)) > _INTEGER_MAX:
        raise EvidenceRefused(Reason.NOT_A_NUMBER, f"an integer beyond 64 bits: {digits[:_SHOWN_MAX]}")
    return number


def _fraction(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise EvidenceRefused(Reason.NOT_A_NUMBER, f"a number beyond a double: {digits[:_SHOWN_MAX]}")
    return number


def _constant(name: str) -> NoReturn:
    raise EvidenceRefused(Reason.NOT_A_NUMBER, f"{name} is not JSON")


def _check_surrogates(document: object) -> None:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += (*value, *value.values())
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and _SURROGATE.search(value):
            raise EvidenceRefused(Reason.LONE_SURROGATE, "half of a surrogate pair")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
