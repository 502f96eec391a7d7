"""`rebuild` says whether the read models were what the events say, and mends them when they were not."""

from pathlib import Path

import pytest

from adapters.database.database import Database
from adapters.readmodels import alone
from tests.cli.running import Shell, Terminal
from tests.cli.tampering import opened


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_read_models_that_hold_are_equal(told: Shell) -> None:
    before = told.done("at", "prod", "-o", "json").json["running"]
    events = told.done("verify", "-o", "json").json["events"]
    ran = told.done("rebuild", "-o", "json").json
    assert (ran["events"], ran["equal"], ran["differing"]) == (events, True, [])
    assert ran["seconds"] > 0
    assert told.done("at", "prod", "-o", "json").json["running"] == before
    assert ["equal", "yes"] in [line.split() for line in told.done("rebuild").out.splitlines()]


def test_what_was_altered_is_found_by_check_and_mended_without(told: Shell, home: Path) -> None:
    before = told.done("at", "prod", "-o", "json").json["running"]
    with opened(home) as database:
        assert database.execute("UPDATE release_v2 SET number = number + 100").rowcount
    for options in (("--check",), ()):
        ran = told("rebuild", *options, "-o", "json")
        assert ran.code == 11
        assert (ran.json["equal"], ran.json["differing"]) == (False, ["release_v2"])
    assert told.done("rebuild", "--check").code == 0
    assert told.done("at", "prod", "-o", "json").json["running"] == before


@pytest.mark.parametrize(
    ("attack", "position"),
    [
        ("DELETE FROM event WHERE position = 9", 10),
        ("UPDATE event SET state = CAST(replace(CAST(state AS TEXT), 'argo/992', 'argo/999') AS BLOB)", 12),
        ("UPDATE event SET version = 77 WHERE position = 9", 9),
        ("UPDATE event SET recorded_at = recorded_at - 1 WHERE position = 9", 9),
        (
            "INSERT INTO event SELECT -1, 'x', version, topic, 1, digest, state FROM event LIMIT 1",
            -1,
        ),
    ],
)
def test_a_broken_chain_is_named_and_changes_nothing(
    told: Shell, home: Path, attack: str, position: int
) -> None:
    running = told.done("at", "prod", "-o", "json").json["running"]
    with opened(home) as database:
        assert database.execute(attack).rowcount
        database.execute("UPDATE release_v2 SET first_of_build = 99")
    ran = told("rebuild")
    assert (ran.code, ran.out) == (12, "")
    assert f"position {position}" in ran.err
    with opened(home) as database:
        assert database.execute("SELECT min(first_of_build) FROM release_v2").fetchone() == (99,)
        assert database.execute(
            "SELECT count(*) FROM sqlite_master WHERE name LIKE '%!_next%' ESCAPE '!'"
        ).fetchone() == (0,)
    assert len(told.done("at", "prod", "-o", "json").json["running"]) == len(running)


def test_a_second_one_is_refused(told: Shell, home: Path) -> None:
    database = Database(f"sqlite:///{home}/ledger.db")
    try:
        with alone.rebuilding(database):
            ran = told("rebuild")
    finally:
        database.close()
    assert (ran.code, ran.out) == (69, "")
    assert "another rebuild is under way" in ran.err


def test_it_works_on_the_ledger_of_this_machine(told: Shell) -> None:
    assert told("rebuild", SHIPLOG_SERVER="http://127.0.0.1:9").code == 2


def test_someone_at_a_terminal_sees_how_far_it_is(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.progress.REFRESH_SECONDS", 0)
    monkeypatch.setattr("adapters.readmodels.rebuild.PAGE_EVENTS", 10)
    monkeypatch.setattr(Terminal, "terminal", True)  # of stderr; stdout is told by the shell
    err = told.done("rebuild").err
    assert "10 events, " in err
    assert "left" in err


def test_a_version_whose_tables_were_never_filled_is_told_what_to_do(
    told: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told.done("at", "prod", "-o", "json").json["running"]
    with opened(home) as database:
        database.execute("DELETE FROM projection")
    monkeypatch.setattr("api.wiring.CATCH_UP_EVENTS_MAX", 5)
    ran = told("at", "prod")
    assert ran.code == 69
    assert "run `shiplog rebuild`" in ran.err
    assert told.done("rebuild", "-o", "json").json["equal"] is None
    assert told.done("at", "prod", "-o", "json").json["running"] == before
