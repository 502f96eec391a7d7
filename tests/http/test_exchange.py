"""The exchange of a workload's token for one of ours: once, no longer, and for no more than its binding."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.settings import Settings
from domain.access.issuer import Platform
from domain.digest import Digest
from tests.builders import Clock
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.bootstrap import PAYMENTS, bearer, exchange, vouched
from tests.http.refused import BASES
from tests.http.world import World
from tests.issuer import URLS, Issuer

GITHUB = URLS[Platform.GITHUB]
BUILD = BASES["builds"] | {"occurred_at": "2026-03-01T12:00:00Z"}


class Said:
    """An issuer, a server, and the operator of the same ledger."""

    def __init__(self, operator: World, server: World, issuer: Issuer) -> None:
        self.operator, self.server, self.issuer = operator, server, issuer
        self.presented = 0

    @property
    def clock(self) -> Clock:
        return self.server.clock

    def token(self, **said: Any) -> str:
        """Return a token that was not presented before."""
        self.presented += 1
        return vouched(self.issuer, self.clock.at, **{"jti": f"j-{self.presented}", **said})

    def given(self, **more: str) -> dict[str, Any]:
        answer = exchange(self.server, self.token(), **more)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def build(self, token: str, **changes: Any) -> TestResponse:
        return self.server.client.post("/v1/builds", json={**BUILD, **changes}, headers=bearer(token))


@pytest.fixture
def said(empty_ledger: Settings, tmp_path: Path) -> Iterator[Said]:
    """A ledger that trusts one issuer, whose keys it has as a file, with one binding."""
    issuer = Issuer()
    with worlds.copied(empty_ledger, tmp_path / "home") as operator:
        bootstrap.trust(operator, issuer)
        bootstrap.agreed(operator, binding=PAYMENTS)
        at = operator.clock.at
        with worlds.opened(operator.settings, at=at, guarded=worlds.by_credential) as server:
            yield Said(operator, server, issuer)


def refused(answer: TestResponse, error: str = "invalid_grant") -> bool:
    """Whether it was refused in the words of RFC 6749, as our problem."""
    told = answer.get_json()
    if answer.status_code == 200:
        return False
    assert (answer.status_code, told["type"]) == (400, "/problems/exchange-refused")
    assert told["error"] == error, told
    assert answer.headers["Cache-Control"] == "no-store"
    return True


def test_the_answer_is_that_of_the_rfc(said: Said) -> None:
    answer = exchange(said.server, said.token())
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told.pop("access_token").startswith("shx_")
    assert told == {
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "read report:build report:deployment",
    }


def test_who_acts_is_the_workload_with_what_its_issuer_said(said: Said) -> None:
    token = said.given()["access_token"]
    mine = said.server.client.get("/v1/access/mine", headers=bearer(token)).get_json()
    assert mine["actor"] == {
        "kind": "workload",
        "issuer": GITHUB,
        "subject": "repo:acme@7/payments@41:environment:prod",
    }
    assert mine["method"] == "oidc"
    assert said.build(token).status_code == 201
    (recorded,) = said.server.services.ledger.many_at([said.server.position])
    actor = recorded.event.actor
    claims = {"repository_id": "41", "repository_owner_id": "7", "sha": "a" * 40, "run_id": "4711"}
    assert {name: actor.said(name) for name in claims} == {name: (text,) for name, text in claims.items()}
    assert str(actor.credential) == mine["credential"]


def test_it_does_what_its_binding_says_and_no_more(said: Said) -> None:
    token = said.given()["access_token"]
    assert said.build(token, service="orders-api").status_code == 403
    removal = said.server.client.post("/v1/removals", json=BASES["removals"], headers=bearer(token))
    assert removal.status_code == 403
    for path in ("/v1/access/proposals", "/v1/access/tokens"):
        assert said.server.client.post(path, json={}, headers=bearer(token)).status_code == 403


def test_it_can_be_narrowed_and_not_widened(said: Said) -> None:
    narrow = said.given(scope="read")
    assert narrow["scope"] == "read"
    assert said.build(narrow["access_token"]).status_code == 403
    assert refused(exchange(said.server, said.token(), scope="read trust"), "invalid_scope")
    assert refused(exchange(said.server, said.token(), scope="everything"), "invalid_scope")


@pytest.mark.parametrize(("seconds", "good_for"), [(3600, 900), (300, 300), (901, 900), (2, 2)])
def test_it_is_good_for_as_long_as_both_say(said: Said, seconds: int, good_for: int) -> None:
    answer = exchange(said.server, said.token(seconds=seconds)).get_json()
    assert answer["expires_in"] == good_for
    said.clock.at += timedelta(seconds=good_for) - timedelta(microseconds=1)
    assert said.build(answer["access_token"]).status_code == 201
    said.clock.at += timedelta(microseconds=1)
    assert said.build(answer["access_token"]).status_code == 401


def test_a_token_that_has_ended_is_not_exchanged_although_clocks_differ(said: Said) -> None:
    token = said.token(seconds=60)
    said.clock.at += timedelta(seconds=60)
    assert refused(exchange(said.server, token))


def test_each_token_is_exchanged_once_whichever_server_is_asked(said: Said) -> None:
    guarded = {"at": said.clock.at, "guarded": worlds.by_credential}
    with worlds.opened(said.server.settings, **guarded) as other:  # type: ignore[arg-type]  # of two types
        token = said.token()
        assert exchange(said.server, token).status_code == 200
        assert refused(exchange(other, token))
        assert refused(exchange(said.server, token))
        assert exchange(other, said.token()).status_code == 200


def test_a_token_of_one_server_is_good_at_the_other(said: Said) -> None:
    token = said.given()["access_token"]
    guarded = {"at": said.clock.at, "guarded": worlds.by_credential}
    with worlds.opened(said.server.settings, **guarded) as other:  # type: ignore[arg-type]  # of two types
        assert other.client.get("/v1/access/mine", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"remove_binding": {"name": "payments-ci"}},
        {"drop_issuer": {"url": GITHUB}},
        {"binding": {**PAYMENTS, "scopes": ["read"]}},
        {"binding": {**PAYMENTS, "seconds": 60}},
    ],
    ids=["removed", "its issuer dropped", "said anew for less", "said anew"],
)
def test_it_ends_with_its_binding(said: Said, change: dict[str, Any]) -> None:
    token = said.given()["access_token"]
    assert said.build(token).status_code == 201
    bootstrap.agreed(said.operator, **change)
    assert said.build(token).status_code == 401


def test_of_several_bindings_one_must_be_meant(said: Said) -> None:
    reading = {**PAYMENTS, "name": "readers", "scopes": ["read"], "services": []}
    bootstrap.agreed(said.operator, binding=reading)
    answer = exchange(said.server, said.token())
    assert refused(answer, "invalid_target")
    assert "payments-ci, readers" in answer.get_json()["detail"]
    assert said.given(audience="readers")["scope"] == "read"
    assert said.given(scope="report:build")["scope"] == "report:build", "only one gives it"
    assert refused(exchange(said.server, said.token(), audience="others"), "invalid_target")
    assert refused(
        exchange(said.server, said.token(), audience="readers", scope="report:build"), "invalid_scope"
    )


WRONG: dict[str, dict[str, Any]] = {
    "another repository of that name": {"repository_id": "42"},
    "another owner of that name": {"repository_owner_id": "8"},
    "a pull request": {"event_name": "pull_request"},
    "an issuer that nobody named": {"iss": "https://ci.example"},
    "another audience": {"aud": "https://ledger.example"},
    "two audiences": {"aud": ["shiplog:ledger-of-acme", "https://ledger.example"]},
    "no number": {"repository_id": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_why_is_in_the_log_alone(
    said: Said, claims: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    token = said.token(**claims)
    before = said.server.position
    answer = exchange(said.server, token)
    assert refused(answer)
    assert answer.get_json()["detail"] == "the token is not accepted"
    assert "token exchange refused: " in caplog.text
    assert token.rpartition(".")[2] not in caplog.text
    assert said.server.position == before, "a refusal records nothing"


def test_keys_are_kept_when_the_issuer_is_recorded_and_not_before(said: Said) -> None:
    def proposed(**changes: Any) -> int:
        issuer = {
            "url": "https://gitlab.acme.example",
            "platform": "gitlab",
            "audience": "https://ledger.example",
            "algorithms": ["ES256"],
            "jwks": keys.decode(),
            **changes,
        }
        return bootstrap.propose(said.operator, issuer=issuer).status_code

    keys = Issuer().jwks()
    kept = said.operator.services.evidence.blobs.has
    assert proposed(url="http://gitlab.acme.example") == 422
    assert not kept(Digest.of(keys))
    assert proposed() == 201
    assert kept(Digest.of(keys))
    assert proposed() == 409, "it holds already"


def test_another_key_of_the_same_name_signs_nothing(said: Said) -> None:
    forger = Issuer()
    assert refused(exchange(said.server, vouched(forger, said.clock.at)))


def test_a_platform_token_opens_nothing_but_the_exchange(said: Said) -> None:
    answer = said.server.client.get("/v1/access/mine", headers=bearer(said.token()))
    assert answer.get_json()["type"] == "/problems/credential-refused"


def test_an_exchanged_token_is_not_exchanged_again(said: Said) -> None:
    assert refused(exchange(said.server, said.given()["access_token"]))


def test_it_is_nowhere_in_the_database(said: Said) -> None:
    presented = said.token()
    token = exchange(said.server, presented).get_json()["access_token"]
    for file in said.server.settings.home.glob("ledger.db*"):
        content = file.read_bytes()
        assert token.encode() not in content
        assert token.split("_")[2].encode() not in content
        assert presented.rpartition(".")[2].encode() not in content
