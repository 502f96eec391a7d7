"""Path, query and header fields: one spelling for each value, nothing unknown, nothing twice."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.http.toy import ARTIFACT

STATE = "/v1/environments/prod/state"

READ: dict[str, dict[str, Any]] = {
    "": {"as_of": None, "limit": 50, "proof": False, "services": []},
    "as_of=2026-01-01T01:00:00%2B01:00": {"as_of": "2026-01-01T00:00:00Z"},
    "limit=500": {"limit": 500},
    "proof=true": {"proof": True},
    "proof=false": {"proof": False},
    "service=b&service=a": {"services": ["b", "a"]},
    "service=%61": {"services": ["a"]},
}

REFUSED: dict[str, list[tuple[str, str]]] = {
    "as_off=2026-01-01T00:00:00Z": [("as_off", "unknown")],
    "=1": [("", "unknown")],
    "limit=1&limit=1": [("limit", "repeated")],
    "as_of=": [("as_of", "empty")],
    "proof": [("proof", "empty")],
    "service=a&service=": [("service", "empty")],
    "limit=0": [("limit", "greater_than_equal")],
    "limit=501": [("limit", "less_than_equal")],
    "limit=%201": [("limit", "int_type")],
    "limit=1_0": [("limit", "int_type")],
    "limit=%2B1": [("limit", "int_type")],
    "limit=01": [("limit", "int_type")],
    "limit=1.0": [("limit", "int_type")],
    "limit=1" + "0" * 5000: [("limit", "int_type")],
    "limit=9007199254740992": [("limit", "int_type")],
    "limit=%D9%A5": [("limit", "int_type")],
    "proof=yes": [("proof", "bool_type")],
    "proof=1": [("proof", "bool_type")],
    "as_of=0": [("as_of", "malformed_value")],
    "as_of=2026-01-01": [("as_of", "malformed_value")],
    "as_of=2026-01-01T00:00:00": [("as_of", "malformed_value")],
    "as_of=2026-01-01T00:00:00+01:00": [("as_of", "malformed_value")],
    "view=medium": [("view", "literal_error")],
    "view=short%00": [("view", "forbidden_character")],
    "service=%ff": [("?", "not_utf8")],
    "&".join(f"p{n}=1" for n in range(101)): [("?", "too_many")],
    "limit=x&proof=x&zz=1&as_of=": [
        ("zz", "unknown"),
        ("as_of", "empty"),
        ("limit", "int_type"),
        ("proof", "bool_type"),
    ],
}


@pytest.mark.parametrize("query", READ)
def test_each_value_is_read_from_its_one_spelling(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{STATE}?{query}")
    assert answer.status_code == 200
    assert READ[query].items() <= answer.get_json().items()


@pytest.mark.parametrize("query", REFUSED)
def test_every_wrong_parameter_is_named(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{STATE}?{query}")
    assert answer.status_code == 422
    found = [(each["parameter"], each["code"]) for each in answer.get_json()["errors"]]
    assert sorted(found) == sorted(REFUSED[query])


def test_a_plus_that_became_a_space_is_explained(client: FlaskClient) -> None:
    answer = client.get(f"{STATE}?as_of=2026-01-01T00:00:00+01:00")
    assert "%2B" in answer.get_json()["detail"]


def test_an_operation_without_query_refuses_every_parameter(client: FlaskClient) -> None:
    answer = client.get("/livez?verbose=1")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["parameter"] == "verbose"


def test_a_path_parameter_is_parsed_into_the_domains_value(client: FlaskClient) -> None:
    assert client.get(f"/v1/artifacts/{ARTIFACT}").get_json() == {"subject": "a" * 64}


def test_a_malformed_path_parameter_is_named(client: FlaskClient) -> None:
    answer = client.get("/v1/artifacts/sha256:XX")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["parameter"] == "digest"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/lines/01",
        "/v1/lines/-1",
        "/v1/lines/1.0",
        "/v1/lines/9007199254740992",
        "/v1/lines/1" + "0" * 5000,
        "/v1/lines/1/",
        "/v1//lines/1",
        "/v1/artifacts/a%00b",
        "/v1/artifacts/%ff",
        "/v1/artifacts/a%0Ab",
        "/v1/artifacts/" + "a" * 401,
    ],
)
def test_a_path_in_another_spelling_is_no_path(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/unknown-path")


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "missing"), ({"If-Match": ""}, "empty"), ({"If-Match": "1"}, "string_pattern_mismatch")],
)
def test_a_wrong_header_field_is_named(client: FlaskClient, headers: dict[str, str], code: str) -> None:
    answer = client.post("/v1/touches", headers=headers)
    assert answer.status_code == 422
    assert [(each["header"], each["code"]) for each in answer.get_json()["errors"]] == [("If-Match", code)]


def test_header_fields_reach_the_handler(client: FlaskClient) -> None:
    assert client.post("/v1/touches", headers={"If-Match": '"1"'}).status_code == 200
    assert client.post("/v1/touches", headers={"If-Match": '"2"'}).status_code == 412
