"""Requests made up from the checked-in document, against a real ledger: every answer is as it says."""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api import app as application
from api.settings import Settings
from tests import credentials
from tests.credentials import BEARER
from tests.http import world as worlds

EXAMPLES = int(os.environ.get("SHIPLOG_TEST_EXAMPLES", "25"))

# What no schema can say of one request by itself, each with the reason. A request that is refused for
# one of these is left out of one check only: that what is in the form of its schema is accepted.
BEYOND_SCHEMA = {
    "/problems/ambiguous-name": "how many things begin alike is in the ledger",
    "/problems/batch-refused": "OpenAPI 3.1 has no word for the lines of a body",
    "/problems/contradictory-report": "members that do not fit together",
    "/problems/correction-elsewhere": "what is corrected is in the ledger",
    "/problems/exchange-refused": "a token of an issuer is signed, and OpenAPI has no schema of the form",
    "/problems/foreign-cursor": "a cursor is sealed",
    "/problems/from-the-future": "the clock decides",
    "/problems/idempotency-key-reused": "an earlier request decides",
    "/problems/known-in-the-future": "the clock decides",
    "/problems/secret-in-clear": "the shapes of credentials are many, and not for publishing",
    "/problems/unclear-component": "a purl and a range of versions are more than their form",
    "/problems/unreadable-evidence": "evidence is recognised by what is in it",
    "/problems/unusable-builders": "a table of builders is more than its form",
    "/problems/unusable-trust-root": "a root or a key is more than its form",
    "combination": "parameters that do not go together",
    "no_lines": "a body of blank lines, which OpenAPI 3.1 has no word for either",
    "not_an_integer": "JSON Schema takes 1.0 for an integer, and the ledger does not",
    "forbidden_character": "I-JSON rules out NUL and noncharacters in any text",
    "has a control character": r"schemathesis 4.32 takes blocks with holes in them for \p{M} and others",
}

SERVED: list[WSGIApplication] = []
"""The application that answers now: the cases are made before there is one."""


def served(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return SERVED[-1](environ, start_response)


schema = schemathesis.openapi.from_dict(json.loads(application.describe()))
schema.app = served
# The answer says that the bound is passed, which is a refusal like the others.
schema.config.checks.negative_data_rejection.expected_statuses += ["413"]

TARGET = b'"service":"payments-api","environment":"prod","occurred_at":"2026-03-01T12:00:00Z"'
LINES = st.lists(
    st.sampled_from(
        [
            b'{"type":"removal",%b}' % TARGET,
            b'{"type":"release","build":"ci/4712","config":1,%b}' % TARGET,
            b'{"type":"deployment","release":9,%b}' % TARGET,
            b"{}",
            b"",
        ]
    )
    | st.binary(max_size=60)
).map(b"\n".join)
for media in ("application/jsonl", "application/x-ndjson"):
    schemathesis.openapi.media_type(media, LINES)


@pytest.fixture(scope="module", autouse=True)
def _the_story(told_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("schemathesis") / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY, guarded=worlds.by_credential) as world:
        credentials.issue(world.services.ledger)
        SERVED.append(world.client.application)
        yield
        SERVED.pop()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_one_the_document_tells(case: schemathesis.Case[Any]) -> None:
    answer = case.call(headers=BEARER)
    refused = answer.status_code >= 400
    beyond = refused and any(reason in answer.text for reason in BEYOND_SCHEMA)
    excluded: list[Any] = [positive_data_acceptance] if beyond else []
    case.validate_response(answer, headers=BEARER, excluded_checks=excluded)
