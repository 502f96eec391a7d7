"""The form of facts as a JSON Schema (2020-12), for whoever reads or writes one."""

from collections.abc import Mapping
from typing import Any

from domain.canonical import INTEGER_MAX
from domain.policy.facts import FACTS, SCHEMA
from domain.policy.shape import (
    COUNTS_MAX,
    LIST_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Counts,
    Listing,
    Record,
    Scalar,
    Shape,
    records,
)


def json_schema() -> dict[str, Any]:
    """Return it."""
    known = {record.name: record for record in records(FACTS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "$ref": f"#/$defs/{FACTS.name}",
        "$defs": {name: _record(known[name]) for name in sorted(known)},
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(record.members),
        "properties": {name: _of(shape) for name, shape in sorted(record.members.items())},
    }


_INTEGER = {"type": "integer", "minimum": -INTEGER_MAX, "maximum": INTEGER_MAX}
_SCALARS: Mapping[Scalar, dict[str, Any]] = {
    Scalar.BOOL: {"type": "boolean"},
    Scalar.INT: _INTEGER,
    Scalar.TEXT: {"type": "string", "maxLength": TEXT_LENGTH_MAX},
    Scalar.INSTANT: {"type": "string", "format": "date-time", "pattern": "Z$"},
}


def _of(shape: Shape) -> dict[str, Any]:
    match shape:
        case Record():
            return {"$ref": f"#/$defs/{shape.name}"}
        case Listing():
            return {"type": "array", "maxItems": LIST_LENGTH_MAX, "items": _of(shape.of)}
        case Counts():
            return {"type": "object", "maxProperties": COUNTS_MAX, "additionalProperties": _INTEGER}
        case Scalar():
            return _SCALARS[shape]
