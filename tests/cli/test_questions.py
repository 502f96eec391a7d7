"""Asking: the same answers as the API gives, in every format."""

import csv
import io
import json

import orjson
import pytest

from api.cli import clock
from api.cli.client import connected
from tests.cli.running import Shell
from tests.http.world import FIRST, SECOND, image

QUESTIONS = {
    ("at",): "/v1/state",
    ("at", "prod"): "/v1/environments/prod/state",
    ("at", "prod", "--service", "payments-api", "--slot", "main"): (
        "/v1/environments/prod/state?service=payments-api&slot=main"
    ),
    ("at", "--service", "payments-api"): "/v1/services/payments-api/state",
    ("at", "prod@2026-03-01T15:30Z"): "/v1/environments/prod/state?as_of=2026-03-01T15:30:00Z",
    ("diff", "prod@2026-03-01T13:30Z", "prod@2026-03-01T15:30Z"): (
        "/v1/environments/prod/diff?from=2026-03-01T13:30:00Z&to=2026-03-01T15:30:00Z"
    ),
    ("diff", "staging", "prod", "--at", "2026-03-01T15:30Z"): (
        "/v1/environments/staging/diff?against=prod&as_of=2026-03-01T15:30:00Z"
    ),
    ("timeline", "payments-api", "--environment", "prod"): (
        "/v1/services/payments-api/timeline?environment=prod&limit=100"
    ),
    ("changes", "prod", "--from", "2026-03-01T14:00Z"): (
        "/v1/environments/prod/changes?from=2026-03-01T14:00:00Z&limit=100"
    ),
    ("where", FIRST[:12]): f"/v1/where?name={FIRST[:12]}",
    ("who", "payments-api@prod#1"): "/v1/who?name=payments-api@prod%231",
    ("release", "list", "payments-api@prod"): "/v1/targets/payments-api@prod/releases?limit=100",
    ("release", "show", "payments-api@prod#2"): "/v1/targets/payments-api@prod/releases/2",
}


@pytest.mark.parametrize(("arguments", "target"), QUESTIONS.items(), ids=lambda each: " ".join(each)[:40])
def test_json_is_the_answer_of_the_api_and_nothing_else(
    told: Shell, arguments: tuple[str, ...], target: str
) -> None:
    ran = told.done(*arguments, "-o", "json")
    told.clock.advance(-1)
    assert told.clock is clock.now
    with connected() as api:
        answer = api.transport.send("GET", target, None, "application/json")
    assert ran.out.encode() == answer.body + b"\n"


@pytest.mark.parametrize("arguments", QUESTIONS, ids=lambda each: " ".join(each)[:40])
def test_every_format_shows_the_same_rows(told: Shell, arguments: tuple[str, ...]) -> None:
    rows = [orjson.loads(line) for line in told.done(*arguments, "-o", "jsonl").out.splitlines()]
    cells = list(csv.reader(io.StringIO(told.done(*arguments, "-o", "csv").out)))
    table = told.done(*arguments).out.splitlines()
    written = told.done(*arguments, "-o", "md").out.splitlines()
    assert rows
    assert len(rows) == len(cells) - 1 == len(table) - 1 == len(written) - 2
    assert {len(row) for row in cells} == {written[0].count("|") - 1}


@pytest.mark.parametrize("arguments", QUESTIONS, ids=lambda each: " ".join(each)[:40])
def test_the_part_of_the_ledger_an_answer_came_from_is_said(told: Shell, arguments: tuple[str, ...]) -> None:
    assert "ledger: position " in told.done(*arguments, "-o", "json").err


def test_the_same_question_with_both_clocks_has_the_same_bytes_for_ever(told: Shell) -> None:
    question = ("at", "prod@2026-03-01T15:30Z", "--known-at", "position:12", "-o", "json")
    before = told.done(*question).out
    told.done("record", "removal", "payments-api@prod", "--occurred-at", "2026-03-01T15:00Z")
    assert told.done(*question).out == before


