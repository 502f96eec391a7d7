"""Every way to be wrong that a caller can meet: refused with a problem that has a page, nothing recorded."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.access import opaque
from api.access.opaque import OpaqueKind
from api.app import OPERATIONS
from api.problems import KINDS
from api.settings import Settings
from tests import credentials
from tests.credentials import TOKEN, token_text
from tests.http import refused, refused_access, refused_law, refused_webhooks
from tests.http import world as worlds
from tests.http.refused import BASES, HIDDEN, POSITIONS, Case
from tests.http.world import FIRST, REPOSITORY, Document, World, image

CASES = [*refused.cases(), *refused_access.cases(), *refused_law.cases(), *refused_webhooks.cases()]

ELSEWHERE = {
    # Rows of the table of problems that no single request can bring about, and where they are met.
    "idempotency-key-reused": "below",
    "malformed-request": "below",
    "unauthenticated": "below",
    "broken-ledger": "below",
    "not-a-ledger": "below",
    "key-unusable": "when a ledger is opened, before anything is asked",
    "conflicting-append": "when races are lost eight times over: tests of the commands",
    "ledger-unavailable": "below",
    "not-confirmed": "the wait for a standby is cancelled: tests of a promotion",
    "evidence-lost": "the journey of evidence: somebody deletes the file",
    "credential-refused": "below",
    "not-our-form": "tests of sessions, which no program has",
    "login-refused": "tests of logins",
    "provider-unavailable": "tests of logins at a provider",
    "fresh-login-needed": "tests of fresh logins, which no operator and no program has",
    "proposal-closed": "tests of access",
    "access-full": "tests of access",
    "precondition-failed": "tests of the layer; no operation has a precondition yet",
    "precondition-required": "no operation has a precondition yet",
    "too-many-requests": "nobody counts requests yet",
    "too-many-waiting": "nobody waits for long here: tests of events",
    "unexpected": "a bug: tests of the layer",
}


@pytest.fixture(scope="module")
def ready(told_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A ledger that no refused request changes, so that all of them can be sent to the same."""
    home = tmp_path_factory.mktemp("refusals") / "home"
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY) as world:
        refused.prepare(world)
        refused_access.prepare(world)
        refused_law.prepare(world)
        refused_webhooks.prepare(world)
        yield world


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_it_is_refused_with_its_problem_and_nothing_is_recorded(ready: World, case: Case) -> None:
    before = ready.position
    answer = ready.client.open(
        case.path, method=case.method, data=case.body, content_type=case.media, headers=case.headers
    )
    assert ready.position == before
    assert answer.status_code == case.status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem: Document = json.loads(answer.get_data())
    assert problem["type"] == f"/problems/{case.slug}", problem
    assert problem["status"] == case.status
    assert problem["title"]
    assert problem["detail"]
    places = [
        each.get("pointer") or each.get("parameter") or each["header"] for each in problem.get("errors", [])
    ]
    assert tuple(places) == case.places, problem
    assert all(each["detail"] and each["code"] for each in problem.get("errors", []))
    assert HIDDEN not in answer.text
    page = ready.client.get(problem["type"])
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert problem["title"] in page.text


def test_there_are_many_of_them_and_no_two_are_the_same() -> None:
    assert len(CASES) >= 110
    assert len({case.what for case in CASES}) == len(CASES)


def test_every_problem_is_met_here_or_is_said_to_be_met_elsewhere() -> None:
    met = {case.slug for case in CASES}
    assert not met & ELSEWHERE.keys()
    assert met | ELSEWHERE.keys() == {kind.slug for kind in KINDS.values()}


def test_every_operation_refuses_something(ready: World) -> None:
    app: Any = ready.client.application
    served = app.url_map.bind("localhost")
    met = {
        served.match(case.path.partition("?")[0], method=case.method)[0]
        for case in CASES
        if case.slug not in ("unknown-path", "method-not-offered")
    }
    asking_nothing = {"api.readyz"}
    assert {f"api.{operation.name}" for operation in OPERATIONS} - met == asking_nothing


@pytest.mark.parametrize("noun", BASES)
def test_the_requests_they_are_a_step_away_from_are_accepted(
    told_ledger: Settings, tmp_path: Path, noun: str
) -> None:
    with worlds.copied(told_ledger, tmp_path / "home", at=worlds.AFTER_THE_STORY) as world:
        refused.prepare(world)
        answer = world.client.post(f"/v1/{noun}", json=BASES[noun])
        assert answer.status_code == 201, answer.text


def problem_of(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.get_json()["type"].removeprefix("/problems/")


def test_a_key_is_not_reused_for_another_request(told_ledger: Settings, tmp_path: Path) -> None:
    with worlds.copied(told_ledger, tmp_path / "home", at=worlds.AFTER_THE_STORY) as world:
        key = {"Idempotency-Key": "job-1"}
        assert world.client.post("/v1/removals", json=BASES["removals"], headers=key).status_code == 201
        before = world.position
        for noun, body in BASES.items():
            sent = {**body, "reporter": "another"}
            answer = world.client.post(f"/v1/{noun}", json=sent, headers=key)
            assert problem_of(answer) == (422, "idempotency-key-reused")
        assert world.position == before


def test_a_body_whose_sender_went_away_is_not_read(ready: World) -> None:
    before = ready.position
    body = json.dumps(BASES["builds"]).encode()
    answer = ready.client.post(
        "/v1/builds",
        data=body,
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 1)},
    )
    assert problem_of(answer) == (400, "malformed-request")
    assert ready.position == before


