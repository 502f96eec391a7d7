"""Bodies: typed, bounded, and every problem told at once with its place."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.http.toy import ARTIFACT

Document = dict[str, Any]
BUILD: Document = {"type": "build", "build": "b-1"}
GOOD = {"name": "a", "digest": ARTIFACT}

# What is sent, and every place with its code.
INVALID: dict[str, tuple[object, list[tuple[str, str]]]] = {
    "a member is missing": ({"type": "build"}, [("#/build", "missing")]),
    "an unknown member": (BUILD | {"zz": 1}, [("#/zz", "extra_forbidden")]),
    "a string where a number is meant": (
        {"type": "removal", "position": "1"},
        [("#/position", "int_type")],
    ),
    "a boolean where a number is meant": (
        {"type": "removal", "position": True},
        [("#/position", "int_type")],
    ),
    "a number where an instant is meant": (
        BUILD | {"occurred_at": 0},
        [("#/occurred_at", "string_type")],
    ),
    "an epoch in a string": (BUILD | {"occurred_at": "0"}, [("#/occurred_at", "malformed_value")]),
    "an instant without offset": (
        BUILD | {"occurred_at": "2026-01-01T00:00:00"},
        [("#/occurred_at", "malformed_value")],
    ),
    "an empty string": (
        BUILD | {"occurred_at": ""},
        [("#/occurred_at", "string_too_short")],
    ),
    "a tag with the name of a member": (
        BUILD | {"artifacts": [GOOD, {"name": "A", "digest": "md5:1"}]},
        [
            ("#/artifacts/1/name", "string_pattern_mismatch"),
            ("#/artifacts/1/digest", "malformed_value"),
        ],
    ),
    "a member name to be escaped": (
        BUILD | {"labels": {"a/b~c%d": "X"}},
        [("#/labels/a~1b~0c%25d", "string_pattern_mismatch")],
    ),
    "a member name that is refused": (
        BUILD | {"labels": {"ä": "x"}},
        [("#/labels/%C3%A4", "string_pattern_mismatch")],
    ),
    "too many items": (BUILD | {"artifacts": [GOOD] * 4}, [("#/artifacts", "too_long")]),
    "both alternatives of a union without tags": (
        {"type": "removal", "position": 1, "note": -1},
        [("#/note", "string_type"), ("#/note", "greater_than_equal")],
    ),
    "an unknown tag": ({"type": "bild"}, [("#/type", "union_tag_invalid")]),
    "no tag": ({}, [("#/type", "union_tag_not_found")]),
    "not an object": ([1], [("#", "dict_type")]),
}


@pytest.mark.parametrize("case", INVALID)
def test_every_problem_is_told_with_its_pointer(client: FlaskClient, case: str) -> None:
    sent, expected = INVALID[case]
    answer = client.post("/v1/lines", json=sent)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["type"] == "/problems/invalid-request"
    assert problem["instance"] == "/v1/lines"
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == expected


def test_problems_of_headers_and_body_are_told_together(client: FlaskClient) -> None:
    answer = client.post("/v1/lines?x=1", json={}, headers={"Idempotency-Key": "a b"})
    places = [{*each} - {"detail", "code"} for each in answer.get_json()["errors"]]
    assert places == [{"parameter"}, {"header"}, {"pointer"}]


def test_no_more_problems_are_told_than_anyone_reads(client: FlaskClient) -> None:
    answer = client.post("/v1/lines", json=BUILD | {f"m{n}": n for n in range(5000)})
    assert answer.status_code == 422
    assert len(answer.get_json()["errors"]) == 100
    assert answer.get_json()["detail"].endswith("(and 4999 more)")


def test_what_was_sent_is_not_echoed_by_the_models(client: FlaskClient) -> None:
    answer = client.post("/v1/lines", json=BUILD | {"labels": {"password": "HUNTER2"}})
    assert answer.status_code == 422
    assert "HUNTER2" not in answer.text


MALFORMED = {
    "a name twice": (b'{"type":"build","build":"b-1","build":"b-2"}', "#/build"),
    "a fraction": (b'{"type":"removal","position":1.0}', "#/position"),
    "NaN": (b'{"type":"removal","position":NaN}', "#/position"),
    "NUL": (rb'{"type":"build","build":"\u0000"}', "#/build"),
    "not JSON": (b"{", None),
    "nothing": (b"", None),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_body_with_two_readings_is_refused(client: FlaskClient, case: str) -> None:
    raw, pointer = MALFORMED[case]
    answer = client.post("/v1/lines", data=raw, content_type="application/json")
    assert answer.status_code == 400
    problem = answer.get_json()
    assert problem["type"] == "/problems/malformed-json"
    assert [each["pointer"] for each in problem.get("errors", [])] == ([pointer] if pointer else [])


@pytest.mark.parametrize(
    ("media", "coding"),
    [
        (None, None),
        ("text/plain", None),
        ("application/x-www-form-urlencoded", None),
        ("application/merge-patch+json", None),
        ("application/json", "gzip"),
    ],
)
def test_another_media_type_or_coding_is_refused(
    client: FlaskClient, media: str | None, coding: str | None
) -> None:
    headers = {} if coding is None else {"Content-Encoding": coding}
    answer = client.post("/v1/lines", data=b"{}", content_type=media, headers=headers)
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/json")


def test_parameters_of_the_media_type_do_not_matter(client: FlaskClient) -> None:
    sent = b'{"type":"build","build":"b-1"}'
    answer = client.post("/v1/lines", data=sent, content_type="application/json; charset=utf-8")
    assert answer.status_code == 201


STREAMED = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}


@pytest.mark.parametrize("environ", [{}, {"wsgi.input_terminated": True}, STREAMED])
def test_a_body_over_the_bound_is_refused_with_the_bound(client: FlaskClient, environ: Document) -> None:
    for size, status in ((64, 200), (65, 413), (6500, 413)):
        answer = client.post(
            "/v1/lines:batch",
            data=b"x" * size,
            content_type="application/jsonl",
            environ_overrides=environ,
        )
        assert answer.status_code == status, size
        assert "at most 64" in answer.text or status == 200


@pytest.mark.parametrize("environ", [{}, {"wsgi.input_terminated": True}])
def test_a_body_cut_short_is_refused(client: FlaskClient, environ: Document) -> None:
    answer = client.post(
        "/v1/lines:batch",
        data=b"x" * 9,
        content_type="application/jsonl",
        environ_overrides={**environ, "CONTENT_LENGTH": "10"},
    )
    assert answer.status_code == 400
    assert answer.get_json()["type"] == "/problems/malformed-request"


def test_a_body_nobody_reads_is_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/touches", json={}, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["code"] == "unexpected_body"


def test_nothing_is_converted_whatever_the_type_of_the_body(client: FlaskClient) -> None:
    answer = client.post("/v1/measures", json={"a": False, "b": "1.5"})
    assert [each["code"] for each in answer.get_json()["errors"]] == ["float_type", "float_type"]


def test_fractions_are_read_where_the_operation_says_so(client: FlaskClient) -> None:
    assert client.post("/v1/measures", json={"a": 1.5}).get_json() == {"a": 1.5}
