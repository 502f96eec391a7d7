"""The OpenAPI 3.1.1 document of the operations, made from what is declared and nothing else.

Source: OpenAPI Specification 3.1.1; schemas are JSON Schema 2020-12.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import TypeAdapter

from api import idempotency, problems, refusals
from api.operations import PATH_PARAMETER, Operation
from api.problems import Problem, kind_of
from api.routing import SEGMENT_PATTERN, TEXT_LENGTH_MAX
from api.strict_json import INTEGER_MAX
from api.texts import TEXT_PATTERN
from domain import errors
from domain.access.fresh import SECONDS_MAX

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/components/schemas/{model}"
_TEXT_BOUNDS = frozenset({"pattern", "format", "enum", "const"})
_DROPPED = frozenset({"title", "description", "deprecated"})

Schema = dict[str, Any]
_Mode = Literal["validation", "serialization"]


def document(operations: Iterable[Operation], *, title: str, version: str) -> dict[str, Any]:
    """Return the document that describes *operations*, in the order given."""
    declared = tuple(operations)
    shapes = _Shapes(declared)
    paths: dict[str, dict[str, Any]] = {}
    for each in declared:
        path = PATH_PARAMETER.sub(r"{\2}", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _operation(each, shapes)
    return {
        "openapi": "3.1.1",
        "jsonSchemaDialect": DIALECT,
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Shapes:
    """The schemas of everything that *operations* take and give, each model once."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        inputs: list[tuple[str, _Mode, TypeAdapter[Any]]] = []
        for each in operations:
            typed = [name for name in ("body", "query", "headers") if name in each.hints]
            inputs += [
                (f"{each.name} {name}", "validation", TypeAdapter(each.hints[name]))
                for name in (*typed, *each.path_parameters)
                if each.hints[name] is not bytes
            ]
        results: list[tuple[str, _Mode, TypeAdapter[Any]]] = [
            (f"{each.name} result", "serialization", TypeAdapter(each.result))
            for each in operations
            if not each.raw_result
        ]
        problem: tuple[str, _Mode, TypeAdapter[Any]] = (
            "problem",
            "serialization",
            TypeAdapter(Problem),
        )
        found, top = TypeAdapter.json_schemas([*inputs, *results, problem], ref_template=_REF)
        self._found = {name: schema for (name, _), schema in found.items()}
        defined: Mapping[str, Schema] = top.get("$defs", {})
        _bound([self._found, defined])
        self._defined = defined
        # A query or header model is told parameter by parameter, never as an object.
        told = {self._name_of(f"{each.name} {part}") for each in operations for part in _TOLD}
        self.components = {name: each for name, each in defined.items() if name not in told}

    def of(self, name: str) -> Schema:
        """Return the schema of *name*, such as `record_build body`."""
        return dict(self._found[name])

    def parameters(self, name: str) -> tuple[Mapping[str, Schema], Sequence[str]]:
        """Return the properties of the model called *name*, and which of them are required."""
        schema = self._defined.get(self._name_of(name) or "") or self._found[name]
        return schema.get("properties", {}), schema.get("required", ())

    def _name_of(self, name: str) -> str | None:
        reference = self._found.get(name, {}).get("$ref")
        return None if reference is None else str(reference).rpartition("/")[2]


_TOLD = ("query", "headers")


def _bound(node: object) -> None:
    """Say of every schema in *node* what is refused before pydantic is asked, so it does not say it.

    Integers stay within I-JSON, and a map whose names have a pattern has no others.
    """
    if isinstance(node, dict):
        if node.get("type") == "integer":
            node.setdefault("minimum", -INTEGER_MAX)
            node.setdefault("maximum", INTEGER_MAX)
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        for each in node.values():
            _bound(each)
    elif isinstance(node, list):
        for each in node:
            _bound(each)


def _operation(each: Operation, shapes: _Shapes) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        **({"description": each.description} if each.description else {}),
        "tags": [each.tag],
        "security": _security(each),
        **({"x-fresh-login-seconds": SECONDS_MAX} if each.fresh else {}),
        "parameters": _parameters(each, shapes),
    }
    if "body" in each.hints:
        raw = each.hints["body"] is bytes
        schema: Schema = {} if raw else shapes.of(f"{each.name} body")
        content = {media: {"schema": schema} for media in each.accepts}
        told["requestBody"] = {"required": True, "content": content}
    told["responses"] = {**_successes(each, shapes), **_refusals(each)}
    return told


