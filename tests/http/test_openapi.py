"""The OpenAPI document: well-formed, complete, and true of the running application."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from api.openapi import document
from tests.http.toy import OPERATIONS

DOCUMENT = document(OPERATIONS, title="toy", version="1")
DESCRIBED = [
    (path, method, described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]


def _nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from _nodes(each)
    elif isinstance(node, list):
        for each in node:
            yield from _nodes(each)


def _described(name: str) -> dict[str, Any]:
    (found,) = [each for _, _, each in DESCRIBED if each["operationId"] == name]
    return dict(found)


def _parameter(operation: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in _described(operation)["parameters"] if each["name"] == name]
    return dict(found)


def test_it_is_json_and_the_same_every_time() -> None:
    again = document(OPERATIONS, title="toy", version="1")
    assert json.dumps(again) == json.dumps(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.1"


def test_every_operation_is_there_once() -> None:
    names = [described["operationId"] for _, _, described in DESCRIBED]
    assert sorted(names) == sorted(each.name for each in OPERATIONS)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    references = [each["$ref"] for each in _nodes(DOCUMENT) if "$ref" in each]
    mappings = [each["mapping"].values() for each in _nodes(DOCUMENT) if "mapping" in each]
    for reference in [*references, *(each for mapping in mappings for each in mapping)]:
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_every_schema_is_a_schema() -> None:
    for schema in [each["schema"] for each in _nodes(DOCUMENT["paths"]) if "schema" in each]:
        jsonschema_rs.meta.validate({**schema, "$schema": DOCUMENT["jsonSchemaDialect"]})
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": DOCUMENT["jsonSchemaDialect"]})


@pytest.mark.parametrize(("path", "method", "described"), DESCRIBED)
def test_path_parameters_are_those_in_the_path(path: str, method: str, described: dict[str, Any]) -> None:
    told = [each["name"] for each in described["parameters"] if each["in"] == "path"]
    assert told == re.findall(r"{(\w+)}", path)
    assert described["summary"]
    assert method in {"get", "post"}
    keys = [each["name"] for each in described["parameters"] if each["name"] == "Idempotency-Key"]
    assert len(keys) == (method == "post")


def test_a_query_is_told_parameter_by_parameter() -> None:
    as_of = _parameter("read_state", "as_of")["schema"]
    assert (as_of["type"], as_of["format"]) == ("string", "date-time")
    assert "anyOf" not in as_of
    assert "default" not in as_of
    limit = {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
    assert _parameter("read_state", "limit")["schema"] == limit
    assert _parameter("read_state", "service")["schema"]["type"] == "array"
    assert not _parameter("read_state", "view")["required"]
    assert "StateQuery" not in DOCUMENT["components"]["schemas"]


def test_header_fields_are_told_by_the_names_they_are_sent_with() -> None:
    assert _parameter("touch", "If-Match")["in"] == "header"
    assert _parameter("touch", "If-Match")["required"]


def test_inputs_allow_nothing_unknown() -> None:
    for name in ("BuildLine", "RemovalLine", "Artifact"):
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def test_maps_allow_no_other_names() -> None:
    labels = DOCUMENT["components"]["schemas"]["BuildLine"]["properties"]["labels"]
    assert labels["additionalProperties"] is False


def test_the_scope_is_the_security() -> None:
    assert _described("record_line")["security"] == [{"bearer": ["report:build"]}]
    assert _described("live")["security"] == []


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("record_line", "200 201 400 401 403 409 413 415 422 429 500"),
        ("read_line", "200 304 401 403 404 422 429 500"),
        ("record_lines", "200 401 403 413 415 422 429 500"),
        ("touch", "200 401 403 412 422 429 500"),
        ("live", "200 304 422 429 500"),
    ],
)
def test_every_status_is_told(name: str, statuses: str) -> None:
    assert sorted(_described(name)["responses"]) == statuses.split()


def test_refusals_are_told_with_their_types() -> None:
    conflict = _described("record_line")["responses"]["409"]
    assert conflict["description"] == "Already recorded otherwise (/problems/already-recorded)"
    assert list(conflict["content"]) == ["application/problem+json"]
