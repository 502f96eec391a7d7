"""`verify` says what holds, and names the first event that does not."""

import shutil
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.database.database import Database
from api.settings import Settings
from tests.cli.running import Shell
from tests.cli.tampering import opened, spoil


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_ledger_that_holds(told: Shell) -> None:
    ran = told.done("verify", "-o", "json")
    last = told.done("at", "prod", "-o", "json").json["ledger"]
    assert ran.json == {"events": last["position"], "digest": last["digest"]}
    assert told.done("verify").out.splitlines()[0] == f"verified     {last['position']} events"


def test_more_than_one_page(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.queries.verify_ledger.PAGE_SIZE_EVENTS", 4)
    assert told.done("verify", "-o", "json").json["events"] == 21


@pytest.mark.parametrize(
    ("attack", "position"),
    [
        ("UPDATE event SET state = CAST(replace(CAST(state AS TEXT), 'argo/992', 'argo/999') AS BLOB)", 12),
        ("DELETE FROM event WHERE position = 9", 10),
        ("UPDATE event SET recorded_at = recorded_at - 1 WHERE position = 9", 9),
        ("UPDATE event SET stream = 'build:other/ci' WHERE position = 9", 9),
        ("UPDATE event SET version = 77 WHERE position = 9", 9),
        ("UPDATE event SET topic = 'removed.v1' WHERE position = 9", 9),
        ("UPDATE event SET digest = zeroblob(32) WHERE position = 9", 9),
        ("UPDATE event SET digest = x'00' WHERE position = 9", 9),
        ("UPDATE event SET state = x'7b' WHERE position = 9", 9),
        ("UPDATE event SET state = zeroblob(100) WHERE position = 9", 9),
        ("UPDATE event SET recorded_at = 9007199254740993 WHERE position = 9", 9),
    ],
)
def test_whatever_is_altered_is_named(told: Shell, home: Path, attack: str, position: int) -> None:
    with opened(home) as database:
        assert database.execute(attack).rowcount
    ran = told("verify")
    assert (ran.code, ran.out) == (12, "")
    assert f"position {position}" in ran.err


def test_a_database_that_is_damaged_itself(told: Shell, home: Path) -> None:
    spoil(home)
    ran = told("verify")
    assert ran.code == 12
    assert "damaged" in ran.err


def test_other_keys_are_not_trusted(told: Shell, tmp_path: Path) -> None:
    told.done("init", SHIPLOG_HOME=str(tmp_path / "other"))
    ran = told("verify", "--keys", str(tmp_path / "other" / "keys"))
    assert ran.code == 12
    assert "position 1 is signed with a key this ledger does not have" in ran.err


def test_public_keys_are_enough_to_trust(told: Shell, home: Path, tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    shutil.copy(home / "keys" / "ledger.pub.pem", public)
    told.done("verify", "--keys", str(public))


def test_a_folder_without_keys_verifies_nothing(told: Shell, tmp_path: Path) -> None:
    ran = told("verify", "--keys", str(tmp_path))
    assert (ran.code, ran.out) == (4, "")
    assert "no public key" in ran.err


@pytest.mark.parametrize(
    ("attack", "position"),
    [
        ("UPDATE event SET topic = CAST(x'ff' AS TEXT)", 1),
        ("UPDATE event SET topic = CAST(x'ff' AS TEXT) WHERE position = 9", 9),
        ("UPDATE event SET stream = CAST(x'ff' AS TEXT) WHERE position = 9", 9),
    ],
)
def test_a_text_that_is_none_is_named(told: Shell, home: Path, attack: str, position: int) -> None:
    with opened(home) as database:
        assert database.execute(attack).rowcount
    ran = told("verify")
    assert (ran.code, ran.out) == (12, "")
    assert f"the event at position {position} cannot be read" in ran.err


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DROP TABLE event", "no such table: event"),
        ("ALTER TABLE event RENAME COLUMN topic TO subject", "no such column"),
    ],
)
def test_what_is_gone_is_named(told: Shell, home: Path, attack: str, said: str) -> None:
    with opened(home) as database:
        database.execute(attack)
    ran = told("verify")
    assert (ran.code, ran.out) == (12, "")
    assert said in ran.err


def test_another_file_in_place_of_the_database(told: Shell, home: Path) -> None:
    for file in home.glob("ledger.db*"):
        file.unlink()
    (home / "ledger.db").write_bytes(b"not a database at all" * 1000)
    ran = told("verify")
    assert (ran.code, ran.out) == (12, "")
    assert "file is not a database" in ran.err


def test_a_ledger_without_any_event_was_emptied(told: Shell, home: Path) -> None:
    with opened(home) as database:
        database.execute("DELETE FROM event")
    ran = told("verify")
    assert (ran.code, ran.out) == (12, "")
    assert "not even the opening event is there" in ran.err


def test_a_ledger_begins_with_its_opening(nowhere: Shell, told_home: Path, home: Path) -> None:
    shutil.copytree(told_home, home)
    for file in home.glob("ledger.db*"):
        file.unlink()
    settings = Settings(home=home)
    database = Database(settings.url)
    schema.create(database)
    database.close()
    nowhere.done("record", "config", "payments-api@prod", "--set", "A=1")
    ran = nowhere("verify")
    assert (ran.code, ran.out) == (12, "")
    assert "the event at position 1 is config-recorded.v1, expected ledger-opened.v1" in ran.err
