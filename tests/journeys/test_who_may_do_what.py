"""A pipeline and a job are let in, do what they may and no more, and an auditor asks a month later who could.

Two servers of one ledger over real HTTP, an issuer that publishes its keys over real HTTP and rotates them,
and an operator at the command line. In the end the logs are searched for every secret there was.
"""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from flask import Flask

from api import wiring
from api.access.guard import Guard
from api.access.proxies import Proxies
from api.app import create_app
from api.cli import clock
from api.settings import Settings
from domain.instant import EARLIEST
from tests.builders import NOON, Clock
from tests.cli.running import Shell
from tests.http import world as worlds
from tests.http.bootstrap import PAYMENTS, bearer, form, vouched
from tests.http.refused import BASES
from tests.issuer import AUDIENCE, Issuer, new_key, published

BUILD = {**BASES["builds"], "occurred_at": "2026-03-01T12:00:00Z"}
DEPLOYMENT = {**BASES["deployments"], "occurred_at": "2026-03-01T12:00:00Z"}
FORM = "application/x-www-form-urlencoded"


class _Server(ThreadingMixIn, WSGIServer):
    """Answers several at once."""


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Stay quiet."""


@contextmanager
def listening(app: Flask) -> Iterator[int]:
    """Serve *app* on loopback; yields the port."""
    server = make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@dataclass
class Stage:
    """Two servers, an issuer, and the operator."""

    shell: Shell
    folder: Path
    issuer: Issuer
    ports: tuple[int, int]
    secrets: list[str] = field(default_factory=list)
    """Everything that must be in no log."""
    presented: int = 0

    def asked(
        self, method: str, path: str, body: bytes = b"", *, server: int = 0, media: str = "", token: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Return status and document of an answer of that server."""
        connection = HTTPConnection("127.0.0.1", self.ports[server], timeout=30)
        headers = {**({"Content-Type": media} if media else {}), **(bearer(token) if token else {})}
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def report(self, noun: str, token: str, server: int = 0, **body: Any) -> int:
        """Report to a server, and return the status."""
        base = {"builds": BUILD, "deployments": DEPLOYMENT}[noun]
        content = json.dumps({**base, **body}).encode()
        return self.asked(
            "POST", f"/v1/{noun}", content, server=server, media="application/json", token=token
        )[0]

    def of_platform(self, **said: Any) -> str:
        """Return a fresh token of the pipeline's platform."""
        self.presented += 1
        token = vouched(self.issuer, self.shell.clock.at, f"j-{self.presented}", **said)
        self.secrets += [token, token.rpartition(".")[2]]
        return token

    def exchanged(self, token: str, server: int = 0) -> str | None:
        """Return what *token* is exchanged for, None when it is refused."""
        status, told = self.asked(
            "POST", "/v1/token", urlencode(form(token)).encode(), server=server, media=FORM
        )
        assert status in (200, 400), told
        if status != 200:
            return None
        self.secrets.append(told["access_token"])
        return str(told["access_token"])

    def operator(self, *words: str) -> Any:
        """Have the operator run a command; return its document."""
        return self.shell.done(*words, "-o", "json").json

    def propose(self, name: str, change: dict[str, Any]) -> None:
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({name: change}))
        assert self.operator("access", "propose", str(file), "--reason", "agreed on")["waits"] is False


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    ticking = Clock(NOON + timedelta(minutes=1))
    monkeypatch.setattr(clock, "now", ticking)
    settings = worlds.make(tmp_path / "home")
    shell = Shell(ticking, monkeypatch, {"SHIPLOG_HOME": str(settings.home)})
    issuer = Issuer()
    with ExitStack() as stack:
        issuer.url = stack.enter_context(published(issuer))
        ports = [
            stack.enter_context(listening(stack.enter_context(_served(settings, ticking)))) for _ in "ab"
        ]
        yield Stage(shell, tmp_path, issuer, (ports[0], ports[1]))


@contextmanager
def _served(settings: Settings, ticking: Clock) -> Iterator[Flask]:
    looks = count()

    def seconds() -> float:
        return (ticking.at - EARLIEST).total_seconds() + next(looks)

    services = wiring.wire(settings, now=ticking, monotonic=seconds)
    try:
        visitors = services.people.visitors
        yield create_app(services, Guard(services.ledger, services.passing, Proxies(), visitors))
    finally:
        services.close()


def bootstrapped(stage: Stage) -> None:
    """The operator names two admins, trusts the platform, and binds a repository."""
    assert stage.asked("GET", "/v1/ledger")[0] == 401, "a new ledger is closed"
    for name in ("ann", "ben"):
        grant = ("access", "grant", "admin", name, "--issuer", "https://sso.example", "--reason", "on duty")
        assert stage.operator(*grant)["waits"] is False
    stage.propose(
        "issuer",
        {
            "url": stage.issuer.url,
            "platform": "github",
            "audience": AUDIENCE,
            "algorithms": ["ES256"],
            "jwks_url": f"{stage.issuer.url}/jwks",
        },
    )
    stage.propose("binding", {**PAYMENTS, "issuer": stage.issuer.url, "environments": ["prod"]})
    assert [row[1] for row in stage.shell.done("access", "list", "bindings").lines] == ["payments-ci"]


