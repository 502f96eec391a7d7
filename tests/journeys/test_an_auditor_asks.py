"""What an auditor does by command line: the population, one change, what ran, what was known, the proof."""

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from api.cli import clock
from tests.builders import Clock
from tests.cli.running import Shell
from tests.cli.tampering import opened
from tests.http import world as worlds
from tests.http.world import FIRST, image

PAY = "payments-api"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A ledger that was told the story."""
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        worlds.tell_story(world)
    return tmp_path / "home"


@pytest.fixture
def shiplog(home: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell on that ledger, an hour later."""
    ticking = Clock(worlds.AFTER_THE_STORY)
    monkeypatch.setattr(clock, "now", ticking)
    monkeypatch.setenv("SHIPLOG_HOME", str(home))
    return Shell(ticking, monkeypatch)


def test_the_population_is_complete_and_leads_to_each_change(shiplog: Shell) -> None:
    told = list(csv.DictReader(io.StringIO(shiplog.done("changes", "prod", "--all", "-o", "csv").out)))
    rows = [row for row in told if row["number"]]
    assert [row["release"] for row in told if not row["number"]] == ["unknown"], "before the first report"
    assert [int(row["number"]) for row in rows] == list(range(len(rows), 0, -1))
    rolled_back = next(row for row in rows if row["reason"] == "payments time out")
    before = shiplog.done(
        "at", f"prod~{int(rows[0]['number']) - int(rolled_back['number']) + 1}", "--service", PAY
    )
    after = shiplog.done("at", f"prod#{rolled_back['number']}", "--service", PAY)
    assert [line[3] for line in before.lines] == ["v3"]
    assert [line[3] for line in after.lines] == ["v1"]


@pytest.mark.parametrize(
    ("moment", "release"), [("13:30", "v1"), ("14:30", "v2"), ("15:30", "v3"), ("16:30", "v1")]
)
def test_what_ran_at_a_moment(shiplog: Shell, moment: str, release: str) -> None:
    ran = shiplog.done("at", f"prod@2026-03-01T{moment}Z", "--service", PAY, "--slot", "main")
    assert [line[3] for line in ran.lines] == [release]


def test_which_commit_it_was_where_else_it_ran_and_who_let_it(shiplog: Shell) -> None:
    where = shiplog.done("where", FIRST, "-o", "json").json
    assert {place["environment"] for place in where["intervals"]} == {"staging", "prod"}
    assert where["builds"][0]["build"] == "ci/4711"
    assert shiplog.done("where", image("ci/4711"), "-o", "json").json["intervals"] == where["intervals"]
    who = shiplog.done("who", f"{PAY}@prod#1", "-o", "json").json["events"]
    assert {event["actor"]["kind"] for event in who} == {"operator"}


def test_what_changed_over_lunch(shiplog: Shell) -> None:
    ran = shiplog.done("diff", "prod@2026-03-01T13:30Z", "prod@2026-03-01T15:30Z", "-o", "json")
    (changed,) = ran.json["differing"]
    assert (changed["before"]["release"]["number"], changed["after"]["release"]["number"]) == (1, 3)


def test_a_late_correction_changes_today_s_answer_and_not_yesterday_s(shiplog: Shell) -> None:
    first = shiplog.done("at", "prod@2026-03-01T15:30Z", "-o", "json").json
    known = f"position:{first['ledger']['position']}"
    question = ("at", "prod@2026-03-01T15:30Z", "--known-at", known, "-o", "json")
    before = shiplog.done(*question).out
    position = next(place for place in first["running"] if place["service"] == PAY)["deployment"]["position"]
    shiplog.done("record", "correction", str(position), "--reason", "it never came up")
    assert shiplog.done(*question).out == before
    today = shiplog.done("at", "prod@2026-03-01T15:30Z", "--service", PAY, "-o", "json").json["running"]
    assert today[0]["release"]["number"] == 2


def test_the_record_verifies_until_someone_touches_it(shiplog: Shell, home: Path) -> None:
    noted = shiplog.done("verify", "-o", "json").json
    assert shiplog.done("verify", "-o", "json").json == noted
    with opened(home) as database:
        database.execute("UPDATE event SET recorded_at = recorded_at + 1 WHERE position = 14")
    ran = shiplog("verify")
    assert ran.code == 12
    assert "position 14" in ran.err


def test_what_is_cut_off_at_the_end_shows_against_the_numbers_noted_before(
    shiplog: Shell, home: Path
) -> None:
    noted = shiplog.done("verify", "-o", "json").json
    with opened(home), closing(sqlite3.connect(home / "ledger.db")) as database, database:
        database.execute("DELETE FROM event WHERE position = ?", (noted["events"],))
    left = shiplog.done("verify", "-o", "json").json
    assert left["events"] == noted["events"] - 1
    assert left["digest"] != noted["digest"]
