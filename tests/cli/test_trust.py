"""Taking trust back, and the table of builders, at a keyboard."""

import json
from pathlib import Path

import pytest

from tests.cli.running import Shell
from tests.mini_sigstore import MiniSigstore, p256, pem

ROWS = {"builders": [{"signer": "https://ci.example/*", "instance": "acme", "level": 2}]}


@pytest.fixture
def trusting(shiplog: Shell, tmp_path: Path) -> Shell:
    """A shell on a ledger that trusts an instance of its own."""
    root = tmp_path / "root.json"
    root.write_bytes(MiniSigstore().trusted_root())
    shiplog.done("trust", "import", str(root), "--name", "ours", "--instance", "acme")
    return shiplog


def test_a_root_is_withdrawn_and_listed_as_such(trusting: Shell, tmp_path: Path) -> None:
    (root,) = trusting.done("trust", "list", "-o", "json").json["roots"]
    assert (root["instance"], root["withdrawn"]) == ("acme", None)
    told = ("trust", "withdraw", root["root"], "--from", "2026-03-01T00:00Z", "--reason", "broken into")
    assert "trust-root-withdrawn.v1" in trusting.done(*told, "-o", "json").out
    (row,) = trusting.done("trust", "list", "-o", "csv").out.splitlines()[1:]
    assert row.split(",")[:4] == ["no", "sigstore", "ours", "acme"]
    assert row.endswith("broken into")
    assert "broken into" in trusting.done("trust", "show", root["root"]).out
    goal = tmp_path / "goal"
    trusting.done("trust", "get", root["root"], "--to", str(goal))
    assert goal.read_bytes() == (tmp_path / "root.json").read_bytes()
    trusting.done("trust", "import", str(tmp_path / "root.json"), "--instance", "acme")
    assert trusting.done("trust", "list", "-o", "json").json["roots"][0]["withdrawn"] is None


def test_what_was_never_trusted_is_not_withdrawn(shiplog: Shell) -> None:
    told = ("trust", "withdraw", "sha256:" + "5f" * 32, "--from", "now", "--reason", "left")
    assert shiplog(*told).code == 3


def test_a_table_of_builders_is_put_in_force_and_written_as_it_was(shiplog: Shell, tmp_path: Path) -> None:
    assert shiplog("trust", "builders").code == 3
    assert "no builder counts" in shiplog.done("trust", "list").err
    table, other = tmp_path / "builders.json", tmp_path / "other.json"
    table.write_text(json.dumps(ROWS))
    other.write_text('{"builders": []}')
    shiplog.done("trust", "builders", str(table), "--source", "by hand")
    assert shiplog.done("trust", "builders").out == table.read_text()
    shown = shiplog.done("trust", "list", "-o", "json").json["builders"]
    assert shown["source"] == "by hand"
    shiplog.done("trust", "builders", str(other))
    assert shiplog.done("trust", "builders").out == other.read_text()
    assert shiplog.done("trust", "builders", "--known-at", "position:2").out == table.read_text()
    assert shiplog("trust", "builders", str(table), "--known-at", "position:2").code == 2
    table.write_text('{"builders": [{"signer": "https://ci.example/*"}]}')
    assert shiplog("trust", "builders", str(table)).code == 2


def test_a_key_is_of_no_instance_and_keeps_no_log(trusting: Shell, tmp_path: Path) -> None:
    key, other = tmp_path / "key.pub.pem", tmp_path / "other.pub.pem"
    key.write_bytes(pem(p256()))
    other.write_bytes(pem(p256()))
    of_acme = trusting("trust", "import", str(key), "--key", "--instance", "acme")
    assert (of_acme.code, "of no instance" in of_acme.err) == (2, True)
    trusting.done("trust", "import", str(key), "--key")
    named = trusting.done("trust", "list", "-o", "json").json["roots"][0]["root"]
    by_key = trusting("trust", "import", str(other), "--key", "--log", named)
    assert (by_key.code, "keeps no log" in by_key.err) == (2, True)
