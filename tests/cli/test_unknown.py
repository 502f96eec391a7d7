"""What nobody reported on, and what does not agree: rows of their own, and an exit code."""

import csv
import io
from pathlib import Path

import orjson
import pytest

from tests.cli.running import Shell
from tests.sbom_story import plain

DIGEST, OTHER = ("sha256:" + digits * 32 for digits in ("5f", "6a"))
AGENT = ("--reporter", "agent")
NOT_HEARD = "no report from agent since 2026-03-01T12:02:00Z"


@pytest.fixture
def watched(shiplog: Shell) -> Shell:
    """A prod where release 1 runs since 12:01, and an agent was silent from 12:04 to 12:40."""
    source = ("--repository", "https://git.example/pay", "--commit", "9f2c" * 10)
    when = ("--occurred-at", "2026-03-01T12:00Z")
    shiplog.clock.advance(3600)
    shiplog.done("record", "build", "pay", "--build", "ci/1", *source, "--artifact", f"pay={DIGEST}", *when)
    shiplog.done("record", "config", "pay@prod", "--set", "A=1", *when)
    shiplog.done("release", "cut", "pay@prod", "--build", "ci/1", *when)
    shiplog.done("record", "deployment", "pay@prod", "--release", "1", "--occurred-at", "2026-03-01T12:01Z")
    for minute in ("02", "40"):
        seen = ("--running", f"pay={DIGEST}", "--every", "2m")
        at = ("--occurred-at", f"2026-03-01T12:{minute}Z")
        shiplog.done("record", "observation", "prod", *AGENT, *seen, *at)
    return shiplog


def test_a_heartbeat_says_when_its_reporter_is_heard_again(watched: Shell) -> None:
    receipt = watched.done("record", "heartbeat", "prod", *AGENT, "--every", "90s", "-o", "json")
    assert receipt.json["topic"] == "environment-heartbeat.v1"
    assert "id:" not in receipt.err
    again = watched.done("record", "heartbeat", "prod", *AGENT, "--last", "-o", "json", CI="true")
    assert again.json["position"] == receipt.json["position"] + 1


@pytest.mark.parametrize(
    "told",
    [
        (),
        ("--every", "2m", "--last"),
        ("--every", "90"),
        ("--every", "0s"),
        ("--every", "32d"),
        ("--every", "-1m"),
        ("--every", ""),
    ],
)
def test_a_promise_that_cannot_be_meant(watched: Shell, told: tuple[str, ...]) -> None:
    assert watched("record", "heartbeat", "prod", *AGENT, *told).code == 2


def test_a_moment_nobody_reported_on_is_shown_as_unknown(watched: Shell) -> None:
    ran = watched.done("at", "prod@2026-03-01T12:20Z", "-o", "csv")
    unknown, pay = csv.DictReader(io.StringIO(ran.out))
    assert (unknown["environment"], unknown["release"]) == ("prod", "unknown")
    assert (unknown["since"], unknown["until"]) == ("2026-03-01T12:04:00Z", "2026-03-01T12:40:00Z")
    assert unknown["observed"] == NOT_HEARD
    assert (pay["service"], pay["release"], pay["observed"]) == ("pay", "v1", "match")
    assert "nobody reported in 1 stretch of time" in ran.err
    assert "nobody reported" not in watched.done("at", "prod@2026-03-01T12:03Z").err


@pytest.mark.parametrize("question", [("timeline", "pay"), ("changes", "prod")], ids=lambda each: each[0])
def test_lists_have_what_is_unknown_in_its_place(watched: Shell, question: tuple[str, ...]) -> None:
    until = ("--to", "2026-03-01T12:41Z")
    rows = [orjson.loads(line) for line in watched.done(*question, *until, "-o", "jsonl").out.splitlines()]
    assert ["unknown" in row for row in rows] == [True, False, True]
    assert rows[0]["unknown"] == {
        "environment": "prod",
        "from": "2026-03-01T12:04:00Z",
        "to": "2026-03-01T12:40:00Z",
        "why": NOT_HEARD,
    }
    cells = list(csv.DictReader(io.StringIO(watched.done(*question, *until, "-o", "csv").out)))
    assert [cell["release"] for cell in cells] == ["unknown", "v1", "unknown"]
    assert cells[0]["reason"] == NOT_HEARD
    table = watched.done(*question, *until).out.splitlines()
    assert NOT_HEARD in table[1]


