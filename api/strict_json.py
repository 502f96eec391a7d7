"""I-JSON from bytes, with one reading only.

What the ledger signs must mean the same to every reader, so whatever RFC 8259
leaves open is refused as RFC 7493 (I-JSON) closes it, and every bound is checked
before the work it bounds. Steps of `read`, each labelled in the code:

1. at most `bytes_max` bytes, and not empty;
2. UTF-8 without a byte order mark (RFC 7493, section 2.1);
3. at most 32 levels deep, counted before anything recurses;
4. JSON and nothing after it; no name twice (2.3), no NaN or Infinity, integers
   within ±(2**53 - 1) and no number beyond a double (2.2);
5. no surrogates and no noncharacters (2.1); no NUL either, which PostgreSQL
   cannot store in text (manual, section 8.3).
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn

from api.pointer import Step, pointer
from api.refusals import FieldProblem, MalformedJSON, TooLarge

BYTES_MAX = 1 << 20
DEPTH_MAX = 32
INTEGER_MAX = 2**53 - 1
_NAME_SHOWN_MAX = 80

_PLANES = "".join(f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_NONCHARACTER = re.compile(f"[\ufdd0-\ufdef{_PLANES}]")
_FORBIDDEN = re.compile(f"[\x00\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")
_DOUBTFUL_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F]|[fF]{3}[eEfF]|[fF][dD][dDeE])")
# An unterminated string takes the rest with it, so that the scan stays linear.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKETS = b"[{]}"
_NO_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_DEEPER = {bracket: 1 if bracket in b"[{" else -1 for bracket in _BRACKETS}


@dataclass(frozen=True, slots=True)
class _Fault:
    """Stands in the document where the value should be, so that its place can be found."""

    code: str
    detail: str
    name: str | None = None


class _Doubt(Exception):
    """The quick reading met something that is refused; read again to say where."""


def read(raw: bytes, *, bytes_max: int = BYTES_MAX, floats: bool = True) -> object:
    """Return the document in *raw*, or refuse it with `MalformedJSON` or `TooLarge`.

    With *floats* false, numbers with a fraction or an exponent are refused too.
    """
    _bounded(raw, bytes_max)  # 1
    text = _decoded(raw)  # 2
    _shallow(raw)  # 3
    try:
        document: object = (_QUICK if floats else _QUICK_INTEGERS).decode(text)  # 4
    except JSONDecodeError as wrong:
        where = f"line {wrong.lineno}, column {wrong.colno}"
        raise MalformedJSON(f"not JSON: {wrong.msg.lower()}, {where}") from wrong
    except _Doubt:
        document = _decoder(_faults(floats=floats)).decode(text)
        _refuse_first(document, _fault_in)
    if _DOUBTFUL_ESCAPE.search(text) or not (text.isascii() or _NONCHARACTER.search(text) is None):
        _refuse_first(document, _character_fault_in)  # 5
    return document


def _bounded(raw: bytes, bytes_max: int) -> None:
    if len(raw) > bytes_max:
        raise TooLarge(f"body too large: {len(raw)} bytes, at most {bytes_max}")
    if not raw:
        raise MalformedJSON("empty body: expected a JSON document")


def _decoded(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedJSON("byte order mark before the document: send UTF-8 without one")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise MalformedJSON(f"not UTF-8: {wrong.reason} at byte {wrong.start}") from wrong


def _shallow(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return
    brackets = _STRING.sub(b"", raw).translate(None, delete=_NO_BRACKETS)
    if max(accumulate(map(_DEEPER.__getitem__, brackets)), default=0) > DEPTH_MAX:
        raise MalformedJSON(f"nested too deep: more than {DEPTH_MAX} levels")


@dataclass(frozen=True, slots=True)
class _Hooks:
    """What the decoder calls for everything that may have to be refused."""

    pairs: Callable[[list[tuple[str, Any]]], Any]
    integer: Callable[[str], Any]
    fraction: Callable[[str], Any]
    constant: Callable[[str], Any]


def _decoder(hooks: _Hooks) -> JSONDecoder:
    return JSONDecoder(
        object_pairs_hook=hooks.pairs,
        parse_int=hooks.integer,
        parse_float=hooks.fraction,
        parse_constant=hooks.constant,
    )


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Doubt
    return members


def _integer(text: str) -> int:
    if len(text) > len(str(-INTEGER_MAX)) or abs(number := int(text)) > INTEGER_MAX:
        raise _Doubt
    return number


def _fraction(text: str) -> float:
    if math.isinf(number := float(text)):
        raise _Doubt
    return number


def _doubt(_: str) -> NoReturn:
    raise _Doubt


_QUICK = _decoder(_Hooks(_pairs, _integer, _fraction, _doubt))
_QUICK_INTEGERS = _decoder(_Hooks(_pairs, _integer, _doubt, _doubt))


def _faults(*, floats: bool) -> _Hooks:
    """Return hooks that put a fault where the quick ones stop."""

    def pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Fault:
        members: dict[str, Any] = {}
        for name, value in pairs:
            if name in members:
                shown = name[:_NAME_SHOWN_MAX]
                return _Fault("duplicate_name", f"member name given twice: {shown!r}", name)
            members[name] = value
        return members

    def integer(text: str) -> int | _Fault:
        try:
            return _integer(text)
        except _Doubt:
            shown = text[:_NAME_SHOWN_MAX]
            return _Fault("integer_range", f"integer beyond ±(2**53 - 1): {shown}")

    def fraction(text: str) -> float | _Fault:
        if not floats:
            shown = text[:_NAME_SHOWN_MAX]
            return _Fault("not_an_integer", f"number with a fraction or exponent: {shown}")
        number = float(text)
        return _Fault("number_range", "number beyond a double") if math.isinf(number) else number

    def constant(text: str) -> _Fault:
        return _Fault("not_json", f"{text} is not JSON")

    return _Hooks(pairs, integer, fraction, constant)


def _fault_in(value: object) -> _Fault | None:
    return value if isinstance(value, _Fault) else None


def _character_fault_in(value: object) -> _Fault | None:
    texts = value if isinstance(value, dict) else (value,)
    for text in texts:
        if isinstance(text, str) and (found := _FORBIDDEN.search(text)):
            return _Fault("forbidden_character", f"character not allowed: U+{ord(found[0]):04X}")
    return None


def _refuse_first(document: object, fault_in: Callable[[object], _Fault | None]) -> None:
    """Refuse with the place of the first fault in *document*, in the order it is written."""
    waiting: list[tuple[tuple[Step, ...], object]] = [((), document)]
    while waiting:
        steps, value = waiting.pop()
        if (fault := fault_in(value)) is not None:
            place = pointer(steps if fault.name is None else (*steps, fault.name))
            problem = FieldProblem(pointer=place, detail=fault.detail, code=fault.code)
            raise MalformedJSON(f"{fault.detail}, at {place}", errors=(problem,))
        if isinstance(value, dict):
            waiting += [((*steps, name), each) for name, each in reversed(value.items())]
        elif isinstance(value, list):
            places = range(len(value) - 1, -1, -1)
            waiting += [((*steps, place), value[place]) for place in places]
