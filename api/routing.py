"""Path parameters with one spelling, bounded before anyone looks at them.

Flask's own `int` reads `007` and a thousand digits, its `string` lets NUL through;
neither has an answer that is not a failure further in. What does not match is no
path of ours: 404.
"""

from typing import Any

from flask import Flask
from werkzeug.routing import BaseConverter, Map, ValidationError

from api.strict_json import INTEGER_MAX

TEXT_LENGTH_MAX = 400
SEGMENT_PATTERN = r"^[^/\u0000-\u001f\u007f]+$"
"""The same rule for readers of the OpenAPI document (ECMA 262)."""


_HALF = rf"[^/:\x00-\x1f\x7f\ufffd]{{1,{TEXT_LENGTH_MAX // 2}}}"


class WholeNumber(BaseConverter):
    """0 to 2**53 - 1 in decimal digits, without leading zeros."""

    regex = r"(?:0|[1-9][0-9]{0,15})"

    def to_python(self, value: str) -> int:
        """Return the number, when it is within the bound."""
        number = int(value)
        if number > INTEGER_MAX:
            raise ValidationError
        return number

    def to_url(self, value: Any) -> str:
        """Return the decimal digits."""
        return str(int(value))


class Segment(BaseConverter):
    """Text without `/`, control characters, or bytes that are not UTF-8 (they arrive as U+FFFD)."""

    part_isolating = True
    regex = rf"[^/\x00-\x1f\x7f\ufffd]{{1,{TEXT_LENGTH_MAX}}}"

    def __init__(self, map: Map) -> None:  # noqa: A002 - the name Werkzeug calls it by
        super().__init__(map)


class DigestSegment(Segment):
    """The same with one `:` at most, so that what follows a digest after another is not part of it."""

    regex = rf"{_HALF}(?::{_HALF})?"


class Segments(BaseConverter):
    """The same with `/` inside: the rest of a path."""

    part_isolating = False
    regex = rf"[^/\x00-\x1f\x7f\ufffd][^\x00-\x1f\x7f\ufffd]{{0,{TEXT_LENGTH_MAX - 1}}}"


CONVERTERS: dict[str, type[BaseConverter]] = {
    "default": Segment,
    "string": Segment,
    "digest": DigestSegment,
    "int": WholeNumber,
    "path": Segments,
}


def spell_paths_strictly(app: Flask) -> None:
    """Let *app* match each path in one spelling only; call before adding rules."""
    app.url_map.converters.update(CONVERTERS)
    app.url_map.merge_slashes = False
