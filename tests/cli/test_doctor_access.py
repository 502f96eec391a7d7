"""`doctor` on what was given to whom, and on settings that can be read and are not safe all the same."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from api import wiring
from api.access import opaque
from api.cli import client, setting_checks
from api.settings import Settings
from tests.cli.running import Shell
from tests.cli.test_access import ISSUER, WHY, granted, issued
from tests.cli.test_doctor import levels, local_disk
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.people import as_person, by_name
from tests.issuer import Issuer

__all__ = ["local_disk"]  # used by each test here, as there

INSIDE = ("--network", "10.0.0.0/8")
WARNED = "warn"


def said(shiplog: Shell, check: str, **environment: Any) -> str:
    """Return what `doctor` says of *check*: detail and remedy, in one text; nothing when nothing is wrong."""
    findings = shiplog("doctor", "-o", "json", **environment)
    rows = orjson.loads(findings.out)["findings"]
    wrong = [each for each in rows if each["check"] == check and each["level"] != "ok"]
    assert all(each["remedy"] for each in wrong), "each says what to do"
    return "\n".join(f"{each['detail']}; {each['remedy']}" for each in wrong)


def token_of(text: str) -> str:
    token = opaque.parse(text)
    assert token is not None
    return token.id


def test_a_token_that_is_bound_in_use_and_good_for_long_is_right(shiplog: Shell) -> None:
    issued(shiplog, "ci", "--scope", "read", *INSIDE)
    assert said(shiplog, "tokens") == ""


def test_tokens_that_are_good_from_anywhere(shiplog: Shell) -> None:
    issued(shiplog, "bound", "--scope", "read", *INSIDE)
    anywhere = token_of(issued(shiplog, "anywhere", "--scope", "read"))
    assert f"good from anywhere: {anywhere};" in said(shiplog, "tokens")
    shiplog.done("token", "revoke", anywhere, *WHY)
    assert said(shiplog, "tokens") == ""


def test_tokens_that_end_soon(shiplog: Shell) -> None:
    ending = token_of(issued(shiplog, "ci", "--scope", "read", *INSIDE, "--for", "20d"))
    assert said(shiplog, "tokens") == ""
    shiplog.clock.at += timedelta(days=7)
    assert f"ending soon: {ending} 2026-03-21" in said(shiplog, "tokens")
    shiplog.clock.at += timedelta(days=14)
    assert said(shiplog, "tokens") == "", "it has ended"


def test_tokens_that_nobody_uses(shiplog: Shell) -> None:
    long = ("--scope", "read", *INSIDE, "--for", "365d")
    never, once, often = (token_of(issued(shiplog, name, *long)) for name in ("never", "once", "often"))
    issued_at = shiplog.clock.at
    shiplog.clock.at += timedelta(days=91)
    services = wiring.wire(client.settings(), now=shiplog.clock)
    services.token_uses.uses.keep(
        {once: (issued_at, "10.0.0.0/24"), often: (shiplog.clock.at, "10.0.0.0/24")}
    )
    services.close()
    told = said(shiplog, "tokens")
    assert f"not used for 90 days: {', '.join(sorted((never, once)))};" in told
    assert often not in told


def test_many_are_told_as_a_number(shiplog: Shell) -> None:
    for number in range(8):
        issued(shiplog, f"ci-{number}", "--scope", "read")
    assert " and 3 more;" in said(shiplog, "tokens")


def test_an_only_admin(shiplog: Shell) -> None:
    assert said(shiplog, "admins") == ""
    granted(shiplog, "admin", "ann")
    assert "ann of https://sso.example is the only one" in said(shiplog, "admins")
    granted(shiplog, "auditor", "eve")
    assert "is the only one" in said(shiplog, "admins")
    granted(shiplog, "admin", "ben")
    assert said(shiplog, "admins") == ""


def test_two_identities_of_one_admin_are_one(shiplog: Shell, tmp_path: Path) -> None:
    for subject in ("ann", "ann-too"):
        granted(shiplog, "admin", subject)
    one, other = ({"issuer": "https://sso.example", "subject": each} for each in ("ann", "ann-too"))
    link = tmp_path / "link.json"
    link.write_bytes(orjson.dumps({"link": {"one": one, "other": other, "how": "stated"}}))
    shiplog.done("access", "propose", str(link), *WHY)
    assert "is the only one" in said(shiplog, "admins")


def test_proposals_that_wait(shiplog: Shell) -> None:
    for name in ("ann", "ben"):
        granted(shiplog, "admin", name)
    with worlds.opened(client.settings(), at=shiplog.clock.at, guarded=by_name) as world:
        change = {"grant": {"role": "auditor", "holder": {"issuer": "https://sso.example", "subject": "eve"}}}
        proposed = bootstrap.propose(world, as_person("ann"), **change)
        assert proposed.get_json()["waits"], proposed.text
        number = proposed.get_json()["number"]
        shiplog.clock.at = world.clock.at
    assert f"waiting to be confirmed or rejected: {number};" in said(shiplog, "proposals")
    shiplog.clock.at += timedelta(days=8)
    assert said(shiplog, "proposals") == "", "it has expired"


def test_a_file_of_keys_that_grew_old(shiplog: Shell, tmp_path: Path) -> None:
    keys = {name: each for name, each in ISSUER.items() if name != "jwks_url"}
    trust = tmp_path / "issuer.json"
    trust.write_bytes(orjson.dumps({"issuer": {**keys, "jwks": Issuer().jwks().decode()}}))
    shiplog.done("access", "propose", str(trust), *WHY)
    assert said(shiplog, "issuers") == ""
    shiplog.clock.at += timedelta(days=181)
    assert "older than 180 days: https://token.actions.githubusercontent.com;" in said(shiplog, "issuers")
    trust.write_bytes(orjson.dumps({"issuer": ISSUER}))
    shiplog.done("access", "propose", str(trust), *WHY)
    assert said(shiplog, "issuers") == "", "their keys are fetched"


def test_a_token_beside_a_ledger_that_asks_for_none(shiplog: Shell) -> None:
    assert "SHIPLOG_TOKEN is set and SHIPLOG_SERVER is not" in said(shiplog, "token", SHIPLOG_TOKEN="x")  # noqa: S106 - it opens nothing
    assert said(shiplog, "token") == ""


def test_a_folder_of_keys_in_which_others_may_write(shiplog: Shell) -> None:
    folder = client.settings().home / "keys"
    folder.chmod(0o770)
    assert "fail" in levels(shiplog, code=1)["keys"]
    assert f"others may write in {folder}" in said(shiplog, "keys")


@pytest.mark.parametrize(
    ("server", "warned"),
    [
        ("http://ledger.example", True),
        ("http://127.0.0.1.example:9", True),
        ("http://localhost.example:9", True),
        ("https://127.0.0.1:9", False),
        ("http://127.0.0.1:9", False),
        ("http://localhost:9", False),
        ("http://[::1]:9", False),
    ],
)
def test_a_server_that_is_talked_to_in_clear(server: str, warned: bool) -> None:
    found = list(setting_checks.transport(Settings(home=Path(), server=server)))
    assert [each.check for each in found] == (["transport"] if warned else [])


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("postgresql+psycopg://u:hunter2@db.example/shiplog", True),
        ("postgresql+psycopg://u:hunter2@db.example/shiplog?sslmode=prefer", True),
        ("postgresql+psycopg://u:hunter2@/shiplog?host=db1:5432&host=db2:5432", True),
        ("postgresql+psycopg://u:hunter2@db.example/shiplog?sslmode=verify-full", False),
        ("postgresql+psycopg://u:hunter2@127.0.0.1/shiplog", False),
        ("postgresql+psycopg:///shiplog?host=/run/postgresql", False),
        ("sqlite:///x.db", False),
    ],
)
def test_a_database_that_is_talked_to_in_clear(tmp_path: Path, url: str, warned: bool) -> None:
    found = list(setting_checks.found(Settings(home=tmp_path, database_url=url)))
    assert [each.check for each in found] == (["database"] if warned else [])
    assert "hunter2" not in "".join(each.detail for each in found)
