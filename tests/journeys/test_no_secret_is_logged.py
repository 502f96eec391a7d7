"""A day of a ledger, with everything logged that can be: of all that is secret in it, nothing is."""

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access.limits import Limits
from api.access.proxies import Proxies
from api.app import create_app
from api.people import cookie
from tests.credentials import token_text
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.bootstrap import bearer, form, vouched
from tests.http.browsing import Browser, logged_in
from tests.http.world import World, by_credential
from tests.issuer import Issuer

PAYMENT = "hunter2-correct-horse-battery"
IN_CLEAR = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
"""A plain value that looks like a credential, and is refused for that."""
CONFIG = {"service": "payments-api", "environment": "prod", "occurred_at": "2026-03-01T12:00:00Z"}


@dataclass
class Journey:
    """What was used on the way and must not be seen again."""

    world: World
    client: FlaskClient
    secrets: list[str] = field(default_factory=lambda: [PAYMENT, IN_CLEAR])

    def uses(self, secret: str) -> str:
        self.secrets.append(secret)
        return secret

    def ask(self, token: str, path: str = "/v1/ledger", **sent: Any) -> TestResponse:
        method = "POST" if sent else "GET"
        return self.client.open(path, method=method, headers=bearer(self.uses(token)), **sent)


@pytest.fixture
def journey(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Journey]:
    """A server where all that anybody logs is kept."""
    caplog.set_level(logging.DEBUG)
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        limits = Limits(Proxies(), credential=100, address=100, monotonic=lambda: 0.0)
        app = create_app(world.services, by_credential(world.services), limits=limits)
        yield Journey(world, app.test_client(use_cookies=False))


def tokens(journey: Journey) -> str:
    """Issue, use, rotate and refuse; returns one that is good."""
    body = {
        "name": "ci",
        "holder": {"issuer": "shiplog:account", "subject": "ci"},
        "scopes": ["read", "report:config"],
        "expires_at": "2026-06-01T00:00:00Z",
    }
    key = {"Idempotency-Key": journey.uses("a-key-that-somebody-made-of-a-password")}
    made = journey.world.client.post("/v1/access/tokens", json=body, headers=key).get_json()
    old, id_ = made["secret"], made["token"]["id"]
    assert journey.ask(old).status_code == 200
    rotated = journey.world.client.post(f"/v1/access/tokens/{id_}:rotate", json={}).get_json()["secret"]
    assert journey.ask(old).status_code == 401
    assert journey.ask(rotated).status_code == 200
    for wrong in (token_text(id_, "Z"), rotated[:-1], f"{rotated} ", "x" * 5000, rotated.upper()):
        for _ in range(12):
            assert journey.ask(wrong).status_code in (401, 429)
    basic = base64.b64encode(f"ci:{rotated}".encode()).decode()
    said = {"Authorization": f"Basic {journey.uses(basic)}"}
    assert journey.client.get("/v1/ledger", headers=said).status_code == 401
    return str(rotated)


def exchanges(journey: Journey) -> None:
    """Exchange what a platform signed; once, twice, and what nobody signed."""
    issuer = Issuer()
    bootstrap.trust(journey.world, issuer)
    bootstrap.agreed(journey.world, binding=bootstrap.PAYMENTS)
    good = journey.uses(vouched(issuer, journey.world.clock.at))
    given = journey.client.post("/v1/token", data=form(good)).get_json()["access_token"]
    assert journey.ask(given).status_code == 403
    forged = journey.uses(vouched(Issuer(), journey.world.clock.at, jti="j-2"))
    for token in (good, forged, good[:-9], f"{good}.more"):
        assert journey.client.post("/v1/token", data=form(token)).status_code == 400
    twice = f"subject_token={good}&subject_token={forged}"
    sent = {"data": twice, "content_type": "application/x-www-form-urlencoded"}
    assert journey.client.post("/v1/token", **sent).status_code == 400
    journey.world.clock.at += timedelta(hours=1)
    assert journey.ask(given).status_code == 401