def _security(each: Operation) -> list[dict[str, list[str]]]:
    """Return the alternatives: one scope each, or a bearer token whatever it allows."""
    if each.is_open:
        return []
    return [{"bearer": [scope]} for scope in sorted(each.scopes)] or [{"bearer": []}]


def _parameters(each: Operation, shapes: _Shapes) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for name, converter in each.path_parameters.items():
        schema = _path_schema(shapes.of(f"{each.name} {name}"), converter)
        told.append({"name": name, "in": "path", "required": True, "schema": schema})
    for part, place in zip(_TOLD, ("query", "header"), strict=True):
        if part in each.hints:
            told += _of_model(place, *shapes.parameters(f"{each.name} {part}"))
    if each.method == "POST":
        told.append(
            {
                "name": idempotency.HEADER,
                "in": "header",
                "required": False,
                "description": "The same key with the same request gives the same answer again.",
                "schema": {"type": "string", "pattern": idempotency.FORM},
            }
        )
    return told


def _path_schema(schema: Schema, converter: str) -> Schema:
    if converter == "int":
        return {**schema, "minimum": max(0, schema.get("minimum", 0))}
    return {"minLength": 1, "maxLength": TEXT_LENGTH_MAX, "pattern": SEGMENT_PATTERN, **schema}


def _of_model(place: str, properties: Mapping[str, Schema], required: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            **({"description": schema["description"]} if "description" in schema else {}),
            "schema": _as_text(_without_null(schema)),
        }
        for name, schema in properties.items()
    ]


def _without_null(schema: Schema) -> Schema:
    """Return *schema* without the null that stands for an absent parameter."""
    kept = {name: each for name, each in schema.items() if name not in _DROPPED}
    if "default" in kept and kept["default"] is None:
        del kept["default"]
    alternatives = [each for each in kept.get("anyOf", ()) if each != {"type": "null"}]
    if len(alternatives) == 1:
        del kept["anyOf"]
        return {**alternatives[0], **kept}
    return kept


def _as_text(schema: Schema) -> Schema:
    """Return *schema* with what `api.texts` refuses in any text."""
    if "items" in schema:
        return {**schema, "items": _as_text(schema["items"])}
    if schema.get("type") == "string" and not schema.keys() & _TEXT_BOUNDS:
        return {**schema, "pattern": TEXT_PATTERN}
    return schema


def _successes(each: Operation, shapes: _Shapes) -> dict[str, Any]:
    media = each.produces.partition(";")[0]
    raw: Schema = {"type": "string"} if media.startswith("text/") else {}
    schema = raw if each.raw_result else shapes.of(f"{each.name} result")
    told: dict[str, Any] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {media: {"schema": schema}},
        }
        for status in (each.status, *each.also)
    }
    if each.method == "GET":
        told["304"] = {"description": "The caller holds this answer already"}
    return told


def _refusals(each: Operation) -> dict[str, Any]:
    """Return one response for each status that *each* refuses with, naming its problems."""
    by_status: dict[int, list[problems.Kind]] = {}
    for refusal in (*each.refusals, *_implied(each)):
        kind = kind_of(refusal)
        assert kind is not None, f"no row in api.problems for {refusal.__name__}"
        kinds = by_status.setdefault(kind.status, [])
        if kind not in kinds:
            kinds.append(kind)
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        str(status): {
            "description": "; ".join(f"{kind.title} ({kind.uri})" for kind in kinds),
            "content": content,
        }
        for status, kinds in sorted(by_status.items())
    }


def _implied(each: Operation) -> Iterable[type[Exception]]:
    """Yield what every operation of this form may refuse with, whatever its handler does."""
    yield from (refusals.InvalidRequest, refusals.TooManyRequests, refusals.Unexpected)
    if not each.is_open:
        yield from (refusals.Unauthenticated, errors.CredentialRefused)
    if each.scope is not None:
        yield errors.NotPermitted
    if each.fresh:
        yield errors.FreshLoginNeeded
    if each.path_parameters:
        yield refusals.UnknownPath
    if "body" in each.hints:
        yield from (refusals.UnsupportedMediaType, refusals.TooLarge)
        if each.hints["body"] is not bytes:
            yield refusals.MalformedJSON
    if each.method == "POST":
        yield refusals.KeyReused
