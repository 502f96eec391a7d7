"""`init` makes what is missing, says so, and never replaces anything."""

import stat
from pathlib import Path

from tests.cli.running import Shell


def test_what_was_made_is_said(nowhere: Shell, tmp_path: Path) -> None:
    made = nowhere.done("init").out.splitlines()
    what = ["signing", "digest", "webhook", "database", "ledger", "table", "trusted"]
    assert [line.split()[1] for line in made] == what
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "home" / "keys" / "ledger.pem").stat().st_mode) == 0o600


def test_it_is_safe_to_repeat(shiplog: Shell, tmp_path: Path) -> None:
    keys = (tmp_path / "home" / "keys" / "ledger.pem").read_bytes()
    shiplog.done("init")  # the ledger that was copied trusts nobody yet
    assert shiplog.done("init").out == f"everything was there, in {tmp_path / 'home'}\n"
    assert shiplog.done("init", "-o", "json").json == {"home": str(tmp_path / "home"), "made": []}
    assert (tmp_path / "home" / "keys" / "ledger.pem").read_bytes() == keys


def test_the_root_that_the_sigstore_package_carries_is_trusted_unless_told_otherwise(nowhere: Shell) -> None:
    nowhere.done("init", "--no-trust-root")
    assert nowhere.done("trust", "list", "-o", "json").json["roots"] == []
    (made,) = nowhere.done("init").out.splitlines()
    (root,) = nowhere.done("trust", "list", "-o", "json").json["roots"]
    assert root["root"] in made
    assert (root["kind"], root["content"]) == ("sigstore", root["root"])
    told = nowhere.done("trust", "show", root["root"], "-o", "json").json
    assert told == root
    assert nowhere("trust", "show", "sha256:" + "5f" * 32).code == 3


def test_what_was_said_of_the_root_and_the_builders_since_is_not_taken_back(
    nowhere: Shell, tmp_path: Path
) -> None:
    nowhere.done("init")
    (root,) = nowhere.done("trust", "list", "-o", "json").json["roots"]
    assert root["instance"] == "public-good"
    table = tmp_path / "builders.json"
    table.write_text('{"builders": []}')
    nowhere.done("trust", "builders", str(table))
    nowhere.done("trust", "withdraw", root["root"], "--from", "2026-01-01T00:00Z", "--reason", "not ours")
    before = nowhere.done("trust", "list", "-o", "json").out
    assert nowhere.done("init", "-o", "json").json["made"] == []
    assert nowhere.done("trust", "list", "-o", "json").out == before


def test_it_makes_no_ledger_beside_the_server_that_is_used(nowhere: Shell, tmp_path: Path) -> None:
    ran = nowhere("init", SHIPLOG_SERVER="https://ledger.example")
    assert ran.code == 2
    assert not (tmp_path / "home").exists()
