"""Refusals as callers meet them: a status, a stable type, and a page that says what to do."""

import inspect
import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug import exceptions

from api import problems, refusals
from api.problems import KINDS, kind_of, meaning_of, problem_of
from api.refusing import answer_refusals
from domain import errors
from domain.errors import LedgerError

OF_THE_DOMAIN = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, LedgerError) and each is not LedgerError
]
OF_HTTP = [
    each
    for _, each in inspect.getmembers(refusals, inspect.isclass)
    if issubclass(each, refusals.RequestRefused) and each is not refusals.RequestRefused
]


@pytest.mark.parametrize("refusal", [*OF_THE_DOMAIN, *OF_HTTP])
def test_every_refusal_has_a_row_of_its_own(refusal: type[Exception]) -> None:
    kind = KINDS[refusal]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.slug)
    assert 400 <= kind.status < 600
    assert kind.title[0].isupper()
    assert kind.title[-1].isalpha()
    assert kind.remedy.endswith(".")
    assert meaning_of(refusal).endswith(".")


def test_every_row_is_of_a_refusal() -> None:
    assert set(KINDS) == {*OF_THE_DOMAIN, *OF_HTTP}


def test_no_two_refusals_share_a_name() -> None:
    assert len({kind.slug for kind in KINDS.values()}) == len(KINDS)
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)


def test_a_special_case_of_a_refusal_is_told_as_that_refusal() -> None:
    class MalformedDigest(errors.MalformedValue):
        """A special case."""

    assert kind_of(MalformedDigest) is KINDS[errors.MalformedValue]


def test_what_has_no_row_is_told_without_its_words() -> None:
    problem = problem_of(LedgerError("secret"))
    assert (problem.status, problem.type, problem.detail) == (500, "/problems/unexpected", None)


def test_a_refusal_of_the_domain_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/v1/lines/7")
    assert answer.mimetype == problems.MEDIA_TYPE
    assert answer.get_json() == {
        "type": "/problems/unknown-event",
        "title": "Unknown event",
        "status": 404,
        "detail": "no line at 7",
        "instance": "/v1/lines/7",
    }


def test_the_instance_is_a_uri_reference(client: FlaskClient) -> None:
    assert client.get("/a b/%C3%A9?q=1").get_json()["instance"] == "/a%20b/%C3%A9"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/lines", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/lines", "GET, HEAD, POST"),
        ("POST", "/livez", "GET, HEAD"),
        ("GET", "/v1/touches", "POST"),
        ("HEAD", "/v1/touches", "POST"),
        ("BREW", "/v1/touches", "POST"),
        ("POST", "/problems/", "GET, HEAD"),
    ],
)
def test_another_method_is_405_with_those_offered(
    client: FlaskClient, method: str, path: str, allow: str
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert answer.mimetype == problems.MEDIA_TYPE


def test_an_unknown_path_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/v2/lines")
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/unknown-path")


def test_a_bug_is_logged_and_not_shown(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/v1/bug")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    (incident,) = re.findall(r"[0-9a-f]{16}", answer.get_json()["detail"])
    (record,) = caplog.records
    assert incident in record.getMessage()
    assert record.exc_info is not None


def test_what_will_pass_says_when_to_try_again(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/v1/busy")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "database is locked" in caplog.text


def test_an_undeclared_refusal_is_answered_and_logged(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert client.get("/v1/undeclared").status_code == 404
    assert "refuse_undeclared raised UnknownEvent undeclared" in caplog.text


@pytest.mark.parametrize(
    ("raised", "status", "slug"),
    [
        (exceptions.BadRequest("hunter2"), 400, "malformed-request"),
        (exceptions.ImATeapot("hunter2"), 400, "malformed-request"),
        (exceptions.RequestEntityTooLarge("hunter2"), 413, "too-large"),
        (exceptions.ServiceUnavailable("hunter2"), 500, "unexpected"),
        (LedgerError("hunter2"), 500, "unexpected"),
        (KeyError("hunter2"), 500, "unexpected"),
    ],
)
def test_whatever_is_raised_anywhere_is_a_problem(raised: Exception, status: int, slug: str) -> None:
    app = Flask("bare", static_folder=None)
    answer_refusals(app)

    @app.get("/")
    def raises() -> str:
        raise raised

    answer = app.test_client().get("/")
    assert (answer.status_code, answer.mimetype) == (status, problems.MEDIA_TYPE)
    assert answer.get_json()["type"] == f"/problems/{slug}"
    assert "hunter2" not in answer.text


def test_a_redirection_stays_one() -> None:
    app = Flask("bare", static_folder=None)
    answer_refusals(app)
    app.add_url_rule("/folder/", "folder", lambda: "")
    answer = app.test_client().get("/folder")
    assert answer.status_code == 308
    assert answer.headers["Location"].endswith("/folder/")


@pytest.mark.parametrize("refusal", KINDS)
def test_every_type_leads_to_its_page(anyone: FlaskClient, refusal: type[BaseException]) -> None:
    kind = KINDS[refusal]
    page = anyone.get(kind.uri)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for said in (kind.title, str(kind.status), kind.slug):
        assert said in page.text
    assert "<script" not in page.text
    assert "<style" not in page.text


def test_the_index_leads_to_every_page(anyone: FlaskClient) -> None:
    for path in ("/problems/", "/problems"):
        index = anyone.get(path)
        assert index.status_code == 200
        assert set(re.findall(r'href="(/problems/[^"]+)"', index.text)) == {
            kind.uri for kind in KINDS.values()
        }


def test_there_is_no_page_for_what_is_no_problem(anyone: FlaskClient) -> None:
    assert anyone.get("/problems/nonsense").get_json()["type"] == "/problems/unknown-path"
