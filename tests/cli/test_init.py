"""`init` makes what is missing, says so, and never replaces anything."""

import stat
from pathlib import Path

from tests.cli.running import Shell


def test_what_was_made_is_said(nowhere: Shell, tmp_path: Path) -> None:
    made = nowhere.done("init").out.splitlines()
    assert [line.split()[1] for line in made] == ["signing", "digest", "database", "ledger"]
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "home" / "keys" / "ledger.pem").stat().st_mode) == 0o600


def test_it_is_safe_to_repeat(shiplog: Shell, tmp_path: Path) -> None:
    keys = (tmp_path / "home" / "keys" / "ledger.pem").read_bytes()
    assert shiplog.done("init").out == f"everything was there, in {tmp_path / 'home'}\n"
    assert shiplog.done("init", "-o", "json").json == {"home": str(tmp_path / "home"), "made": []}
    assert (tmp_path / "home" / "keys" / "ledger.pem").read_bytes() == keys


def test_it_makes_no_ledger_beside_the_server_that_is_used(nowhere: Shell, tmp_path: Path) -> None:
    ran = nowhere("init", SHIPLOG_SERVER="https://ledger.example")
    assert ran.code == 2
    assert not (tmp_path / "home").exists()
