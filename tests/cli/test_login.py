"""`shiplog login`: a link on stdout for whoever has the ledger's files, and for nobody else."""

import getpass
import os

import pytest

from api import wiring
from api.cli import clock, login
from api.people import local
from api.people.sessions import Login
from api.settings import Settings
from tests.cli.running import Shell

WHY = ("--issuer", "shiplog:local", "--reason", "it is needed")


def taken(link: str) -> Login:
    """Return whom *link* logs in."""
    services = wiring.wire(Settings.from_environment(os.environ), now=clock.now)
    try:
        return services.people.local.take(link.partition("?code=")[2].strip())
    finally:
        services.close()


def test_a_link_is_all_that_is_on_stdout(shiplog: Shell) -> None:
    ran = shiplog.done("login", "--local", "--as", "ann")
    assert ran.out.startswith("http://127.0.0.1:8642/login/local?code=")
    assert ran.out.count("\n") == 1
    assert taken(ran.out).actor.subject == "ann"


def test_it_says_what_that_person_may_do(shiplog: Shell) -> None:
    nothing = shiplog.done("login", "--local", "--as", "ann")
    assert nothing.err == (
        "ann may do nothing yet: shiplog access grant ROLE ann --issuer shiplog:local --reason WHY\n"
    )
    shiplog.done("access", "grant", "release-manager", "ann", *WHY, "--service", "pay*")
    assert shiplog.done("login", "--local", "--as", "ann").err == (
        "ann is release-manager: pay* in any environment\n"
    )


def test_without_a_name_it_is_for_whoever_asks(shiplog: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "somebody")
    assert taken(shiplog.done("login", "--local").out).actor.subject == "somebody"


def test_the_link_leads_to_where_people_open_the_ledger(shiplog: Shell) -> None:
    public = shiplog.done("login", "--local", SHIPLOG_PUBLIC_URL="https://ledger.example")
    assert public.out.startswith("https://ledger.example/login/local?code=")
    other = shiplog.done("login", "--local", "--url", "http://localhost:9000")
    assert other.out.startswith("http://localhost:9000/login/local?code=")
    for wrong in ("http://ledger.example", "https://ledger.example/", "https://u@ledger.example", "ledger"):
        assert shiplog("login", "--local", "--url", wrong).code == 2
    assert "say --url" in shiplog("login", "--local", SHIPLOG_BIND="127.0.0.1:0").err


def test_an_address_is_a_name_and_not_in_the_record(shiplog: Shell) -> None:
    shiplog.done("access", "grant", "auditor", "ann@example.org", *WHY)
    ran = shiplog.done("login", "--local", "--as", "ann@example.org")
    assert "is auditor" in ran.err
    assert taken(ran.out).actor.subject.startswith("person:")


def test_whoever_talks_to_a_server_is_told_where_to_log_in(shiplog: Shell) -> None:
    ran = shiplog("login", "--local", SHIPLOG_SERVER="https://ledger.example/")
    assert (ran.code, ran.out) == (2, "")
    assert "https://ledger.example/login;" in ran.err
    bare = shiplog("login")
    assert (bare.code, bare.out) == (2, "")
    assert "say --local" in bare.err


def test_without_a_ledger_there_is_no_link(nowhere: Shell) -> None:
    assert nowhere("login", "--local", "--as", "ann").code == 3


def test_a_name_is_erased(shiplog: Shell) -> None:
    said = ("access", "forget", "00u1", "--issuer", "https://sso.example")
    assert shiplog.done(*said).out == "name  none was known\n"
    assert shiplog.done(*said, "-o", "json").json == {"forgotten": False}


def test_sessions_are_ended(shiplog: Shell) -> None:
    said = ("access", "end-sessions", "00u1", "--issuer", "https://sso.example")
    assert shiplog.done(*said).out == "ended  0\n"
    assert shiplog.done(*said, "-o", "json").json == {"ended": 0}


def test_the_help_names_the_issuer_that_is_recorded() -> None:
    assert login.ISSUER == local.ISSUER
