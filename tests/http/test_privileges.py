"""Nobody gets further than they may: to what is somebody else's, or to what is somebody's above them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.settings import Settings
from domain.access.reach import Reach
from domain.access.scopes import Scope
from tests import credentials
from tests.credentials import token_text
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.bootstrap import bearer
from tests.http.people import as_person, by_name
from tests.http.refused import BASES
from tests.http.world import Document, World, image

PAYMENTS = token_text("OfPaymentsXY")
"""May do all that a token may, for payments-api and whatever begins with `search`, in staging."""
MINE = bearer(PAYMENTS)
STAGING = {"service": "payments-api", "environment": "staging"}
PROD = {"service": "payments-api", "environment": "prod"}
OTHER = {"service": "orders-api", "environment": "staging"}
EVERYTHING = bearer(credentials.TOKEN)


@pytest.fixture
def told(told_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    """A ledger that was told the story, with a token of limited reach, and people who say who they are."""
    home = tmp_path / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY, guarded=by_name) as world:
        reach = Reach(("payments-api", "search*"), ("staging",))
        credentials.issue(world.services.ledger, PAYMENTS, reach=reach)
        credentials.issue(world.services.ledger)
        yield world


def problem(answer: TestResponse) -> str | None:
    """Return why a request was refused, None when it was not for want of a permission."""
    return str(answer.get_json()["detail"]) if answer.status_code == 403 else None


def report(world: World, noun: str, headers: dict[str, str], **changes: Any) -> TestResponse:
    return world.client.post(f"/v1/{noun}", json={**BASES[noun], **changes}, headers=headers)


@pytest.mark.parametrize("noun", ["configs", "releases", "deployments", "removals", "declarations"])
def test_a_report_reaches_its_own_targets(told: World, noun: str) -> None:
    before = told.position
    for elsewhere in (PROD, OTHER, {**PROD, "service": "searching"}, {**OTHER, "service": "payments-api2"}):
        refusal = problem(report(told, noun, MINE, **elsewhere))
        assert refusal is not None
        assert f"not {elsewhere['service']} in {elsewhere['environment']}" in refusal
    assert told.position == before
    for mine in (STAGING, {**STAGING, "service": "search-api"}, {**STAGING, "service": "search"}):
        assert problem(report(told, noun, MINE, **mine)) is None


def test_a_build_is_of_a_service_and_of_no_environment(told: World) -> None:
    assert report(told, "builds", MINE).status_code == 201
    assert problem(report(told, "builds", MINE, service="orders-api")) is not None


def test_who_lists_a_whole_environment_is_not_limited_to_services(told: World) -> None:
    for noun in ("observations", "heartbeats"):
        assert problem(report(told, noun, MINE, environment="staging")) is not None
        assert problem(report(told, noun, EVERYTHING, environment="staging")) is None


def test_a_correction_is_of_what_could_have_been_reported(told: World) -> None:
    right = {"type": "removal", "occurred_at": BASES["removals"]["occurred_at"]}
    assert problem(report(told, "corrections", MINE)) is not None, "it takes back whatever it likes"
    assert problem(report(told, "corrections", MINE, replacement={**right, **PROD})) is not None
    mine = report(told, "corrections", MINE, replacement={**right, **STAGING})
    assert mine.get_json()["type"] == "/problems/correction-elsewhere"
    assert problem(report(told, "corrections", EVERYTHING)) is None


QUESTIONS = {
    "/v1/targets/payments-api@staging/releases": True,
    "/v1/targets/payments-api@prod/releases": False,
    "/v1/targets/orders-api@staging/releases": False,
    "/v1/targets/payments-api@staging/releases/1": True,
    "/v1/environments/staging/state": False,
    "/v1/environments/staging/state?service=payments-api": True,
    "/v1/environments/staging/state?service=orders-api": False,
    "/v1/environments/prod/state?service=payments-api": False,
    "/v1/environments/staging/changes": False,
    "/v1/environments/staging/diff?against=prod": False,
    "/v1/services/payments-api/state": False,
    "/v1/services/payments-api/timeline": False,
    "/v1/services/payments-api/timeline?environment=staging": True,
    "/v1/services/payments-api/timeline?environment=prod": False,
    "/v1/state": False,
    "/v1/environments": False,
    "/v1/where?name=payments-api/ci/4711": False,
    "/v1/who?name=payments-api/ci/4711": False,
    f"/v1/artifacts/{image('ci/4711')}": False,
    f"/v1/artifacts/{image('ci/4711')}/evidence": False,
    "/v1/trust/roots": False,
    "/v1/events": True,
    "/v1/events:stream": True,
    "/v1/ledger": False,
    "/v1/access/tokens": True,
    "/v1/access/who-could?scope=read&service=orders-api": True,
    "/v1/access/mine": True,
}


@pytest.mark.parametrize(("path", "may"), QUESTIONS.items())
def test_a_question_reaches_as_far(told: World, path: str, *, may: bool) -> None:
    assert (problem(told.client.get(path, headers=MINE)) is None) is may
    assert told.client.get(path, headers=EVERYTHING).status_code in (200, 404)


def test_an_event_is_shown_to_who_may_read_about_its_target(told: World) -> None:
    def seen(headers: dict[str, str]) -> set[str]:
        rows = told.client.get("/v1/events?limit=1000", headers=EVERYTHING).get_json()["events"]
        got = {
            each["stream"]: told.client.get(f"/v1/events/{each['position']}", headers=headers)
            for each in rows
        }
        assert {answer.status_code for answer in got.values()} <= {200, 403}
        return {stream for stream, answer in got.items() if answer.status_code == 200}

    assert seen(MINE) == {"target:payments-api@staging", "access"}, "it holds access:read, as far as it says"
    assert {"ledger", "access", "target:payments-api@prod", "environment:prod"} < seen(EVERYTHING)


def test_a_refusal_does_not_tell_what_an_event_is_about(told: World) -> None:
    """Who asks for one position after another would learn what else is going on, and where."""
    rows = told.client.get("/v1/events?limit=1000", headers=EVERYTHING).get_json()["events"]
    answers = (told.client.get(f"/v1/events/{each['position']}", headers=MINE) for each in rows)
    refused = {answer.get_json()["detail"] for answer in answers if answer.status_code == 403}
    assert refused == {
        "the event is about a place that you may not read about",
        "read reaches payments-api, search* in staging, not any service in any environment",
    }


def test_nor_does_that_of_a_correction(told: World) -> None:
    right = {"type": "removal", "occurred_at": BASES["removals"]["occurred_at"], **STAGING}
    rows = told.client.get("/v1/events?limit=1000", headers=EVERYTHING).get_json()["events"]
    names = {each["stream"] for each in rows if each["stream"].startswith(("target:", "environment:"))}
    asked = (report(told, "corrections", MINE, of=each["position"], replacement=right) for each in rows)
    details = " ".join(str(answer.get_json().get("detail")) for answer in asked)
    assert names
    assert [name for name in names if name in details] == []


def lines(*told: Document) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in told)


def line(kind: str, noun: str, **changes: Any) -> Document:
    return {"type": kind, **BASES[noun], **changes}


def test_each_line_of_a_batch_is_looked_at_by_itself(told: World) -> None:
    building = token_text("OnlyBuilding")
    credentials.issue(
        told.services.ledger, building, scopes=(Scope.REPORT_BUILD,), reach=Reach(("payments-api",))
    )
    batch = lines(
        line("build", "builds"),
        line("build", "builds", service="orders-api"),
        line("removal", "removals"),
        line("correction", "corrections"),
        line("build", "builds", build="ci/4721"),
    )
    answer = told.batch(batch, "each", **bearer(building))
    assert answer.status_code == 200
    results = answer.get_json()["results"]
    problems = [each["problem"] and each["problem"]["type"] for each in results]
    assert problems == [None, *["/problems/not-permitted"] * 3, None]
    assert "report:removal is needed" in results[2]["problem"]["detail"]
    before = told.position
    atomic = told.batch(
        lines(line("build", "builds", build="ci/4722"), line("removal", "removals")), **bearer(building)
    )
    assert atomic.status_code == 422
    assert [each["pointer"] for each in atomic.get_json()["errors"]] == ["#/2"]
    assert told.position == before


def test_who_may_report_nothing_may_not_even_try_a_batch(told: World) -> None:
    reading = token_text("OnlyReadingX")
    credentials.issue(told.services.ledger, reading, scopes=(Scope.READ, Scope.REPORT_EVIDENCE))
    assert "one of report:build" in str(problem(told.batch(b"", **bearer(reading))))


def test_a_stored_answer_is_not_for_who_may_not_ask_any_more(told: World) -> None:
    """Two tokens of one holder share their keys; what was answered to the one is not the other's to have."""
    key = {"Idempotency-Key": "job-1"}
    assert report(told, "removals", {**EVERYTHING, **key}, **PROD).status_code == 201
    narrow = report(told, "removals", {**MINE, **key}, **PROD)
    assert problem(narrow) is not None
    assert "Idempotency-Replayed" not in narrow.headers
    again = report(told, "removals", {**EVERYTHING, **key}, **PROD)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_stored_answer_to_a_batch_is_not_for_another_token_of_the_holder(told: World) -> None:
    building = token_text("OnlyBuilding")
    credentials.issue(told.services.ledger, building, scopes=(Scope.REPORT_BUILD,))
    batch = lines(line("removal", "removals"))
    key = {"Idempotency-Key": "job-1"}
    assert told.batch(batch, **EVERYTHING, **key).status_code == 200
    other = told.batch(batch, **bearer(building), **key)
    assert other.status_code == 422
    assert "Idempotency-Replayed" not in other.headers
    again = told.batch(batch, **EVERYTHING, **key)
    assert again.headers["Idempotency-Replayed"] == "true"