def test_where_something_ran_has_what_is_unknown_in_its_place(
    watched: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sbom.json").write_bytes(plain(jinja2="3.1.2"))
    watched.done("record", "evidence", str(tmp_path / "sbom.json"), "--for", DIGEST)
    silence = [("2026-03-01T12:42:00Z", ""), ("2026-03-01T12:04:00Z", "2026-03-01T12:40:00Z")]
    for name, why in ((DIGEST, "reason"), ("pkg:pypi/jinja2", "sbom")):
        ran = watched.done("where", name, "-o", "csv")
        *unknown, pay = csv.DictReader(io.StringIO(ran.out))
        assert [(row["since"], row["until"]) for row in unknown] == silence
        assert {(row["environment"], row["release"]) for row in unknown} == {("prod", "unknown")}
        assert unknown[1][why] == NOT_HEARD
        assert (pay["release"], pay["until"]) == ("v1", "")
        assert "nobody reported in 2 stretches of time" in ran.err
    monkeypatch.setattr("domain.queries.unreported.UNKNOWN_MAX", 1)
    for name, remedy in (
        (DIGEST, "see `shiplog timeline`"),
        ("pkg:pypi/jinja2", "ask with --environment, --from and --to"),
    ):
        assert f"more of the time: {remedy}" in watched.done("where", name).err


def test_pages_about_a_component_are_one_list_of_what_is_unknown(
    watched: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sbom.json").write_bytes(plain(jinja2="3.1.2"))
    watched.done("record", "evidence", str(tmp_path / "sbom.json"), "--for", DIGEST)
    watched.done("record", "config", "pay@qa", "--set", "A=1", "--occurred-at", "2026-03-01T12:00Z")
    watched.done("release", "cut", "pay@qa", "--build", "ci/1", "--occurred-at", "2026-03-01T12:00Z")
    watched.done("record", "heartbeat", "qa", *AGENT, "--every", "2m", "--occurred-at", "2026-03-01T12:43Z")
    for target, minute in (("pay@qa", "05"), ("pay@prod", "45")):
        when = ("--occurred-at", f"2026-03-01T12:{minute}Z")
        watched.done("record", "deployment", target, "--release", "1", *when)
    asked = ("where", "pkg:pypi/jinja2", "--to", "2026-03-01T12:50Z", "-o", "json")
    whole = watched.done(*asked).json
    monkeypatch.setattr("api.cli.listing.PAGE_SIZE_MAX", 1)
    assert watched.done(*asked).json == whole
    assert [each["environment"] for each in whole["unknown"]] == ["qa", "prod", "prod"]


def test_what_is_unknown_stands_on_two_pages_and_is_shown_once(
    watched: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in ("20", "30"):
        when = ("--occurred-at", f"2026-03-01T12:{minute}Z")
        watched.done("record", "deployment", "pay@prod", "--release", "1", *when)
    asked = ("timeline", "pay", "--to", "2026-03-01T12:41Z", "-o", "json")
    whole = watched.done(*asked).json
    monkeypatch.setattr("api.cli.listing.PAGE_SIZE_MAX", 1)
    paged = watched.done(*asked)
    assert paged.json == whole
    assert [each["from"] for each in whole["unknown"]] == ["2026-03-01T12:04:00Z", None]


def test_drift_is_an_exit_code(watched: Shell) -> None:
    watched.done("record", "observation", "prod", *AGENT, "--running", f"pay={DIGEST}", "--every", "2m")
    clear = watched("drift", "prod")
    assert (clear.code, len(clear.out.splitlines())) == (0, 1)
    assert "no drift" in clear.err
    silent = watched("drift", "prod", "--at", "2026-03-01T12:20Z", "-o", "json")
    assert silent.code == 11
    assert [(each["kind"], each["why"]) for each in silent.json["findings"]] == [("unknown", NOT_HEARD)]
    watched.done("record", "observation", "prod", *AGENT, "--running", f"pay={OTHER}", "--every", "2m")
    found = watched("drift", "prod", "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(found.out))
    assert (found.code, row["kind"], row["observed"]) == (11, "observed-not-released", OTHER)
    assert row["why"] == "agent saw what no release of pay@prod contains; no build of pay made it"
    assert watched("drift", "nowhere").code == 3
