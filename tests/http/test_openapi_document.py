"""The description of the API that is checked in: of this program, well-formed, and without an open door."""

import json
from pathlib import Path
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from api.app import OPERATIONS, describe
from api.problems import KINDS
from api.settings import Settings
from tests.http import world as worlds
from tests.http.write_openapi import written

DOCUMENT: dict[str, Any] = json.loads(describe())
OPERATIONS_TOLD = [
    (f"{method.upper()} {path}", described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]
OPEN = {"GET /livez", "GET /readyz"}
"""What anyone may ask: whether the process lives and can work, and nothing of the record."""
ASKED_BY_POST = {f"POST /v1/artifacts/{{digest}}:check-{what}" for what in ("layout", "provenance")}
"""Questions with a body; they record nothing."""


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_what_is_checked_in_is_what_the_program_says(path: Path) -> None:
    assert path.exists(), "run: python -m tests.http.write_openapi"
    assert path.read_bytes() == written()[path], "run: python -m tests.http.write_openapi, and read the diff"


def test_what_is_served_is_what_is_checked_in(told_ledger: Settings) -> None:
    with worlds.opened(told_ledger) as world:
        answer = world.client.get("/openapi.json")
        assert answer.get_data() == describe()
        assert answer.content_type == "application/vnd.oai.openapi+json;version=3.1"


def test_it_is_an_openapi_document() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    OPENAPI_31_VALIDATOR.validate(DOCUMENT)


@pytest.mark.parametrize(("name", "described"), OPERATIONS_TOLD)
def test_every_operation_needs_a_permission_or_is_known_to_be_open(
    name: str, described: dict[str, Any]
) -> None:
    needed = [scope for each in described["security"] for scope in each["bearer"]]
    assert (needed == []) == (name in OPEN)
    if needed:
        asks = name.startswith("GET ") or name in ASKED_BY_POST
        trusts = name.startswith("POST /v1/trust/")
        assert needed == ["read" if asks else "trust" if trusts else "report"]
        assert {"401", "403"} <= described["responses"].keys()


@pytest.mark.parametrize(("name", "described"), OPERATIONS_TOLD)
def test_every_refusal_it_tells_has_a_page(name: str, described: dict[str, Any]) -> None:
    pages = {kind.uri: str(kind.status) for kind in KINDS.values()}
    for status, response in described["responses"].items():
        if int(status) >= 400:
            told = [each.rpartition("(")[2].rstrip(")") for each in response["description"].split("; ")]
            assert {pages[page] for page in told} == {status}, name


def test_nothing_is_served_that_it_does_not_tell(told_ledger: Settings) -> None:
    with worlds.opened(told_ledger) as world:
        app: Any = world.client.application
        served = {rule.endpoint for rule in app.url_map.iter_rules()}
    untold = {"openapi_document", "problem", "problems"}
    assert served == {f"api.{operation.name}" for operation in OPERATIONS} | untold