UPWARD = {
    "grant": (
        "/v1/access/proposals",
        {"grant": {"role": "admin", "holder": {"issuer": "i", "subject": "s"}}},
    ),
    "settle": ("/v1/access/proposals/1:settle", {"confirmed": True}),
    "issue": ("/v1/access/tokens", {}),
    "rotate": ("/v1/access/tokens/OfPaymentsXY:rotate", {"grace_seconds": 0}),
}


@pytest.mark.parametrize(("path", "body"), UPWARD.values(), ids=UPWARD)
def test_no_token_decides_who_may_what(told: World, path: str, body: Document) -> None:
    before = told.position
    assert problem(told.client.post(path, json=body, headers=EVERYTHING)) is not None
    assert told.position == before


ANN, BEN, DOT = as_person("ann"), as_person("ben"), as_person("dot")


@pytest.fixture
def admins(told: World) -> World:
    """Ann and Ben decide about access; Dot only about that to search."""
    with worlds.opened(told.settings, at=told.clock.at) as operated:
        for name, services in (("ann", []), ("ben", []), ("dot", ["search*"])):
            holder = {"issuer": "https://sso.example", "subject": name}
            bootstrap.agreed(operated, grant={"role": "admin", "holder": holder, "services": services})
        told.clock.at = operated.clock.at
    return told