CREDENTIALS = {
    "none": (None, "unauthenticated"),
    "an empty one": ("", "unauthenticated"),
    "no token": ("Bearer", "unauthenticated"),
    "another scheme": (f"Basic {TOKEN}", "unauthenticated"),
    "no scheme": (TOKEN, "unauthenticated"),
    "an empty token": ("Bearer ", "credential-refused"),
    "a made up one": ("Bearer wrong", "credential-refused"),
    "another secret": (f"Bearer {token_text('ForTheseTest', 'B')}", "credential-refused"),
    "one that was never issued": (f"Bearer {token_text('NeverBeforeX')}", "credential-refused"),
    "one that was never exchanged": (
        f"Bearer {opaque.generate(OpaqueKind.EXCHANGED)[0]}",
        "credential-refused",
    ),
    "a mistyped one": (f"Bearer {TOKEN[:-1]}", "credential-refused"),
    "two": (f"Bearer {TOKEN}, Bearer {TOKEN}", "credential-refused"),
    "one with blanks": (f"Bearer  {TOKEN}", "credential-refused"),
}


@pytest.mark.parametrize(("given", "slug"), CREDENTIALS.values(), ids=CREDENTIALS)
def test_without_the_token_nothing_is_recorded_or_told(
    told_ledger: Settings, tmp_path: Path, given: str | None, slug: str
) -> None:
    home = tmp_path / "home"
    headers = {} if given is None else {"Authorization": given}
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY, guarded=worlds.by_credential) as world:
        credentials.issue(world.services.ledger)
        before = world.position
        for operation in OPERATIONS:
            path = re.sub("<[^>]*>", "1", operation.path)
            answer = world.client.open(path, method=operation.method, headers=headers)
            if operation.is_open:
                assert answer.status_code in (200, 415)
            else:
                assert problem_of(answer) == (401, slug)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert world.position == before


@pytest.mark.parametrize(
    "path",
    [
        "environments/prod/changes?cursor={}&limit=1&from=2026-03-01T12:00:00Z",
        "environments/prod/changes?cursor={}&known_at=position:9",
        "environments/staging/changes?cursor={}&limit=1&from=2026-03-01T12:00:00Z",
        "services/payments-api/timeline?cursor={}",
        "targets/payments-api@prod/releases?cursor={}",
    ],
)
def test_a_cursor_is_no_good_for_another_question(ready: World, path: str) -> None:
    cursor = ready.answer("environments/prod/changes", limit=1)["next"]
    assert ready.ask("environments/prod/changes", limit=2, cursor=cursor).status_code == 200
    answer = ready.ask(path.format(cursor))
    assert problem_of(answer) == (422, "foreign-cursor")
    assert answer.get_json()["errors"][0]["parameter"] == "cursor"


def test_a_cursor_of_another_ledger_is_no_good(ready: World, tmp_path: Path) -> None:
    cursor = ready.answer("environments/prod/changes", limit=1)["next"]
    with worlds.opened(worlds.make(tmp_path / "other")) as world:
        answer = world.ask("environments/prod/changes", cursor=cursor)
        assert problem_of(answer) == (422, "foreign-cursor")


def test_a_ledger_that_was_altered_answers_nothing_about_what_was(
    told_ledger: Settings, tmp_path: Path
) -> None:
    with worlds.copied(told_ledger, tmp_path / "home", at=worlds.AFTER_THE_STORY) as world:
        with database(world) as connection:
            for (trigger,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            (state,) = connection.execute("SELECT state FROM event WHERE position = 2").fetchone()
            other = bytes([*state[:-1], state[-1] ^ 1])
            connection.execute("UPDATE event SET state = ? WHERE position = 2", (other,))
        before = world.position
        for answer in (world.ask("who", name="payments-api/ci/4711"), again(world)):
            assert problem_of(answer) == (500, "broken-ledger")
        assert world.position == before


def again(world: World) -> TestResponse:
    """Tell the first build again, which is then read."""
    build = {
        "service": "payments-api",
        "build": "ci/4711",
        "label": "v1",
        "builder": "https://ci.example/builder@v3",
        "source": {"repository": REPOSITORY, "commit": FIRST, "ref": "refs/heads/main"},
        "artifacts": [{"name": "payments-api", "digest": image("ci/4711")}],
    }
    return world.report("builds", **build)


def test_what_is_not_a_ledger_any_more_is_not_ready(told_ledger: Settings, tmp_path: Path) -> None:
    with worlds.copied(told_ledger, tmp_path / "home", at=worlds.AFTER_THE_STORY) as world:
        assert world.client.get("/readyz").status_code == 200
        with database(world) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        newer = world.client.get("/readyz")
        assert problem_of(newer) == (503, "ledger-unavailable")
        assert newer.headers["Retry-After"]
        with database(world) as connection:
            connection.execute("DROP TABLE alembic_version")
        assert problem_of(world.client.get("/readyz")) == (503, "not-a-ledger")
        assert world.client.get("/livez").status_code == 200


@contextmanager
def database(world: World) -> Iterator[sqlite3.Connection]:
    """Lend the database file behind the ledger's back."""
    with closing(sqlite3.connect(world.settings.home / "ledger.db")) as connection, connection:
        yield connection


def test_the_positions_in_the_table_are_those_of_the_story(ready: World) -> None:
    topics = {each["position"]: each["topic"] for each in ready.answer("events", limit=1000)["events"]}
    assert {kind: topics[position] for kind, position in POSITIONS.items()} == {
        "opened": "ledger-opened.v1",
        "build": "build-recorded.v1",
        "config": "config-recorded.v1",
        "release": "release-cut.v1",
        "deployed": "deployment-succeeded.v1",
        "corrected": "deployment-started.v1",
    }
