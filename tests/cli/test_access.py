"""Who may do what, from the command line: as the local operator, and over the wire as anybody else."""

import json
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from api.access import opaque
from api.settings import Settings
from domain.access.reach import Reach
from domain.access.scopes import Scope
from tests import credentials
from tests.cli.running import Ran, Shell
from tests.cli.test_serve import served
from tests.credentials import token_text

SSO = "https://sso.example"
WHY = ("--reason", "it is needed")
GITHUB = "https://token.actions.githubusercontent.com"
ISSUER = {
    "url": GITHUB,
    "platform": "github",
    "audience": "https://ledger.example",
    "algorithms": ["RS256"],
    "jwks_url": f"{GITHUB}/.well-known/jwks",
}
BINDING = {
    "name": "payments-ci",
    "issuer": GITHUB,
    "rules": {"repository_id": ["41"], "repository_owner_id": ["7"]},
    "services": ["payments-api"],
    "role": "recorder",
}


def issued(shiplog: Shell, *words: str) -> str:
    """Return the token that was issued, which is all that is on stdout."""
    ran = shiplog.done("token", "issue", *words)
    assert ran.out.count("\n") == 1
    return ran.out.strip()


def granted(shiplog: Shell, role: str, subject: str, *more: str) -> Ran:
    return shiplog.done("access", "grant", role, subject, "--issuer", SSO, *WHY, *more)


def test_a_token_is_printed_once_and_told_about_without_it(shiplog: Shell) -> None:
    text = issued(shiplog, "ci", "--scope", "report:build", "--scope", "read", "--service", "pay*")
    token = opaque.parse(text)
    assert token is not None
    ((id_, *row),) = shiplog.done("token", "list").lines
    assert id_ == token.id
    assert row[:8] == ["ci", "ci", "of", "shiplog:account", "read,", "report:build", "pay*", "in"]
    assert text not in shiplog.done("token", "list", "-o", "json").out
    listed = shiplog.done("token", "list", "-o", "json").json["tokens"][0]
    assert listed["expires_at"].startswith("2026-05-30"), "in 90 days"


def test_a_token_is_rotated_and_revoked(shiplog: Shell) -> None:
    first = issued(shiplog, "ci", "--scope", "read", "--for", "1d")
    id_ = first.split("_")[1]
    second = shiplog.done("token", "rotate", id_, "--grace", "1h").out.strip()
    assert second.split("_")[1] == id_
    assert second != first
    assert shiplog.done("token", "rotate", id_, "--for", "30d", "-o", "json").json["secret"] != second
    assert shiplog.done("token", "revoke", id_, *WHY, "-o", "json").json["topic"] == "token-revoked.v1"
    assert shiplog.done("token", "list").lines[0][-1] == "revoked"
    assert shiplog.done("token", "list", "--live").lines == []
    assert shiplog("token", "revoke", id_, *WHY).code == 0, "said again, it is what was recorded"
    assert shiplog("token", "revoke", id_, "--reason", "something else").code == 5
    assert shiplog("token", "rotate", id_).code == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("issue", "ci"), 2),
        (("issue", "ci", "--scope", "access:confirm"), 2),
        (("issue", "ci", "--scope", "read", "--for", "366d"), 2),
        (("issue", "ci", "--scope", "read", "--network", "10.0.0.1/8"), 2),
        (("issue", "ci", "--scope", "read", "--service", "*"), 2),
        (("rotate", "NoSuchToken1"), 3),
        (("rotate", "../../readyz"), 2),
        (("revoke", "NoSuchToken1", *WHY), 3),
        (("revoke", "NoSuchToken1"), 2),
    ],
)
def test_a_token_that_cannot_be_meant(shiplog: Shell, words: tuple[str, ...], code: int) -> None:
    ran = shiplog("token", *words)
    assert (ran.code, ran.out) == (code, "")


def test_the_operator_needs_nobody_and_the_record_says_so(shiplog: Shell) -> None:
    ran = granted(shiplog, "admin", "ann")
    assert "it holds" in ran.err
    (row,) = shiplog.done("access", "list").lines
    assert row[:4] == ["1", "admin", "ann", "of"]
    (given,) = shiplog.done("who-could", "access:confirm", "-o", "json").json["people"]
    operator = {"kind": "operator", "issuer": "shiplog:embedded", "subject": "operator"}
    assert [each["actor"] for each in given["given_by"]] == [operator, operator]
    assert [each["topic"] for each in given["given_by"]] == ["access-proposed.v1", "access-settled.v1"]


def test_a_grant_ends_and_what_was_is_still_known(shiplog: Shell) -> None:
    granted(shiplog, "auditor", "auditors", "--group", "--service", "pay*", "--environment", "prod")
    (row,) = shiplog.done("access", "list").lines
    assert " ".join(row[2:9]) == "group auditors of https://sso.example pay* in prod"
    shiplog.done("access", "revoke", "1", *WHY)
    assert shiplog.done("access", "list").lines == []
    assert len(shiplog.done("access", "list", "--known-at", "position:3").lines) == 1
    assert shiplog("access", "revoke", "1", *WHY).code == 3