def grant(role: str, subject: str, *services: str) -> Document:
    holder = {"issuer": "https://sso.example", "subject": subject}
    return {"role": role, "holder": holder, "services": list(services)}


def test_it_takes_two_to_give_and_one_to_take(admins: World) -> None:
    proposed = bootstrap.propose(admins, ANN, grant=grant("recorder", "eve")).get_json()
    assert proposed["waits"] is True
    path = f"/v1/access/proposals/{proposed['number']}:settle"
    alone = admins.client.post(path, json={"confirmed": True}, headers=ANN)
    assert alone.get_json()["type"] == "/problems/second-person-needed"
    assert problem(report(admins, "removals", as_person("eve"))) is not None
    assert admins.client.post(path, json={"confirmed": True}, headers=BEN).status_code == 201
    assert report(admins, "removals", as_person("eve")).status_code == 201
    late = admins.client.post(path, json={"confirmed": False}, headers=ANN)
    assert late.get_json()["type"] == "/problems/already-recorded"
    gone = bootstrap.propose(admins, ANN, revoke_grant={"number": proposed["number"]})
    assert gone.get_json()["waits"] is False
    assert problem(report(admins, "removals", as_person("eve"), service="orders-api")) is not None


def test_nobody_passes_on_more_than_they_have(admins: World) -> None:
    assert problem(bootstrap.propose(admins, DOT, grant=grant("recorder", "eve"))) is not None
    assert problem(bootstrap.propose(admins, DOT, grant=grant("recorder", "eve", "pay*"))) is not None
    assert bootstrap.propose(admins, DOT, grant=grant("recorder", "eve", "search-api")).status_code == 201
    wide = bootstrap.propose(admins, ANN, grant=grant("recorder", "fay")).get_json()["number"]
    path = f"/v1/access/proposals/{wide}:settle"
    assert problem(admins.client.post(path, json={"confirmed": True}, headers=DOT)) is not None
    token = {
        "name": "ci",
        "holder": {"issuer": "shiplog:account", "subject": "ci"},
        "scopes": ["report:build"],
        "expires_at": "2026-06-01T00:00:00Z",
    }
    tokens = "/v1/access/tokens"
    assert problem(admins.client.post(tokens, json=token, headers=DOT)) is not None
    mine = {**token, "services": ["search-api"]}
    assert admins.client.post(tokens, json=mine, headers=DOT).status_code == 201
    assert problem(admins.client.post(f"{tokens}/OfPaymentsXY:rotate", json={}, headers=DOT)) is not None


def test_an_admin_neither_reads_what_runs_nor_reports(admins: World) -> None:
    assert problem(admins.client.get("/v1/state", headers=ANN)) is not None
    assert problem(report(admins, "removals", ANN)) is not None


def test_a_person_who_was_granted_nothing_may_nothing(admins: World) -> None:
    assert problem(admins.client.get("/v1/state", headers=as_person("eve"))) is not None
    mine = admins.client.get("/v1/access/mine", headers=as_person("eve")).get_json()
    assert mine["allowances"] == []
