"""Moments as people write them, and what each comes to."""

from datetime import UTC, datetime

import pytest

from api.cli import instants
from api.cli.instants import Change, EnvironmentAt
from domain.errors import MalformedValue
from tests.cli.running import Shell

NOW = datetime(2026, 8, 14, 12, 47, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(nowhere: Shell) -> None:
    nowhere.clock.at = NOW


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-08-14T12:47:30Z", NOW),
        ("2026-08-14T12:47:30.000001Z", NOW.replace(microsecond=1)),
        ("2026-08-14T12:47Z", NOW.replace(second=0)),
        ("2026-08-14T14:47+02:00", NOW.replace(second=0)),
        ("2026-08-14t12:47z", NOW.replace(second=0)),
        ("now", NOW),
        ("today", datetime(2026, 8, 14, tzinfo=UTC)),
        ("yesterday", datetime(2026, 8, 13, tzinfo=UTC)),
        ("45s ago", NOW.replace(minute=46, second=45)),
        ("30m ago", NOW.replace(minute=17)),
        ("2h ago", NOW.replace(hour=10)),
        ("3d ago", NOW.replace(day=11)),
        ("3 d ago", NOW.replace(day=11)),
        ("prod#412", Change("prod", 412)),
        ("prod~1", Change("prod", 1, back=True)),
        ("prod~0", Change("prod", 0, back=True)),
    ],
)
def test_a_moment(text: str, meant: object) -> None:
    assert instants.parse(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "2026-08-14",
        "2026-08-14T12:47",
        "2026-08-14T12:47:30",
        "2026-08-14 12:47Z",
        "2026-02-30T00:00Z",
        "12:47Z",
        "1755175650",
        "tomorrow",
        "Yesterday",
        "2h",
        "in 2h",
        "-2h ago",
        "2w ago",
        "2.5h ago",
        "\uff12h ago",
        "prod#0",
        "prod#-1",
        "prod#01",
        "prod#",
        "prod~",
        "#412",
        "Prod#1",
        "prod@prod#1",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        instants.parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("prod", EnvironmentAt("prod", None)),
        ("prod@2026-08-14T12:47Z", EnvironmentAt("prod", NOW.replace(second=0))),
        ("prod@2h ago", EnvironmentAt("prod", NOW.replace(hour=10))),
        ("prod#412", EnvironmentAt("prod", Change("prod", 412))),
        ("prod~1", EnvironmentAt("prod", Change("prod", 1, back=True))),
        ("prod@staging#4", EnvironmentAt("prod", Change("staging", 4))),
    ],
)
def test_an_environment_at_a_moment(text: str, meant: EnvironmentAt) -> None:
    assert instants.parse_environment(text) == meant


@pytest.mark.parametrize(
    "text", ["", "@now", "prod@", "Prod", "prod@@now", "prod@now@now", "prod #1", "../state"]
)
def test_what_is_no_environment_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        instants.parse_environment(text)


def test_a_service_before_the_at_is_recognised() -> None:
    with pytest.raises(MalformedValue, match="write prod --service payments-api"):
        instants.parse_environment("payments-api@prod")


def test_the_moment_of_a_change_is_asked_for_and_said(told: Shell) -> None:
    second = told.done("at", "prod#2", "-o", "json")
    assert second.json["as_of"] == "2026-03-01T14:00:02Z"
    assert "instant: 2026-03-01T14:00:02Z" in second.err


def test_changes_are_counted_back_from_the_last(told: Shell) -> None:
    changes = told.done("changes", "prod", "-o", "json").json["changes"]
    assert told.done("at", "prod~0", "-o", "json").json["as_of"] == changes[0]["occurred_at"]
    assert told.done("at", "prod~2", "-o", "json").json["as_of"] == changes[2]["occurred_at"]


def test_counting_back_uses_only_what_was_known(told: Shell) -> None:
    changes = told.done("changes", "prod", "-o", "json").json["changes"]
    known = f"position:{changes[3]['position']}"
    assert (
        told.done("at", "prod~0", "--known-at", known, "-o", "json").json["as_of"]
        == changes[3]["occurred_at"]
    )


def test_a_withdrawn_change_is_pointed_out(told: Shell) -> None:
    last = told.done("changes", "prod", "-o", "json").json["changes"][0]
    told.done("record", "correction", str(last["position"]), "--reason", "it never ran")
    assert "was withdrawn" in told.done("at", f"prod#{last['number']}").err
