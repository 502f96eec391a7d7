"""Query parameters and header fields read as strictly as JSON.

Pydantic's reading of strings is too kind to keep a record on: ` 5`, `1_0` and
`5.0` are integers to it, `yes` is true and `0` is the first instant of 1970
(pydantic 2.14, `model_validate_strings` in strict mode). So each text is first
taken for what the field holds, in one spelling, and then validated as JSON.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError

from api.refusals import FieldProblem
from api.strict_json import INTEGER_MAX
from api.validation import text_problems

PARAMETERS_MAX = 100
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})", re.ASCII)
_BOOLEAN = {"true": True, "false": False}
TEXT_PATTERN = r"^[^\u0000-\u001f\u007f]+$"
"""What any text must match, for readers of the OpenAPI document (ECMA 262)."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEVERAL = (list, tuple, set, frozenset)


class TextModel:
    """A model whose fields arrive as texts, in the query or in header fields."""

    def __init__(self, model: type[BaseModel], place: Literal["parameter", "header"]) -> None:
        self._model = model
        self._place = place
        self._types = {
            field.alias or name: _plain(field.annotation) for name, field in model.model_fields.items()
        }
        self.names: frozenset[str] = frozenset(self._types)

    def read(self, given: Mapping[str, Sequence[str]]) -> tuple[BaseModel | None, list[FieldProblem]]:
        """Return the model of *given*, or every problem found."""
        problems = [*self._misused(given)]
        wrong = {getattr(each, self._place) for each in problems}
        taken = {name: self._taken(name, texts) for name, texts in given.items() if name not in wrong}
        try:
            read = self._model.model_validate_json(orjson.dumps(taken), strict=True)
        except ValidationError as error:
            found = text_problems(error, self._place)
            problems += [each for each in found if getattr(each, self._place) not in wrong]
            return None, problems
        return (None if problems else read), problems

    def _misused(self, given: Mapping[str, Sequence[str]]) -> Iterable[FieldProblem]:
        for name, texts in given.items():
            if name not in self._types:
                yield self._problem(name, "not a parameter of this operation", "unknown")
            elif len(texts) > 1 and get_origin(self._types[name]) not in _SEVERAL:
                yield self._problem(name, f"given {len(texts)} times, expected once", "repeated")
            elif "" in texts:
                yield self._problem(name, "empty: give a value or leave it out", "empty")
            elif any(_CONTROL.search(text) for text in texts):
                yield self._problem(name, "has a control character", "forbidden_character")

    def _problem(self, name: str, detail: str, code: str) -> FieldProblem:
        return FieldProblem.model_validate({self._place: name, "detail": detail, "code": code})

    def _taken(self, name: str, texts: Sequence[str]) -> object:
        kind = self._types[name]
        if get_origin(kind) in _SEVERAL:
            item = _plain(get_args(kind)[0])
            return [taken_as(item, text) for text in texts]
        return taken_as(kind, texts[0])


class NoParameters(BaseModel):
    """The query of an operation that takes none."""


def query_texts(query: bytes) -> dict[str, list[str]] | FieldProblem:
    """Return the parameters in *query*, in the order given, or why it cannot be read."""
    given: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except UnicodeError:
        return FieldProblem(parameter="?", detail="not UTF-8, percent-encoded", code="not_utf8")
    except ValueError:
        detail = f"more than {PARAMETERS_MAX} parameters"
        return FieldProblem(parameter="?", detail=detail, code="too_many")
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    return given


def taken_as(kind: object, text: str) -> object:
    """Return *text* as the JSON value it spells for *kind*; itself when it spells none."""
    if kind is int and _INTEGER.fullmatch(text) and abs(number := int(text)) <= INTEGER_MAX:
        return number
    if kind is bool:
        return _BOOLEAN.get(text, text)
    return text


def _plain(annotation: Any) -> Any:
    """Return *annotation* without `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    alternatives = [each for each in get_args(annotation) if each is not NoneType]
    if NoneType in get_args(annotation) and len(alternatives) == 1:
        return _plain(alternatives[0])
    return annotation
