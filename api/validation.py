"""What pydantic found wrong, said as problems with places in the request."""

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import ValidationError
from pydantic_core import CoreSchema, ErrorDetails

from api.pointer import Step, pointer, submitted
from api.refusals import FieldProblem, InvalidRequest

SHOWN_MAX = 100
"""A body can be wrong in a hundred thousand places; nobody reads more than these."""
_TAG_MEMBER = re.compile(r"'([^']+)'")
_TAG_ERRORS = frozenset({"union_tag_invalid", "union_tag_not_found"})


def body_problems(error: ValidationError, schema: CoreSchema) -> list[FieldProblem]:
    """Return every problem of a body that *schema* refused, with exact pointers."""
    return [
        FieldProblem(
            pointer=pointer((*submitted(each["loc"], schema), *_tag_member(each))),
            detail=each["msg"],
            code=each["type"],
        )
        for each in _details(error)
    ]


def text_problems(
    error: ValidationError, place: Literal["parameter", "header"], name: str | None = None
) -> list[FieldProblem]:
    """Return every problem of a parameter or header model; *name* when it is one value."""
    return [
        FieldProblem.model_validate(
            {
                place: name or str(each["loc"][0] if each["loc"] else "?"),
                "detail": each["msg"],
                "code": each["type"],
            }
        )
        for each in _details(error)
    ]


def invalid(problems: Sequence[FieldProblem]) -> InvalidRequest:
    """Return the refusal that tells *problems*, which are not none."""
    first = problems[0]
    place = first.parameter or first.header or first.pointer
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return InvalidRequest(f"{place}: {first.detail}{more}", errors=problems[:SHOWN_MAX])


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _tag_member(each: ErrorDetails) -> tuple[Step, ...]:
    """Return the member that should say which alternative it is, when that is the problem."""
    if each["type"] not in _TAG_ERRORS:
        return ()
    named = _TAG_MEMBER.fullmatch(str(each.get("ctx", {}).get("discriminator", "")))
    return () if named is None else (named[1],)
