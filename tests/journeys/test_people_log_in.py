"""Two people log in by printed links, give a third one a role together, and leave; at two servers, over HTTP.

The operator prints the links at the command line. In the end the record is searched for every secret.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from http.client import HTTPConnection, HTTPMessage
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from flask import Flask

from api import wiring
from api.access.guard import Guard
from api.access.proxies import Proxies
from api.app import create_app
from api.cli import clock
from api.people.sessions import IDLE
from api.settings import Settings
from tests.builders import NOON, Clock
from tests.cli.running import Shell
from tests.http import world as worlds
from tests.journeys.test_who_may_do_what import listening

FORM = "application/x-www-form-urlencoded"
LOCAL = ("--issuer", "shiplog:local", "--reason", "on duty")
CAT = {"issuer": "https://sso.example", "subject": "00u7"}


@dataclass
class Person:
    """Somebody at a browser: they follow links, press buttons, and have one cookie."""

    ports: tuple[int, int]
    cookie: str = ""
    page: str = ""
    seen: list[str] = field(default_factory=list)
    """Every cookie and token there was."""

    def ask(
        self, method: str, path: str, body: bytes = b"", server: int = 0, **headers: str
    ) -> tuple[int, HTTPMessage]:
        """Send a request to a server; what it answers is the *page*."""
        connection = HTTPConnection("127.0.0.1", self.ports[server], timeout=30)
        said = {"Accept": "text/html", **({"Cookie": self.cookie} if self.cookie else {}), **headers}
        if method != "GET":
            said |= {"Origin": f"http://127.0.0.1:{self.ports[server]}", "Sec-Fetch-Site": "same-origin"}
        try:
            connection.request(method, path, body or None, said)
            answer = connection.getresponse()
            self.page = answer.read().decode()
        finally:
            connection.close()
        if given := answer.headers["Set-Cookie"]:
            self.cookie = given.partition(";")[0]
            self.seen.append(self.cookie.partition("=")[2])
        return answer.status, answer.headers

    def press(self, path: str, server: int = 0) -> tuple[int, HTTPMessage]:
        """Send the form of the page, which leads to *path*."""
        assert f'action="{path}"' in self.page
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', self.page)
        form = {name: unescape(value) for name, value in hidden}
        self.seen += form.values()
        return self.ask("POST", path, urlencode(form).encode(), server, **{"Content-Type": FORM})

    def change(self, path: str, body: object, server: int = 0, csrf: str | None = None) -> tuple[int, Any]:
        """Change something as a script of our pages would, with the session's token unless told otherwise."""
        self.ask("GET", "/v1/access/mine", server=server, Accept="application/json")
        token = orjson.loads(self.page)["session"]["csrf"] if csrf is None else csrf
        said = {"Content-Type": "application/json", "Accept": "application/json", "X-Shiplog-CSRF": token}
        status, _ = self.ask("POST", path, orjson.dumps(body), server, **said)
        return status, orjson.loads(self.page)


@dataclass
class Stage:
    """Two servers of one ledger, and the operator beside them."""

    shell: Shell
    ports: tuple[int, int]

    def comes(self, name: str) -> Person:
        """Have *name* log in with a link that the operator printed."""
        someone = Person(self.ports)
        url = f"http://127.0.0.1:{self.ports[0]}"
        link = self.shell.done("login", "--local", "--as", name, "--url", url).out.strip()
        assert link.startswith(url)
        assert someone.ask("GET", link.removeprefix(url))[0] == 200
        status, headers = someone.press("/login/local")
        assert (status, headers["Location"]) == (303, "/session")
        return someone


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    ticking = Clock(NOON + timedelta(minutes=1))
    monkeypatch.setattr(clock, "now", ticking)
    settings = worlds.make(tmp_path / "home")
    shell = Shell(ticking, monkeypatch, {"SHIPLOG_HOME": str(settings.home)})
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(listening(stack.enter_context(_served(settings, ticking)))) for _ in "ab"
        )
        yield Stage(shell, (one, other))


@contextmanager
def _served(settings: Settings, ticking: Clock) -> Iterator[Flask]:
    services = wiring.wire(settings, now=ticking, monotonic=count().__next__)
    try:
        visitors = services.people.visitors
        yield create_app(services, Guard(services.ledger, services.passing, Proxies(), visitors))
    finally:
        services.close()


def test_two_people_decide(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("ann", "ben"):
        stage.shell.done("access", "grant", "admin", name, *LOCAL)
    ann = stage.comes("ann")
    assert ann.ask("GET", "/session")[0] == 200
    for said in ("ann", "shiplog:local", "admin", "any service in any environment"):
        assert said in ann.page

    proposed = {"grant": {"role": "auditor", "holder": CAT}, "reason": "the yearly audit"}
    assert ann.change("/v1/access/proposals", proposed, csrf="guessed")[0] == 403
    status, told = ann.change("/v1/access/proposals", proposed)
    assert (status, told["waits"]) == (201, True)
    settle = f"/v1/access/proposals/{told['number']}:settle"
    status, refused = ann.change(settle, {"confirmed": True})
    assert (status, refused["type"]) == (403, "/problems/second-person-needed")

    ben = stage.comes("ben")
    assert ben.change(settle, {"confirmed": True}, server=1)[0] == 201
    grants = stage.shell.done("access", "list", "-o", "json").json["grants"]
    assert [each["holder"] for each in grants if each["role"] == "auditor"] == [CAT]
    could = stage.shell.done("who-could", "read", "payments-api@prod", "-o", "json").json["people"]
    assert [each["who"][0]["subject"] for each in could] == ["00u7"]

    stolen = ann.cookie
    ann.ask("GET", "/session")
    status, headers = ann.press("/logout")
    assert (status, headers["Location"]) == (303, "/login")
    thief = Person(stage.ports, stolen)
    for server in (0, 1):
        assert thief.ask("GET", "/session", server=server)[0] == 401
        thief.cookie = stolen
    assert ben.ask("GET", "/session", server=1)[0] == 200
    stage.shell.clock.at += IDLE
    assert ben.ask("GET", "/session")[0] == 401

    secrets = {each for person in (ann, ben) for each in person.seen if each}
    assert len(secrets) == 5, "of each the code and the cookie, and of who left the token of the form"
    recorded = (Path(stage.shell.environment["SHIPLOG_HOME"]) / "ledger.db").read_bytes()
    for secret in secrets:
        assert secret.encode() not in recorded
        assert secret not in caplog.text
    assert stage.shell.done("verify", "-o", "json").json["events"] > 3
