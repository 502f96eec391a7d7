"""The table of builders as it is configured: JSON, read strictly, for a slip in it vouches for somebody."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from domain import json_text, names
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.evidence import EvidenceRefused, Reason
from domain.expectations.builders import LEVEL_MAX, BuilderRow, Names

ROWS_MAX = 10_000
TABLES_KEPT_MAX = 4
"""How many stay read: one is in force, and answers of long ago need another."""
_TYPES: Mapping[str, type] = {
    "root": str,
    "instance": str,
    "signer": str,
    "issuer": str,
    "names": str,
    "builder": str,
    "version_tag": bool,
    "hosted": bool,
    "unasked": bool,
    "level": int,
}
_FINGERPRINT = "sha256:"
"""What a pinned key's begins with: a key vouches for itself."""
assert set(_TYPES) == {field.name for field in fields(BuilderRow)}, "every column can be configured"


@lru_cache(maxsize=TABLES_KEPT_MAX)
def read(content: bytes) -> tuple[BuilderRow, ...]:
    """Return the rows of `{"builders": [{"signer": …, "level": …}, …]}`; raises `EvidenceRefused`."""
    document = json_text.read(content)
    if not isinstance(document, dict) or set(document) != {"builders"}:
        raise _wrong("expected an object with builders and nothing else")
    rows = document["builders"]
    if not isinstance(rows, list) or len(rows) > ROWS_MAX:
        raise _wrong(f"builders is no list of at most {ROWS_MAX}")
    return tuple(_row(place, row) for place, row in enumerate(rows, 1))


def _row(place: int, row: object) -> BuilderRow:
    if not isinstance(row, dict) or "signer" not in row:
        raise _wrong(f"builder {place} is no object with a signer")
    for name, value in row.items():
        if type(value) is not _TYPES.get(name):
            raise _wrong(f"{name} of builder {place} is {value!r}, expected {_expected(name)}")
    return BuilderRow(**{**row, **_converted(place, row)})


def _converted(place: int, row: Mapping[str, Any]) -> Mapping[str, Any]:
    level = row.get("level", 1)
    if not 1 <= level <= LEVEL_MAX:
        raise _wrong(f"level of builder {place} is {level}, expected 1 to {LEVEL_MAX}")
    try:
        may_name = Names(row.get("names", Names.ITSELF))
        root = Digest(row["root"]) if "root" in row else None
        if "instance" in row:
            names.key(row["instance"], "instance")
    except (ValueError, MalformedValue) as wrong:
        raise _wrong(f"builder {place}: {wrong}") from None
    if may_name is Names.PLATFORM and (row.get("builder") or "*").endswith("*"):
        raise _wrong(f"builder {place} names a platform, and builder does not say which")
    if not row["signer"].startswith(_FINGERPRINT) and root is None and "instance" not in row:
        raise _wrong(f"builder {place} counts under no root: give the instance or the root of its signer")
    return {"names": may_name, "root": root}


def _expected(name: str) -> str:
    return f"a {_TYPES[name].__name__}" if name in _TYPES else "no such field"


def _wrong(words: str) -> EvidenceRefused:
    return EvidenceRefused(Reason.MALFORMED, f"the table of builders: {words}")
