"""What requests and results are made of: strict models, and domain values inside them.

A value of the domain checks itself, so a model names its parser and repeats no
rule: `Annotated[Digest, Parsed(Digest, pattern=…)]`. The pattern is for readers
of the OpenAPI document; what decides is the parser.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from domain import instant
from domain.errors import LedgerError


class Input(BaseModel):
    """Part of a request: nothing unknown, nothing converted, no empty strings."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, str_min_length=1, hide_input_in_errors=True
    )


class Output(BaseModel):
    """Part of a result; members are written in the order they are declared in."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Marks a field whose text in JSON is read by *parse* and written by *write*.

    A `LedgerError` from *parse* becomes one of the request's `errors`, with the
    place of the field; outside JSON a value that is not text is taken as it is.
    *pattern* (ECMA 262) and *text_format* must accept whatever *parse* accepts.
    """

    parse: Callable[[str], object]
    _: KW_ONLY
    write: Callable[[Any], str] = str
    length_max: int | None = None
    """Characters that *parse* takes at most, when the pattern does not say so."""
    pattern: str | None = None
    text_format: str | None = None
    example: str | None = None

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        """Return a schema that reads strings with the parser."""
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(
                self._read, core_schema.str_schema(strict=True, min_length=1, max_length=self.length_max)
            ),
            python_schema=core_schema.no_info_plain_validator_function(self._take),
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, _: Any, __: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return what the OpenAPI document says about such a field."""
        told = {"maxLength": self.length_max, "pattern": self.pattern, "format": self.text_format}
        examples = {"examples": [self.example]} if self.example is not None else {}
        kept = {name: value for name, value in told.items() if value is not None}
        return {"type": "string", "minLength": 1, **kept, **examples}

    def _read(self, text: str) -> object:
        try:
            return self.parse(text)
        except LedgerError as refusal:
            told = {"detail": str(refusal)}
            raise PydanticCustomError("malformed_value", "{detail}", told) from refusal

    def _take(self, value: object) -> object:
        return self._read(value) if isinstance(value, str) else value


def _instant(text: str) -> datetime:
    if " " in text:
        raise PydanticCustomError(
            "malformed_value", "not an instant: it has a space; write + as %2B in a query"
        )
    return instant.parse(text)


INSTANT_PATTERN = (
    r"^(19[7-9][0-9]|2[01][0-9]{2})-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-5][0-9]"
    r"(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
"""Spares readers of the description the hours of 1969 and 2200 that an offset can move into the
years between."""

Instant = Annotated[
    datetime,
    Parsed(
        _instant,
        write=instant.text,
        pattern=INSTANT_PATTERN,
        text_format="date-time",
        example="2026-03-01T12:00:00Z",
    ),
]
"""RFC 3339 with an offset, as `domain.instant` reads it; written in UTC with `Z`."""
