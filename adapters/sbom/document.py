"""JSON documents of up to 64 MB from bytes: strict about bytes, in bounded time and memory.

The steps of `read`, each labelled in the code:

1. at most 64 MB, not empty, and not compressed: nothing is unpacked here;
2. so few brackets and commas that the tree fits in memory; counted before it is built;
3. JSON as pydantic reads it: UTF-8, nothing after it, no NaN, no lone surrogate, at most 200 levels. It is
   as fast as orjson, which keeps a copy and a tree of its own meanwhile: 37 MB for 10 MB, instead of 55;
4. at most 32 levels; counted level by level, without recursion;
5. no member name twice in one object. The reader keeps the last silently, so the members of the tree are
   compared with the colons in the bytes: fewer members means that one was dropped.
"""

import re
from json import JSONDecoder

from pydantic_core import from_json

from domain.errors import MalformedValue

BYTES_MAX = 64 << 20
DEPTH_MAX = 32
CONTAINERS_MAX = 1_000_000
"""Objects and lists together; documents from real tools have one for each 70 to 120 bytes."""
VALUES_MAX = 2_000_000
"""Commas, and with them strings and numbers; a real document has one for each 40 to 60 bytes."""

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACED_COLON = re.compile(rb'"[ \t\r\n]++:')
# An unterminated string takes the rest with it, so that the scan stays linear.
_STRING_AND_COLON = re.compile(rb'"(?:[^"\\]++|\\.)*+"?([ \t\r\n]*+:)?', re.DOTALL)


def read(raw: bytes) -> object:
    """Return the document in *raw*; refuse it with `MalformedValue`."""
    _bounded(raw)  # 1
    _countable(raw)  # 2
    body = raw.removeprefix(_BYTE_ORDER_MARK)
    try:
        document: object = from_json(body, allow_inf_nan=False)  # 3
    except ValueError as wrong:
        raise MalformedValue(f"not JSON: {wrong}") from wrong
    members = _members(document)  # 4
    if members != _colons_at_most(raw) and members != _colons(raw):  # 5
        raise MalformedValue(f"member name given twice in one object{_twice(body)}")
    return document


def _bounded(raw: bytes) -> None:
    if len(raw) > BYTES_MAX:
        raise MalformedValue(f"document too large: {len(raw)} bytes, at most {BYTES_MAX}")
    if not raw:
        raise MalformedValue("empty document: expected JSON")
    for magic, name in _COMPRESSED.items():
        if raw.startswith(magic):
            raise MalformedValue(f"compressed document ({name}): send the JSON itself")


def _countable(raw: bytes) -> None:
    containers = raw.count(b"{") + raw.count(b"[")
    if containers > CONTAINERS_MAX:
        raise MalformedValue(f"too many brackets: {containers}, at most {CONTAINERS_MAX}")
    values = raw.count(b",")
    if values > VALUES_MAX:
        raise MalformedValue(f"too many commas: {values}, at most {VALUES_MAX}")


def _members(document: object) -> int:
    """Count the members of every object in *document*; refuse what is nested too deep."""
    members = 0
    level: list[object] = [document]
    for _ in range(DEPTH_MAX + 1):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                members += len(value)
                below += [each for each in value.values() if isinstance(each, (dict, list))]
            elif isinstance(value, list):
                below += [each for each in value if isinstance(each, (dict, list))]
        if not below:
            return members
        level = below
    raise MalformedValue(f"nested too deep: more than {DEPTH_MAX} levels")


def _colons_at_most(raw: bytes) -> int:
    """Count colons after a quotation mark: those after names, and seldom one inside a string."""
    return raw.count(b'":') + sum(1 for _ in _SPACED_COLON.finditer(raw))


def _colons(raw: bytes) -> int:
    """Count the colons after names alone."""
    return sum(1 for found in _STRING_AND_COLON.finditer(raw) if found.lastindex)


def _twice(body: bytes) -> str:
    """Say which name it is, reading once more."""

    def stop(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedValue(repr(name[:80]))
            seen.add(name)

    try:
        JSONDecoder(object_pairs_hook=stop).decode(body.decode())
    except MalformedValue as found:
        return f": {found}"
    raise AssertionError("the name that was dropped is there")
