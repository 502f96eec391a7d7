"""Declarations: what they say of themselves, and those that contradict themselves."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from flask import Flask

from api.access.asking import StillAsking
from api.mount import mount
from api.operations import Operation, operation, permission_matrix
from domain.access.scopes import Scope
from tests.http import toy


def _plain() -> bytes:
    return b""


def _positional(position: int) -> bytes:
    return b"%d" % position


def _with_body(*, body: bytes) -> bytes:
    return body


def _waiting(*, still_asking: StillAsking) -> bytes:
    return still_asking().subject.encode()


def _of_position(*, position: int) -> bytes:
    return b"%d" % position


def _untyped(*, position) -> bytes:  # type: ignore[no-untyped-def]  # it is the case
    return b"%d" % position


@pytest.mark.parametrize(
    ("method", "path", "handler", "said"),
    [
        ("FETCH", "/x", _plain, "unknown method"),
        ("GET", "/x", _with_body, "GET has no body"),
        ("POST", "/x", _waiting, "only questions wait"),
        ("GET", "/x", _of_position, "path has"),
        ("GET", "/<name>", _of_position, "path has"),
        ("GET", "/<int:position>", _positional, "keyword-only"),
        ("GET", "/<int:position>", _untyped, "needs a type"),
    ],
)
def test_a_contradiction_fails_the_declaration(
    method: str, path: str, handler: Callable[..., object], said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        operation(method, path, scope=None, tag="x")(handler)


def test_the_docstring_is_the_description() -> None:
    assert toy.record_line.name == "record_line"
    assert toy.record_line.summary == "Record one line"
    assert toy.record_line.description == "The same line again is answered with 200."


def test_the_matrix_lists_every_operation_with_its_scope() -> None:
    rows = permission_matrix(toy.OPERATIONS)
    assert len(rows) == len(toy.OPERATIONS)
    assert {(row.scopes, row.is_open, row.method, row.path) for row in rows} >= {
        (frozenset({Scope.REPORT_BUILD}), False, "POST", "/v1/lines"),
        (frozenset({Scope.READ}), False, "GET", "/v1/lines"),
        (frozenset(), True, "GET", "/livez"),
    }


def test_two_apps_share_nothing() -> None:
    first, second = toy.toy_app().test_client(), toy.toy_app().test_client()
    sent = {"json": {"type": "build", "build": "b"}, "headers": {"Authorization": "Bearer ci"}}
    assert first.post("/v1/lines", **sent).status_code == 201
    assert second.post("/v1/lines", **sent).status_code == 201


def test_a_refusal_without_a_row_fails_the_mounting() -> None:
    declared: Operation = operation("GET", "/x", scope=None, tag="x", refusals=(OSError,))(_plain)
    with pytest.raises(AssertionError, match="no row"):
        mount(Flask("x"), (declared,), services=None, authenticate=toy.authenticate)


def test_the_layer_imports_no_adapters_and_no_database() -> None:
    modules = "api.mount, api.openapi, api.cursor, api.fields"
    unwanted = "adapters|sqlalchemy|eventsourcing|cryptography"
    program = (
        f"import {modules}, re, sys\n"
        f"print([each for each in sys.modules if re.match(r'({unwanted})\\b', each)])"
    )
    ran = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
