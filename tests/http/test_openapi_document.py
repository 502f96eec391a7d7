"""The description of the API that is checked in: of this program, well-formed, and without an open door."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from api.app import OPERATIONS, describe
from api.pages.all import PAGES
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
OPEN = {"GET /livez", "GET /readyz", "POST /v1/token"}
"""What anyone may ask: whether the process lives and can work, and nothing of the record; and what takes
another credential than ours."""
KNOWN = {"GET /v1/access/mine", "DELETE /v1/session", "POST /v1/access/tokens/{token}:revoke"}
"""What anyone may ask who says who they are; whose token may be revoked, the ledger knows."""
ASKED_BY_POST = {
    "POST /v1/gate:evaluate",
    *(f"POST /v1/artifacts/{{digest}}:check-{what}" for what in ("layout", "provenance")),
}
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


WRITES = {
    "trust": "trust",
    "access": "(access|token):",
    "webhooks": "webhook",
    "policies": "policy:",
    "freezes": "freeze",
    "waivers": "waiver:",
}
"""What the first scopes of changes under a path begin with, where they are no reports."""


@pytest.mark.parametrize(("name", "described"), OPERATIONS_TOLD)
def test_every_operation_needs_a_permission_or_is_known_to_be_open(
    name: str, described: dict[str, Any]
) -> None:
    needed = [scope for each in described["security"] for scope in each["bearer"]]
    assert (described["security"] == []) == (name in OPEN)
    assert (needed == []) == (name in OPEN | KNOWN)
    if name not in OPEN:
        assert "401" in described["responses"]
    if needed:
        method, _, path = name.partition(" ")
        asks = method == "GET" or name in ASKED_BY_POST
        about = path.split("/")[2]
        wanted = WRITES.get(about, "report:")
        if asks:
            events = r"(access:)?read"  # which of the two is a matter of the event
            reading = {"access": "access:read", "events": events, "events:stream": events}
            wanted = "webhook" if about == "webhooks" else reading.get(about, "read")
        assert all(re.match(wanted, each) for each in needed), needed
        assert "403" in described["responses"]


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
    pages = {f"page.{page.name}" for page in PAGES}  # for people: the permission table has them
    assert served == {f"api.{operation.name}" for operation in OPERATIONS} | pages | untold