def a_pipeline_reports(stage: Stage) -> None:
    """It exchanges its token once, reports its own build, and nobody else's."""
    presented = stage.of_platform()
    token = stage.exchanged(presented)
    assert token is not None
    assert stage.report("builds", token) == 201
    assert stage.report("builds", token, server=1, build="ci/4721") == 201
    assert stage.report("builds", token, service="orders-api") == 403
    assert stage.exchanged(presented, server=1) is None, "it was exchanged at the other server"
    events = stage.operator("who", "payments-api/ci/4720")["events"]
    assert events[0]["actor"]["kind"] == "workload"
    assert events[0]["actor"]["issuer"] == stage.issuer.url


def keys_are_rotated(stage: Stage) -> None:
    """What is signed with the new key is taken a minute later, what is signed with the old one no more."""
    old = stage.issuer.keys["ES256"]
    stage.issuer.keys["ES256"] = new_key(kid="k2")
    assert stage.exchanged(stage.of_platform()) is None, "an unknown key is looked for once a minute"
    stage.shell.clock.at += timedelta(minutes=2)
    assert stage.exchanged(stage.of_platform()) is not None
    stage.issuer.keys["ES256"] = old
    assert stage.exchanged(stage.of_platform()) is None
    stage.issuer.keys["ES256"] = new_key(kid="k3")


def a_job_has_a_token(stage: Stage) -> None:
    """It is issued, rotated with grace, and revoked; each is seen by both servers at once."""

    def told(*words: str) -> str:
        secret = stage.shell.done("token", *words).out.strip()
        stage.secrets.append(secret)
        return secret

    scopes = ("--scope", "read", "--scope", "report:deployment", "--scope", "report:build")
    first = told("issue", "nightly", *scopes, "--environment", "prod", "--for", "30d")
    (listed,) = stage.operator("token", "list")["tokens"]
    assert first.startswith(f"shl_{listed['id']}_")
    assert stage.report("deployments", first) == 404, "let in: there is no such release yet"
    assert stage.report("deployments", first, environment="staging") == 403
    second = told("rotate", listed["id"], "--grace", "1h")
    assert {stage.report("deployments", each, server=1) for each in (first, second)} == {404}
    stage.shell.clock.at += timedelta(hours=1, seconds=1)
    assert (stage.report("deployments", first), stage.report("deployments", second)) == (401, 404)
    stage.shell.clock.at += timedelta(days=2)
    stage.operator("token", "revoke", listed["id"], "--reason", "the job is gone")
    assert {stage.report("deployments", second, server=number) for number in (0, 1)} == {401}


def an_auditor_asks(stage: Stage) -> None:
    """A month later: who could deploy payments-api to prod on the day after, and who can now?"""
    stage.shell.clock.at += timedelta(days=30)

    def could(when: str) -> list[tuple[str, str]]:
        asked = stage.operator("who-could", "report:deployment", f"payments-api@prod{when}")
        found = asked["people"] + asked["workloads"] + asked["tokens"]
        assert all(each["given_by"] for each in found)
        return [(each["by"], each["who"][0]["subject"]) for each in found]

    assert could("@2026-03-01T12:00:30Z") == [], "before anything was given"
    assert could("@2026-03-02T12:00:00Z") == [("binding", "payments-ci"), ("token", "nightly")]
    assert could("") == [("binding", "payments-ci")]
    confirming = stage.operator("who-could", "access:confirm")["people"]
    assert [each["who"][0]["subject"] for each in confirming] == ["ann", "ben"]
    given = confirming[0]["given_by"]
    assert {each["actor"]["kind"] for each in given} == {"operator"}, "the record says who was alone"
    assert stage.operator("who-could", "promotion:approve")["operator"] is False


def test_who_may_do_what(
    stage: Stage, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        bootstrapped(stage)
        a_pipeline_reports(stage)
        keys_are_rotated(stage)
        a_job_has_a_token(stage)
        an_auditor_asks(stage)
        assert stage.operator("verify")["events"] > 0
    logged = caplog.text + "".join(capfd.readouterr())
    assert "token exchange refused: the token of" in logged, "what was refused is in the log"
    assert "was revoked at" in logged
    assert len(stage.secrets) == 12
    assert [secret for secret in stage.secrets if secret in logged] == []
    ours = [secret.split("_")[2] for secret in stage.secrets if secret.startswith("sh")]
    assert len(ours) == 4
    assert [secret for secret in ours if secret in logged] == []
