"""What a CI job does: builds, configures, releases, runs, and retries every step without harm."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.http import world as worlds
from tests.http.world import FIRST, REPOSITORY, SECOND, Document, World, image

HIDDEN = "correct horse battery staple"
PERSON = "ann.reporter@example.com"
PROD = {"service": "payments-api", "environment": "prod"}


def a_build(name: str = "ci/1", commit: str = FIRST, **changes: Any) -> Document:
    return {
        "service": "payments-api",
        "build": name,
        "occurred_at": "2026-03-01T12:00:00Z",
        "source": {"repository": REPOSITORY, "commit": commit},
        "artifacts": [{"name": "payments-api", "digest": image(name)}],
        **changes,
    }


def a_config(**changes: Any) -> Document:
    entries = {"LOG_LEVEL": {"value": "info"}, "TOKEN": {"secret": HIDDEN}}
    return {**PROD, "occurred_at": "2026-03-01T12:00:00Z", "entries": entries, "author": PERSON, **changes}


def a_release(build: str = "ci/1", **changes: Any) -> Document:
    return {**PROD, "occurred_at": "2026-03-01T12:00:00Z", "build": build, **changes}


def a_deployment(release: int = 1, name: str = "argo/1", **changes: Any) -> Document:
    return {
        **PROD,
        "occurred_at": "2026-03-01T12:00:00Z",
        "release": release,
        "deployment": name,
        **changes,
    }


STEPS: list[tuple[str, Document]] = [
    ("builds", a_build()),
    ("configs", a_config()),
    ("releases", a_release()),
    ("deployments", a_deployment(outcome="started", occurred_at="2026-03-01T12:00:01Z")),
    ("deployments", a_deployment(occurred_at="2026-03-01T12:00:02Z")),
]
OBSERVED = {
    "environment": "prod",
    "reporter": "agent",
    "running": [{"service": "payments-api", "artifacts": [image("ci/1")]}],
    "occurred_at": "2026-03-01T12:00:03Z",
}


@pytest.fixture
def ran(world: World) -> World:
    """A ledger in which the first release runs."""
    for noun, body in STEPS:
        world.recorded(noun, **body)
    return world


def seen(world: World, **query: Any) -> Document:
    """Return the one thing that runs in prod."""
    (running,) = world.answer("environments/prod/state", **query)["running"]
    return dict(running)


def refused(answer: TestResponse, status: int, slug: str) -> Document:
    assert answer.status_code == status, answer.text
    problem: Document = answer.get_json()
    assert problem["type"] == f"/problems/{slug}"
    return problem


def test_a_job_builds_configures_releases_and_deploys(world: World) -> None:
    answers = [world.recorded(noun, **body) for noun, body in STEPS]
    assert [each["topic"] for each in answers] == [
        "build-recorded.v1",
        "config-recorded.v1",
        "release-cut.v1",
        "deployment-started.v1",
        "deployment-succeeded.v1",
    ]
    assert [each["position"] for each in answers] == [2, 3, 4, 5, 6]
    assert (answers[1]["config"], answers[2]["release"], answers[2]["config"]) == (1, 1, 1)
    assert (answers[3]["deployment"], answers[4]["release"]) == ("argo/1", 1)
    for said in world.said:
        position = said.get_json()["position"]
        assert said.headers["Location"] == f"/v1/events/{position}"
        assert said.headers["Ledger-Head"].startswith(f"position={position}, digest=")
        assert world.client.get(said.headers["Location"]).status_code == 200
    running = seen(world)
    assert (running["release"]["number"], running["build"]["id"]) == (1, "ci/1")
    assert running["since"] == "2026-03-01T12:00:02Z"


@pytest.mark.parametrize("again", range(len(STEPS)))
def test_a_step_that_is_retried_is_answered_as_before_and_recorded_once(ran: World, again: int) -> None:
    noun, body = STEPS[again]
    first = ran.said[again].get_json()
    position = ran.position
    answer = ran.report(noun, **body)
    assert answer.status_code == 200, answer.text
    assert answer.get_json() == {**first, "existing": True}
    assert ran.position == position


def test_a_job_that_retries_its_build_later_may_say_a_later_time(ran: World) -> None:
    assert ran.report("builds", **a_build(occurred_at=ran.now)).status_code == 200


def test_a_start_that_did_not_succeed_leaves_what_ran_before(ran: World) -> None:
    before = seen(ran)
    ran.recorded("configs", **a_config(entries={"LOG_LEVEL": {"value": "debug"}}, occurred_at=ran.now))
    ran.recorded("releases", **a_release(occurred_at=ran.now))
    ran.recorded("deployments", **a_deployment(2, "argo/2", outcome="started", occurred_at=ran.now))
    failed = a_deployment(2, "argo/2", outcome="failed", reason="it did not start", occurred_at=ran.now)
    ran.recorded("deployments", **failed)
    assert seen(ran) == before
    retried = a_deployment(2, "argo/2", occurred_at=ran.now)
    refused(ran.report("deployments", **retried), 409, "already-recorded")
    ran.recorded("deployments", **{**retried, "deployment": "argo/3"})
    assert seen(ran)["release"]["number"] == 2


def test_a_report_under_an_id_of_its_own_is_told_once(world: World) -> None:
    first = world.recorded("builds", **a_build(id="run-1", reporter="ci"))
    assert world.report("builds", **a_build(id="run-1", reporter="ci")).get_json()["existing"]
    other = world.report("builds", **a_build("ci/2", id="run-1", reporter="ci"))
    refused(other, 409, "already-recorded")
    assert world.recorded("builds", **a_build("ci/2", id="run-1", reporter="other"))["position"] == 3
    assert first["position"] == 2


def test_the_same_key_with_the_same_request_gives_the_same_answer_again(world: World) -> None:
    key = {"Idempotency-Key": "job-4711/build"}
    first = world.client.post("/v1/builds", json=a_build(), headers=key)
    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (201, None)
    world.recorded("configs", **a_config())
    again = world.client.post("/v1/builds", json=a_build(), headers=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.get_data() == first.get_data()
    assert again.mimetype == first.mimetype
    assert world.position == 3
    other = world.client.post("/v1/builds", json=a_build("ci/2"), headers=key)
    refused(other, 422, "idempotency-key-reused")
    elsewhere = world.client.post("/v1/configs", json=a_config(), headers=key)
    refused(elsewhere, 422, "idempotency-key-reused")
    assert world.position == 3


def test_a_key_outlives_a_restart(world: World) -> None:
    key = {"Idempotency-Key": "job-4711/build"}
    first = world.client.post("/v1/builds", json=a_build(), headers=key)
    world.services.close()
    with worlds.opened(world.settings) as again:
        answer = again.client.post("/v1/builds", json=a_build(), headers=key)
        assert (answer.status_code, answer.get_data()) == (201, first.get_data())


def test_a_refusal_is_not_kept_under_a_key(world: World) -> None:
    key = {"Idempotency-Key": "job-4711/release"}
    world.recorded("configs", **a_config())
    refused(world.client.post("/v1/releases", json=a_release(), headers=key), 404, "unknown-build")
    world.recorded("builds", **a_build())
    assert world.client.post("/v1/releases", json=a_release(), headers=key).status_code == 201


def test_a_batch_is_kept_under_a_key_as_well(world: World) -> None:
    lines = jsonl({"type": "build", **a_build()})
    first = world.batch(lines, **{"Idempotency-Key": "import/1"})
    again = world.batch(lines, **{"Idempotency-Key": "import/1"})
    assert (again.status_code, again.get_data()) == (200, first.get_data())
    assert again.get_json()["new"] == 1


def test_a_failed_build_never_becomes_a_release(world: World) -> None:
    world.recorded("configs", **a_config())
    world.recorded("builds", **a_build(outcome="failed", artifacts=[]))
    position = world.position
    refused(world.report("releases", **a_release()), 409, "failed-build")
    refused(world.report("builds", **a_build()), 409, "already-recorded")
    assert world.position == position


def test_the_same_build_with_the_same_configuration_is_the_same_release(ran: World) -> None:
    again = ran.report("releases", **a_release(occurred_at=ran.now, id="another-run"))
    assert (again.status_code, again.get_json()["release"]) == (200, 1)
    ran.recorded("configs", **a_config(entries={"LOG_LEVEL": {"value": "debug"}}, occurred_at=ran.now))
    assert ran.recorded("releases", **a_release(occurred_at=ran.now))["release"] == 2
    back = ran.report("releases", **a_release(occurred_at=ran.now, config=1))
    assert (back.status_code, back.get_json()["release"]) == (200, 1)
    ran.recorded("builds", **a_build("ci/2", SECOND))
    assert ran.recorded("releases", **a_release("ci/2", occurred_at=ran.now, config=1))["release"] == 3


def test_a_rollback_runs_an_earlier_release_and_says_so(ran: World) -> None:
    ran.recorded("builds", **a_build("ci/2", SECOND))
    ran.recorded("releases", **a_release("ci/2"))
    ran.recorded("deployments", **a_deployment(2, "argo/2", occurred_at=ran.now))
    forward = a_deployment(2, "argo/3", rollback=True, occurred_at=ran.now)
    refused(ran.report("deployments", **forward), 409, "not-a-rollback")
    back = a_deployment(1, "argo/3", rollback=True, reason="it was slow", occurred_at=ran.now)
    ran.recorded("deployments", **back)
    running = seen(ran)
    assert running["release"]["number"] == 1
    assert (running["deployment"]["kind"], running["deployment"]["reason"]) == ("rollback", "it was slow")


def test_a_removal_leaves_nothing_running(ran: World) -> None:
    removal = {**PROD, "reason": "the service is retired", "occurred_at": ran.now}
    ran.recorded("removals", **removal)
    assert ran.answer("environments/prod/state")["running"] == []
    assert ran.report("removals", **removal).status_code == 200
    (nothing, _) = ran.answer("services/payments-api/timeline")["intervals"]
    assert (nothing["release"], nothing["since"]) == (None, removal["occurred_at"])


def test_slots_run_different_releases_at_once(ran: World) -> None:
    ran.recorded("builds", **a_build("ci/2", SECOND))
    ran.recorded("releases", **a_release("ci/2"))
    ran.recorded("deployments", **a_deployment(2, "argo/2", slot="eu-west", occurred_at=ran.now))
    running = ran.answer("environments/prod/state")["running"]
    assert {each["slot"]: each["release"]["number"] for each in running} == {"eu-west": 2, "main": 1}


def test_what_was_seen_matches_differs_or_was_not_reported(ran: World) -> None:
    assert seen(ran)["observed"] == "not reported"
    ran.recorded("observations", **OBSERVED)
    assert ran.report("observations", **OBSERVED).status_code == 200
    assert seen(ran)["observed"] == "match"
    ran.clock.advance(60)
    other = [{"service": "payments-api", "artifacts": [image("a stranger")]}]
    ran.recorded("observations", **{**OBSERVED, "running": other, "occurred_at": ran.now})
    assert seen(ran)["observed"] == "differs"
    ran.clock.advance(60)
    ran.recorded("observations", **{**OBSERVED, "running": [], "occurred_at": ran.now})
    assert seen(ran)["observed"] == "differs"
    assert seen(ran, as_of="2026-03-01T12:00:03Z")["observed"] == "match"
    assert seen(ran, as_of="2026-03-01T12:00:02Z")["observed"] == "not reported"


def test_a_secret_is_nowhere_to_be_read_afterwards(ran: World) -> None:
    lines = jsonl({"type": "config", **a_config(occurred_at=ran.now, environment="staging")})
    ran.batch(lines, **{"Idempotency-Key": "configs"})
    leaky = {"LOG_LEVEL": {"value": "info", "secret": HIDDEN}, "TOKEN": {"secret": [HIDDEN]}}
    ran.report("configs", **a_config(entries=leaky))
    ran.report("configs", **a_config(entries={"TOKEN": {"secret": HIDDEN, "surplus": HIDDEN}}))
    asked = [ran.ask(path) for path in everything(ran)]
    assert {answer.status_code for answer in asked} == {200}
    signed = [b64decode(row["payload"]) for row in ran.answer("events", limit=1000)["events"]]
    written = [path.read_bytes() for path in files(ran.settings.home)]
    contents = [*(answer.get_data() for answer in (*ran.said, *asked)), *signed, *written]
    assert any(b"LOG_LEVEL" in each for each in signed)
    assert any(b"LOG_LEVEL" in each for each in written), "what is stored can be read"
    for text in (HIDDEN, PERSON):
        for spelling in (text.encode(), b64encode(text.encode()).rstrip(b"="), text.encode().hex().encode()):
            assert not any(spelling in each for each in contents)


def everything(world: World) -> list[str]:
    """Return a path for each question there is, and one for each event."""
    return [
        "environments",
        "state",
        "environments/prod/state",
        "environments/prod/changes",
        "environments/prod/diff?from=2026-03-01T11:00:00Z",
        "services/payments-api/state",
        "services/payments-api/timeline",
        "targets/payments-api@prod/releases",
        "targets/payments-api@prod/releases/1",
        f"where?name={FIRST}",
        f"who?name={FIRST}",
        "events?limit=1000",
        *(f"events/{position}" for position in range(1, world.position + 1)),
    ]


def files(home: Path) -> list[Path]:
    return [path for path in sorted(home.rglob("*")) if path.is_file()]


def test_a_secret_that_changes_makes_another_configuration_and_one_that_does_not_makes_none(
    world: World,
) -> None:
    hours = iter(range(1, 9))

    def number(**entries: Document) -> int:
        body = a_config(entries=entries, occurred_at=f"2026-03-01T0{next(hours)}:00:00Z")
        return int(world.recorded("configs", **body)["config"])

    assert number(TOKEN={"secret": HIDDEN}) == 1
    assert number(TOKEN={"secret": HIDDEN}) == 1
    assert number(TOKEN={"secret": "another"}) == 2
    assert number(OTHER={"secret": HIDDEN}) == 3
    assert number(TOKEN={"secret": "hmac-sha256:" + "0" * 64}) == 4


def jsonl(*lines: Document) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


BATCH = [
    {"type": "build", **a_build()},
    {"type": "config", **a_config()},
    {"type": "release", **a_release()},
    {"type": "deployment", **a_deployment()},
    {"type": "observation", **OBSERVED, "occurred_at": "2026-03-01T12:00:00Z"},
]


def test_a_batch_may_build_on_its_own_lines(world: World) -> None:
    answer = world.batch(jsonl(*BATCH))
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert (told["new"], told["existing"], told["refused"]) == (5, 0, 0)
    assert [each["line"] for each in told["results"]] == [1, 2, 3, 4, 5]
    assert [each["recorded"]["position"] for each in told["results"]] == [2, 3, 4, 5, 6]
    assert told["ledger"]["position"] == world.position == 6
    assert answer.headers["Ledger-Head"].startswith("position=6, digest=")
    assert seen(world)["observed"] == "match"


def test_a_batch_sent_again_records_nothing(world: World) -> None:
    first = world.batch(jsonl(*BATCH)).get_json()
    again = world.batch(jsonl(*BATCH)).get_json()
    assert (again["new"], again["existing"], again["refused"]) == (0, 5, 0)
    assert again["ledger"] == first["ledger"]
    positions = [[each["recorded"]["position"] for each in told["results"]] for told in (first, again)]
    assert positions[0] == positions[1]


def test_an_atomic_batch_with_one_bad_line_records_nothing_and_names_it(world: World) -> None:
    bad = {"type": "deployment", **a_deployment(9)}
    problem = refused(world.batch(jsonl(*BATCH[:3], bad, BATCH[4])), 422, "batch-refused")
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("#/4", "unknown-release")]
    assert world.position == 1
    assert world.ask("environments/prod/state").status_code == 404


def test_a_batch_line_by_line_records_the_good_ones_and_says_why_not_the_others(world: World) -> None:
    bad = {"type": "deployment", **a_deployment(9)}
    ill = {"type": "removal", **PROD, "occurred_at": "yesterday"}
    lines = jsonl(*BATCH[:3], bad) + b"\n{\n" + jsonl(ill, BATCH[3], BATCH[3])
    answer = world.batch(lines, mode="each")
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert (told["new"], told["existing"], told["refused"]) == (4, 1, 3)
    problems = {each["line"]: each["problem"] for each in told["results"] if each["problem"]}
    assert {line: problem["type"] for line, problem in problems.items()} == {
        4: "/problems/unknown-release",
        6: "/problems/malformed-json",
        7: "/problems/invalid-request",
    }
    assert problems[7]["errors"][0]["pointer"] == "#/occurred_at"
    assert {each["line"] for each in told["results"] if each["recorded"]} == {1, 2, 3, 8, 9}
    assert world.position == 5
    assert seen(world)["release"]["number"] == 1


def test_a_batch_can_correct_what_the_ledger_has(ran: World) -> None:
    wrong = ran.position
    line = {
        "type": "correction",
        "of": wrong,
        "reason": "it was the other slot",
        "occurred_at": ran.now,
        "replacement": {"type": "deployment", **a_deployment(name="argo/1b", slot="eu-west")},
    }
    told = ran.batch(jsonl(line)).get_json()
    assert told["new"] == 1
    assert seen(ran)["slot"] == "eu-west"
    assert ran.batch(jsonl(line)).get_json()["existing"] == 1


def test_history_from_before_the_ledger_is_declared_and_stays_marked(world: World) -> None:
    declared: Document = {
        "service": "publisher",
        "environment": "prod",
        "occurred_at": "2020-01-01T00:00:00Z",
    }
    first = world.recorded("declarations", **declared, label="v1", config="git-blob:1", commit=FIRST)
    assert first["release"] == 1
    assert (
        world.report("declarations", **declared, label="v1", config="git-blob:1", commit=FIRST).status_code
        == 200
    )
    running = seen(world)
    assert (running["build"]["identity"], running["build"]["label"]) == ("declared", "v1")
    assert (running["build"]["artifacts"], running["config"]["reference"]) == ([], "git-blob:1")
    later = {**declared, "occurred_at": "2020-02-01T00:00:00Z"}
    world.recorded("declarations", **later, label=None)
    assert world.answer("environments/prod/state")["running"] == []
    assert world.ask("where", name=FIRST[:7]).get_json()["releases"][0]["number"] == 1
