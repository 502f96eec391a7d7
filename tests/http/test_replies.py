"""Answers: what they carry, when they may be kept, and who is asking."""

from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from api.pages.rendering import HEADERS
from api.replies import SECURITY
from tests.http.toy import ARTIFACT, HEAD

STATE = "/v1/environments/prod/state"
PAST = f"{STATE}?as_of=2026-01-01T00:00:00Z"
BUILD = {"type": "build", "build": "b-1"}


def test_the_head_of_the_ledger_is_told(client: FlaskClient) -> None:
    told = client.get(STATE).headers["Ledger-Head"]
    assert told == f'position=115817, digest="{HEAD.digest}"'


def test_members_are_written_in_the_order_they_are_declared_in(client: FlaskClient) -> None:
    assert client.post("/v1/lines", json=BUILD).data == b'{"position":1,"type":"build"}'


def test_a_plain_dict_is_written_as_a_model_would_be(client: FlaskClient) -> None:
    written = (
        f'{{"since":"2026-03-01T12:00:00Z","digest":"{ARTIFACT}","lines":[{{"position":1,"type":"build"}}]}}'
    )
    assert client.get("/v1/summary").text == written


def test_an_answer_about_the_present_is_not_kept(client: FlaskClient) -> None:
    answer = client.get(STATE)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_a_settled_answer_may_be_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get(PAST)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["ETag"] == f'"{sha256(answer.data).hexdigest()}"'
    assert answer.headers["Vary"] == "Authorization, Cookie"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_who_holds_the_answer_gets_none(client: FlaskClient, form: str) -> None:
    tag = client.get(PAST).headers["ETag"]
    answer = client.get(PAST, headers={"If-None-Match": form.format(tag)})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("form", ['"x"', "", "nonsense"])
def test_who_holds_another_answer_gets_this_one(client: FlaskClient, form: str) -> None:
    assert client.get(PAST, headers={"If-None-Match": form}).status_code == 200


def test_the_tag_of_a_handler_is_honoured(client: FlaskClient) -> None:
    client.post("/v1/lines", json=BUILD)
    assert client.get("/v1/lines/1").headers["ETag"] == '"1"'
    assert client.get("/v1/lines/1", headers={"If-None-Match": '"1"'}).status_code == 304


def test_a_post_is_never_304(client: FlaskClient) -> None:
    answer = client.post("/v1/lines", json=BUILD, headers={"If-None-Match": "*"})
    assert answer.status_code == 201


def test_head_is_get_without_the_body(client: FlaskClient) -> None:
    got, asked = client.get(PAST), client.head(PAST)
    assert (asked.status_code, asked.data) == (200, b"")
    assert asked.headers["ETag"] == got.headers["ETag"]
    assert asked.headers["Content-Length"] == got.headers["Content-Length"]


def test_a_stream_is_sent_as_it_comes(client: FlaskClient) -> None:
    answer = client.post("/v1/lines:batch", data=b"a\nbb\n", content_type="application/jsonl")
    assert answer.is_streamed
    assert answer.data == b'{"bytes":1}\n{"bytes":2}\n'
    assert answer.mimetype == "application/jsonl"


@pytest.mark.parametrize(
    "path", [STATE, "/livez", "/nothing", "/v1/bug", "/problems/", "/problems/malformed-json"]
)
def test_every_answer_is_hardened(client: FlaskClient, path: str) -> None:
    expected = {**SECURITY, **(HEADERS if path.startswith("/problems/") else {})}
    headers = client.get(path).headers
    for name in SECURITY.keys() - {"Cache-Control"}:
        assert headers[name] == expected[name]
    assert headers["Cache-Control"]


def test_who_is_asking_is_settled_before_anything_else(anyone: FlaskClient) -> None:
    answer = anyone.post("/v1/lines?x=1", data=b"{", content_type="text/plain")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="shiplog"'


def test_a_missing_scope_is_403(anyone: FlaskClient) -> None:
    headers = {"Authorization": "Bearer auditor"}
    assert anyone.post("/v1/lines", json=BUILD, headers=headers).status_code == 403
    assert anyone.get(STATE, headers=headers).status_code == 200


def test_what_needs_no_scope_asks_nobody(anyone: FlaskClient) -> None:
    assert anyone.get("/livez").data == b"ok\n"
