"""An operator adds a webhook, a pipeline reports a deployment, and the receiver hears of it and checks that.

A real server in processes of its own, real HTTP both ways, and the receiver verifies with nothing but the
public key that the operator handed over; then it asks the ledger what happened, with a token of its own.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from tests.builders import Clock
from tests.cli.running import Shell
from tests.credentials import BEARER
from tests.http import world as worlds
from tests.receiver import Answer, Receiver, receiving
from tests.resilience.serving import Served, served

LOOPBACK = {"SHIPLOG_WEBHOOK_NETWORKS": "127.0.0.0/8"}
COMMIT = "9f2c" * 10
WHY = ("--reason", "the team wants to know")


@dataclass
class Stage:
    """A server, the operator beside it, and somebody who is told."""

    server: Served
    operator: Shell
    receiver: Receiver

    def asked(self, method: str, path: str, token: str | None = None, **body: Any) -> Any:
        """Return the document of an answer of the server."""
        connection = HTTPConnection(self.server.address.removeprefix("http://"), timeout=30)
        headers = BEARER if token is None else {"Authorization": f"Bearer {token}"}
        try:
            content = json.dumps(body).encode() if body else None
            connection.request(method, path, content, {**headers, "Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status in (200, 201), said
            return json.loads(said)
        finally:
            connection.close()

    def deploys(self, number: int) -> int:
        """Report a build, a release and a deployment; return the position of the last."""
        now, pay = "2026-03-01T12:00:00Z", {"service": "payments-api"}
        prod = {**pay, "environment": "prod", "occurred_at": now}
        source = {"repository": "https://git.example/pay", "commit": COMMIT}
        artifact = {"name": "payments-api", "digest": f"sha256:{number:064x}"}
        self.asked(
            "POST",
            "/v1/builds",
            **pay,
            build=f"ci/{number}",
            occurred_at=now,
            source=source,
            artifacts=[artifact],
        )
        self.asked("POST", "/v1/configs", **prod, entries={"A": {"value": str(number)}})
        release = self.asked("POST", "/v1/releases", **prod, build=f"ci/{number}")
        told = self.asked("POST", "/v1/deployments", **prod, release=release["release"])
        return int(told["position"])


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    settings: Settings = worlds.make(tmp_path / "home")
    environment = {"SHIPLOG_HOME": str(settings.home), **LOOPBACK}
    with receiving() as receiver, served(settings, **LOOPBACK) as server:
        yield Stage(server, Shell(Clock(), monkeypatch, environment), receiver)


def test_a_receiver_is_told_of_a_deployment_and_checks_it(stage: Stage) -> None:
    topics = ("--topic", "deployment-succeeded.v1", "--environment", "prod")
    stage.operator.done("webhook", "add", "chat", stage.receiver.url, *topics, *WHY)
    key = stage.operator.done("webhook", "key", "chat").out.strip()
    assert stage.operator.done("webhook", "test", "chat").code == 0
    stage.receiver.wait_for(1)
    position = stage.deploys(1)
    stage.receiver.wait_for(1)
    trial, told = stage.receiver.told
    assert trial.said["type"] == "shiplog.trial"
    assert told.verified_by(key)
    assert not told.verified_by("whpk_" + "A" * 43 + "=")
    said = told.said
    assert (said["type"], said["data"]["position"]) == ("deployment-succeeded.v1", position)
    assert (said["data"]["service"], said["data"]["environment"]) == ("payments-api", "prod")
    scope = ("--scope", "read", "--service", "payments-api", "--environment", "prod")
    reader = stage.operator.done("token", "issue", "chat", *scope).out.strip()
    envelope = stage.asked("GET", said["data"]["event"], reader)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    secret = [COMMIT, "9f2c9f2c", f"{1:064x}"]
    assert not [each for each in secret if each in told.body.decode()], "it says where, and not what"


def test_a_server_that_is_stopped_finishes_what_it_tells_and_the_next_goes_on(stage: Stage) -> None:
    stage.operator.done("webhook", "add", "chat", stage.receiver.url, *WHY)
    held = threading.Event()
    stage.receiver.answer = lambda _: Answer(wait=held)
    position = stage.deploys(1)
    stage.receiver.wait_for(1)
    stopping = threading.Thread(target=stage.server.stop)
    stopping.start()
    held.set()
    stopping.join()
    told = stage.receiver.positions
    assert stage.operator.done("webhook", "list", "-o", "json").json["webhooks"][0]["told"] == told[-1]
    stage.receiver.answer = lambda _: Answer()
    stage.server.start()
    stage.receiver.wait_for(position - told[-1])
    assert stage.receiver.positions == list(range(told[0], position + 1)), "each once, in order"