def test_known_at_takes_a_moment_too(told: Shell) -> None:
    at_noon = told.done("at", "prod@2026-03-01T15:30Z", "--known-at", "2026-03-01T13:30Z", "-o", "json").json
    assert [
        place["release"]["number"] for place in at_noon["running"] if place["service"] == "payments-api"
    ] == [1]


def test_what_a_diff_says(told: Shell) -> None:
    ran = told.done("diff", "prod@2026-03-01T13:30Z", "prod@2026-03-01T15:30Z")
    assert ran.lines[0][:6] == ["payments-api", "main", "changed", "deploy", "v1", "v3"]
    assert "1 differ, 1 are the same" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("prod@2026-03-01T13:30Z", "prod@2026-03-01T15:30Z", "--exit-code"), 11),
        (("prod@2026-03-01T13:30Z", "prod@2026-03-01T15:30Z"), 0),
        (("prod@2026-03-01T13:30Z", "prod@2026-03-01T13:31Z", "--exit-code"), 0),
        (("prod~2", "prod", "--exit-code"), 11),
        (("prod", "prod@2026-03-01T15:30Z", "--exit-code"), 11),
        (("staging@2026-03-01T15:30Z", "prod@2026-03-01T15:30Z", "--exit-code"), 11),
        (("prod", "prod"), 2),
        (("prod@yesterday", "prod", "--at", "now"), 2),
        (("staging@2026-03-01T15:30Z", "prod@2026-03-01T15:31Z"), 2),
        (("staging@2026-03-01T15:30Z", "prod"), 2),
        (("staging@2026-03-01T15:30Z", "prod", "--at", "2026-03-01T15:31Z"), 2),
        (("prod",), 2),
    ],
)
def test_a_difference_as_an_exit_code(told: Shell, arguments: tuple[str, ...], code: int) -> None:
    assert told("diff", *arguments).code == code


@pytest.mark.parametrize(
    "arguments",
    [
        ("at", "--slot", "main"),
        ("at", "prod@yesterday", "--as-of", "yesterday"),
        ("at", "prod", "--known-at", "position:x"),
        ("timeline", "payments-api", "--limit", "0"),
    ],
)
def test_a_question_that_cannot_be_meant(told: Shell, arguments: tuple[str, ...]) -> None:
    assert told(*arguments).code == 2


def test_a_list_is_read_page_by_page_from_one_prefix(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told.done("changes", "prod", "--all", "-o", "json").json
    monkeypatch.setattr("api.cli.listing.PAGE_SIZE_MAX", 2)
    told.clock.advance(-1)
    paged = told.done("changes", "prod", "--all", "-o", "json").json
    assert paged == whole
    assert [change["number"] for change in paged["changes"]] == list(range(whole["total"], 0, -1))
    some = told.done("changes", "prod", "--limit", "3", "-o", "json")
    assert some.json["changes"] == whole["changes"][:3]
    assert "there are more" in some.err


def test_nothing_ran_is_an_answer(told: Shell) -> None:
    told.done("record", "removal", "search-api@prod", "--occurred-at", "2026-02-28T13:00Z")
    ran = told.done("at", "prod@2026-02-28T14:00Z")
    assert "nothing ran\n" in ran.err
    assert len(ran.out.splitlines()) == 1


def test_where_and_who_by_digest(told: Shell) -> None:
    assert {line[3] for line in told.done("where", image("ci/4712")).lines} == {"v3"}
    topics = [line[2] for line in told.done("who", SECOND).lines]
    assert topics[0] == "build-recorded.v1"
    assert "deployment-succeeded.v1" in topics


def test_digests_are_cut_for_a_terminal_only(told: Shell) -> None:
    question = ("release", "show", "payments-api@prod#1")
    digest = told.done(*question, "-o", "json").json["release"]["digest"]
    assert digest in told.done(*question).out
    told.terminal = True
    shown = told.done(*question).out
    assert digest[:19] in shown
    assert digest not in shown
    assert json.loads(told.done(*question, "-o", "json").out)["release"]["digest"] == digest