def configs(journey: Journey, token: str) -> None:
    """Report secrets, as it is meant and as it is not."""
    secret = {"PAYMENT_TOKEN": {"secret": PAYMENT}}
    assert journey.ask(token, "/v1/configs", json={**CONFIG, "entries": secret}).status_code == 201
    for body, status in (
        ({**CONFIG, "entries": {"GITHUB_TOKEN": {"value": IN_CLEAR}}}, 422),
        ({**CONFIG, "entries": {"PAYMENT_TOKEN": {"sekret": PAYMENT}}}, 422),
        ({**CONFIG, "entries": PAYMENT}, 422),
        ({**CONFIG, "occurred_at": PAYMENT, "entries": secret}, 422),
        ({**CONFIG, "entries": secret, PAYMENT: 1}, 422),
    ):
        assert journey.ask(token, "/v1/configs", json=body).status_code == status
    cut = {"data": b'{"entries":{"PAYMENT_TOKEN":{"secret":"%s"' % PAYMENT.encode()}
    assert journey.ask(token, "/v1/configs", **cut, content_type="application/json").status_code == 400
    assert journey.client.get(f"/v1/ledger?token={journey.uses(token)}").status_code == 401


def people(journey: Journey) -> None:
    """Log in by a printed link; come back, leave, and try what is over."""
    code = journey.uses(journey.world.services.people.local.offer("ann"))
    app = journey.client.application
    for _ in range(2):
        Browser(app).submit("/login/local", {"code": code})
    ann = logged_in(journey.world, "ann", using=Browser(app))
    assert ann.cookie is not None
    journey.secrets += [ann.cookie, ann.csrf]
    said = {"Cookie": f"{cookie.NAME}={ann.cookie}"}
    assert journey.client.get("/v1/access/mine", headers=said).status_code == 200
    assert journey.client.post("/v1/access/proposals", json={}, headers=said).status_code == 403
    journey.world.services.people.sessions.end(ann.cookie)
    assert journey.client.get("/v1/access/mine", headers=said).status_code == 401


def crashes(journey: Journey, token: str) -> None:
    """Meet a bug, and a database that is not there, with secrets in hand."""
    broken = replace(journey.world.services, cursors=None, digests=None)  # type: ignore[arg-type]  # that is the bug
    app = create_app(broken, by_credential(broken))
    app.testing = False
    body = {**CONFIG, "entries": {"PAYMENT_TOKEN": {"secret": PAYMENT}}}
    answer = app.test_client().post("/v1/configs", json=body, headers=bearer(token))
    assert answer.status_code == 500
    database = journey.world.settings.home / "ledger.db"
    database.rename(database.with_suffix(".gone"))
    assert journey.ask(token, "/v1/configs", json=body).status_code == 503
    database.with_suffix(".gone").rename(database)


def test_of_a_whole_journey(journey: Journey, caplog: pytest.LogCaptureFixture) -> None:
    token = tokens(journey)
    exchanges(journey)
    configs(journey, token)
    people(journey)
    crashes(journey, token)
    for said in (
        "credential refused",
        "token exchange refused",
        "unexpected failure",
        "local login",
        "is gone",
    ):
        assert said in caplog.text, "or the journey did not go there"
    everything = caplog.text + "".join(repr((each.msg, each.args)) for each in caplog.records)
    assert [secret for secret in journey.secrets if secret in everything] == []


def test_a_statement_that_fails_does_not_tell_what_it_was_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLAlchemy puts parameters into what it raises, and into what it logs, unless told not to."""
    caplog.set_level(logging.DEBUG)
    with worlds.opened(worlds.make(tmp_path / "home")) as world:
        engine = world.services.ledger._given_recorder.database.engine  # type: ignore[attr-defined]  # no port has it
        assert engine.hide_parameters
        with pytest.raises(Exception, match="no such table") as failed, engine.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM nowhere WHERE a = ?", (PAYMENT,))
    assert PAYMENT not in str(failed.value)
    assert PAYMENT not in caplog.text
