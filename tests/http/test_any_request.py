"""Requests made up from the OpenAPI document, valid and not: answered as it says, never a 500."""

import os
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.openapi import document
from tests.http.toy import OPERATIONS, MemoryAnswers, toy_app

BEYOND_SCHEMA = (
    # No schema can tell which version, cursor or key is good at the moment of asking,
    "/problems/precondition-failed",
    "/problems/foreign-cursor",
    "/problems/idempotency-key-reused",
    # and JSON Schema takes 1.0 for an integer.
    "not_an_integer",
)
EXAMPLES = int(os.environ.get("SHIPLOG_TEST_EXAMPLES", "25"))

schema = schemathesis.openapi.from_dict(document(OPERATIONS, title="toy", version="1"))
schema.app = toy_app(MemoryAnswers(), operations=OPERATIONS)


@schema.exclude(operation_id="record_lines").parametrize()  # JSON lines have no schema to make up from
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_one_the_document_tells(case: schemathesis.Case[Any]) -> None:
    headers = {"Authorization": "Bearer ci"}
    answer = case.call(headers=headers)
    if any(said in answer.text for said in BEYOND_SCHEMA):
        case.validate_response(answer, headers=headers, excluded_checks=[positive_data_acceptance])
    else:
        case.validate_response(answer, headers=headers)