def test_any_change_comes_from_a_file(shiplog: Shell, tmp_path: Path) -> None:
    file = tmp_path / "issuer.json"
    file.write_text(json.dumps({"issuer": ISSUER}))
    assert shiplog.done("access", "propose", str(file), *WHY, "-o", "json").json["number"] == 1
    shiplog.done("access", "propose", "-", *WHY, stdin=orjson.dumps({"binding": BINDING}))
    one, other = ({"issuer": SSO, "subject": name} for name in ("ann", "ann2"))
    link = {"link": {"one": one, "other": other, "how": "directory"}}
    shiplog.done("access", "propose", "-", *WHY, stdin=orjson.dumps(link))
    assert [row[1] for row in shiplog.done("access", "list", "issuers").lines] == [GITHUB]
    assert [row[1] for row in shiplog.done("access", "list", "bindings").lines] == ["payments-ci"]
    assert [row[0] for row in shiplog.done("access", "list", "links").lines] == ["ann"]
    assert shiplog("access", "propose", "-", *WHY, stdin=b"[]").code == 2
    assert shiplog("access", "propose", "-", *WHY, stdin=b'{"grant":{},"grant":{}}').code == 2
    assert shiplog("access", "propose", "-", *WHY, stdin=b"{}").code == 2
    assert shiplog("access", "propose", str(file), *WHY).code == 5, "it holds already"


def test_there_is_nothing_to_settle(shiplog: Shell) -> None:
    assert shiplog.done("access", "list", "proposals").lines == []
    assert shiplog("access", "confirm", "1").code == 3
    assert shiplog("access", "reject", "1", "--reason", "no").code == 3


def test_who_could_takes_a_target_and_a_moment(shiplog: Shell) -> None:
    before = shiplog.clock.at - timedelta(seconds=1)
    granted(shiplog, "recorder", "eve", "--service", "payments-api", "--environment", "prod")

    def could(*words: str) -> list[str]:
        found = shiplog.done("who-could", *words, "-o", "json").json
        return [each["name"] for each in found["people"]]

    assert could("report:deployment", "payments-api@prod") == ["1"]
    assert could("report:deployment", "prod", "--service", "payments-api") == ["1"]
    assert could("report:deployment", "payments-api@prod@now") == ["1"]
    assert could("report:deployment", f"payments-api@prod@{before:%Y-%m-%dT%H:%M:%SZ}") == []
    assert could("report:deployment", "payments-api@staging") == []
    assert could("report:deployment", "prod") == [], "not whatever runs there"
    assert could("report:deployment", "prod@now") == []
    assert could("report:deployment") == []
    assert could("report:build", "--service", "payments-api") == ["1"]
    assert could("promotion:approve", "payments-api@prod") == []
    table = shiplog.done("who-could", "report:deployment", "payments-api@prod")
    assert table.lines[0][:6] == ["person", "eve", "of", SSO, "grant", "1"]
    assert "so could whoever had the ledger's own files" in table.err
    assert "files" not in shiplog.done("who-could", "promotion:approve").err


@pytest.mark.parametrize(
    "words",
    [
        ("deploy", "prod"),
        ("read", "Payments@prod"),
        ("read", "a@b@c"),
        ("read", "a@b@c@now"),
        ("read", "a@prod", "--service", "b"),
        ("read", ""),
    ],
)
def test_a_target_that_cannot_be_meant(shiplog: Shell, words: tuple[str, ...]) -> None:
    assert shiplog("who-could", *words).code == 2


def build(service: str) -> tuple[str, ...]:
    said = ("--build", "ci/1", "--commit", "9f2c" * 10, "--repository", "https://git.example/pay")
    return ("record", "build", service, *said, "--outcome", "failed")


def test_a_job_with_a_token_for_its_own_service(shiplog: Shell, tmp_path: Path) -> None:
    token = token_text("OfPaymentsXY")
    scopes = (Scope.READ, Scope.REPORT_BUILD)
    settings = Settings(home=tmp_path / "home")
    credentials.issue_in(settings, token, scopes=scopes, reach=Reach(("payments-api",)))
    with served(settings.home) as (server, _):
        shiplog.environment = {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": token}
        shiplog.done(*build("payments-api"))
        again = shiplog.done(*build("payments-api"))
        assert "it was there already" in again.err, "what it said first is its own to read"
        refused = shiplog(*build("orders-api"))
        assert (refused.code, refused.out) == (4, "")
        assert "not orders-api" in refused.err
        assert shiplog("at", "prod").code == 4
        assert shiplog("token", "list").code == 4
        line = {"type": "build", "service": "orders-api", "build": "ci/2", "outcome": "failed"}
        line |= {"occurred_at": "2026-03-01T12:00:00Z"}
        source = {"repository": "https://git.example/pay", "commit": "9f2c" * 10}
        lines = orjson.dumps({**line, "source": source}) + b"\n"
        imported = shiplog("import", "jsonl", "-", stdin=lines)
        assert imported.code == 4, imported.err
        assert shiplog("import", "jsonl", "-", stdin=lines + b"{}").code == 2, "one is no line at all"
        finding = shiplog.done("doctor", "-o", "json").json["findings"][-1]
        assert (finding["check"], finding["detail"]) == ("token", "accepted, of tests")
        shiplog.done("token", "revoke", "OfPaymentsXY", *WHY)
        assert shiplog(*build("payments-api")).code == 4
