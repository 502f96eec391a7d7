"""`doctor` finds what is wrong and says what to do; what is right it calls ok."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli import checks, client
from tests import credentials
from tests.cli.running import Shell
from tests.cli.tampering import spoil


@pytest.fixture(autouse=True)
def local_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's list of mounts, with one local disk."""
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda / ext4 rw 0 0\n")
    monkeypatch.setattr(checks, "MOUNTS", mounts)
    return mounts


def levels(shell: Shell, code: int = 0, environment: dict[str, str] | None = None) -> dict[str, list[str]]:
    shell.environment = environment or {}
    ran = shell("doctor")
    assert ran.code == code, ran.out
    found: dict[str, list[str]] = {}
    for line in ran.out.splitlines():
        level, check, *_ = line.split()
        found.setdefault(check, []).append(level)
    return found


def test_everything_is_right(shiplog: Shell) -> None:
    assert levels(shiplog) == {
        "settings": ["ok"],
        "home": ["ok"],
        "keys": ["ok", "ok"],
        "file": ["ok"],
        "sqlite": ["ok"],
        "ledger": ["ok"],
        "clock": ["ok"],
        "evidence": ["ok", "ok", "ok"],
        "access": ["ok"],
        "serve": ["ok"],
    }


def test_as_a_document(shiplog: Shell) -> None:
    findings = shiplog.done("doctor", "-o", "json").json["findings"]
    assert {frozenset(finding) for finding in findings} == {frozenset(("level", "check", "detail", "remedy"))}


def test_there_is_no_ledger(nowhere: Shell) -> None:
    found = levels(nowhere, code=1)
    assert found["home"] == ["fail"]
    assert found["ledger"] == ["fail"]
    assert not client.settings().home.exists(), "nothing is made"


@pytest.mark.parametrize(
    ("path", "mode", "check", "level"),
    [
        ("", 0o777, "home", "fail"),
        ("", 0o755, "home", "warn"),
        ("keys/ledger.pem", 0o644, "keys", "fail"),
        ("keys/digest.key", 0o640, "keys", "fail"),
    ],
)
def test_what_others_may_reach(shiplog: Shell, path: str, mode: int, check: str, level: str) -> None:
    (client.settings().home / path).chmod(mode)
    assert level in levels(shiplog, code=int(level == "fail"))[check]


@pytest.mark.parametrize("name", ["ledger.pem", "digest.key", "ledger.pub.pem"])
def test_a_key_is_missing(shiplog: Shell, tmp_path: Path, name: str) -> None:
    (tmp_path / "home" / "keys" / name).unlink()
    assert "fail" in levels(shiplog, code=1)["keys"]


def test_sqlite_over_a_network_is_refused(shiplog: Shell, local_disk: Path, tmp_path: Path) -> None:
    local_disk.write_text(
        f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\nproc /proc proc rw 0 0\n"
    )
    assert levels(shiplog, code=1)["file"] == ["fail"]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["/dev/sda / ext4 rw 0 0"], "ext4"),
        (["/dev/sda / ext4 rw 0 0", "tmpfs {here}/a tmpfs rw 0 0"], "tmpfs"),
        (["s:/x {here} nfs4 rw 0 0", "/dev/sda / ext4 rw 0 0"], "nfs4"),
        (["s:/x {here} nfs4 rw 0 0", "/dev/sdb {here}/a ext4 rw 0 0"], "ext4"),
        (["/dev/sda / ext4 rw 0 0", "s:/x {here}/a\\040b cifs rw 0 0"], "ext4"),
        (["/dev/sda / ext4 rw 0 0", "s:/x {here}/ab cifs rw 0 0"], "ext4"),
        (["gibberish"], None),
    ],
)
def test_the_mount_that_a_folder_is_on(tmp_path: Path, lines: list[str], kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("\n".join(lines).replace("{here}", str(tmp_path)))
    assert checks.file_system(tmp_path / "a" / "b", mounts) == kind


def test_the_file_system_cannot_be_told(shiplog: Shell, local_disk: Path) -> None:
    local_disk.unlink()
    assert levels(shiplog)["file"] == ["warn"]


def test_the_database_is_damaged(shiplog: Shell, tmp_path: Path) -> None:
    spoil(tmp_path / "home")
    assert "fail" in levels(shiplog, code=1)["sqlite"]


def test_the_database_is_not_journalled_ahead(shiplog: Shell, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    assert levels(shiplog)["sqlite"] == ["warn"]


def test_the_clock_went_back(shiplog: Shell) -> None:
    shiplog.clock.at -= timedelta(hours=1)
    assert levels(shiplog, code=1)["clock"] == ["fail"]


def test_a_mistyped_setting(shiplog: Shell) -> None:
    assert levels(shiplog, code=1, environment={"SHIPLOG_TOKN": "x"}) == {"settings": ["fail"]}


def test_a_server_that_others_can_reach(shiplog: Shell) -> None:
    open_to_all = {"SHIPLOG_BIND": "0.0.0.0:8642"}
    assert levels(shiplog, environment=open_to_all)["serve"] == ["warn"]
    behind = {**open_to_all, "SHIPLOG_PROXIES": "10.0.0.0/8"}
    assert levels(shiplog, environment=behind)["serve"] == ["ok"]
    for everyone in ("10.0.0.0/8,0.0.0.0/0", "0.0.0.0/1,128.0.0.0/1", "2000::/3"):
        believing = {"SHIPLOG_PROXIES": everyone}
        assert levels(shiplog, code=1, environment=believing)["proxies"] == ["fail"], everyone


def test_who_may_ask(shiplog: Shell) -> None:
    assert "closed: nobody may ask a server" in shiplog.done("doctor").out
    credentials.issue_in(client.settings(), now=shiplog.clock)
    assert "0 grants, 0 bindings, 1 tokens" in shiplog.done("doctor").out


@pytest.mark.parametrize("networks", ["10.0.0.1/8", "proxy.example", "10.0.0.0/8;fd00::/8", "*"])
def test_proxies_that_are_no_networks(shiplog: Shell, networks: str) -> None:
    assert levels(shiplog, code=1, environment={"SHIPLOG_PROXIES": networks}) == {"settings": ["fail"]}


def test_a_server_that_does_not_answer(nowhere: Shell) -> None:
    assert levels(nowhere, code=1, environment={"SHIPLOG_SERVER": "http://127.0.0.1:9"})["server"] == ["fail"]
