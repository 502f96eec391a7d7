"""The same request twice under one key: answered twice, done once."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.idempotency import Answer, Keyed, fingerprint
from api.refusals import InvalidRequest
from domain.actor import Actor, ActorKind
from domain.errors import AlreadyRecorded, LedgerUnavailable
from tests.http.toy import MemoryAnswers, toy_app
from tests.http.world import FIRST, REPOSITORY, World

KEY = {"Idempotency-Key": "4711"}
BUILD = {"type": "build", "build": "b-1"}
OTHER = {"type": "build", "build": "b-2"}


def test_the_stored_answer_is_given_again(client: FlaskClient) -> None:
    first = client.post("/v1/lines", json=BUILD, headers=KEY)
    again = client.post("/v1/lines", json=BUILD, headers=KEY)
    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.mimetype == first.mimetype


def test_a_stored_answer_says_where_and_from_which_prefix_again(world: World) -> None:
    build: dict[str, Any] = {"service": "pay", "build": "ci/1", "outcome": "failed", "occurred_at": world.now}
    build["source"] = {"repository": REPOSITORY, "commit": FIRST}
    first = world.client.post("/v1/builds", json=build, headers=KEY)
    world.report("builds", **build | {"build": "ci/2"})
    again = world.client.post("/v1/builds", json=build, headers=KEY)
    assert (again.status_code, again.data) == (201, first.data)
    for name in ("Location", "Ledger-Head", "Content-Type", "Content-Length", "Cache-Control"):
        assert again.headers.getlist(name) == first.headers.getlist(name) != []


class Meanwhile(MemoryAnswers):
    """Lets something else happen as soon as a key was taken."""

    then: Callable[[], object] | None = None

    def claim(self, key: str, *, fingerprint: str) -> Answer | None:
        got = super().claim(key, fingerprint=fingerprint)
        then, self.then = self.then, None
        if then is not None:
            then()
        return got


def test_of_two_requests_at_once_under_one_key_the_second_is_refused() -> None:
    answers = Meanwhile()
    app = toy_app(answers)
    said = []
    answers.then = lambda: said.append(_post(app, "4711", OTHER))
    assert _post(app, "4711").status_code == 201
    assert said[0].get_json()["type"] == "/problems/idempotency-key-reused"
    assert _post(app, "4712", OTHER).get_json()["position"] == 2


def test_the_same_request_twice_at_once_is_answered_twice_and_done_once() -> None:
    answers = Meanwhile()
    app = toy_app(answers)
    said = []
    answers.then = lambda: said.append(_post(app, "4711"))
    assert [_post(app, "4711").status_code, said[0].status_code] == [200, 201]
    assert _post(app, "4711").status_code == 201  # the first answer that was stored


@pytest.mark.parametrize(
    ("refusal", "kept"),
    [
        (AlreadyRecorded("otherwise"), False),
        (InvalidRequest("no"), False),
        (LedgerUnavailable("the connection was lost"), True),
        (RuntimeError("a bug"), True),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_may_have_been_recorded_keeps_its_key(
    answers: MemoryAnswers, refusal: Exception, kept: bool
) -> None:
    actor = Actor(ActorKind.TOKEN, issuer="tests", subject="ci")
    keyed = Keyed(answers, actor, "4711", ("POST", "/v1/lines", b"", b"{}"))
    assert keyed.begin() is None
    keyed.refused(refusal)
    assert bool(answers.stored) is kept
    assert Keyed(answers, actor, "4711", ("POST", "/v1/lines", b"", b"{}")).begin() is None


def test_without_a_key_the_command_itself_recognises_a_retry(client: FlaskClient) -> None:
    assert client.post("/v1/lines", json=BUILD).status_code == 201
    assert client.post("/v1/lines", json=BUILD).status_code == 200


@pytest.mark.parametrize(
    ("path", "sent"), [("/v1/lines", OTHER), ("/v1/lines", {}), ("/v1/lines?a=1", BUILD)]
)
def test_the_key_of_another_request_is_refused(client: FlaskClient, path: str, sent: dict[str, Any]) -> None:
    client.post("/v1/lines", json=BUILD, headers=KEY)
    answer = client.post(path, json=sent, headers=KEY)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/idempotency-key-reused"


def test_the_key_of_another_operation_is_refused(client: FlaskClient) -> None:
    client.post("/v1/lines", json=BUILD, headers=KEY)
    answer = client.post("/v1/touches", headers=KEY | {"If-Match": '"1"'})
    assert answer.get_json()["type"] == "/problems/idempotency-key-reused"


def test_callers_do_not_share_keys(client: FlaskClient) -> None:
    client.post("/v1/lines", json=BUILD, headers=KEY)
    other = {"Authorization": "Bearer other"}
    answer = client.post("/v1/lines", json=OTHER, headers=KEY | other)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


def test_each_key_has_an_answer_of_its_own(client: FlaskClient) -> None:
    client.post("/v1/lines", json=BUILD, headers=KEY)
    answer = client.post("/v1/lines", json=OTHER, headers={"Idempotency-Key": "4712"})
    assert answer.status_code == 201
    assert answer.get_json()["position"] == 2


def test_every_part_of_a_request_makes_it_another_one() -> None:
    requests = [
        ("POST", "/a", b"", b"x"),
        ("PUT", "/a", b"", b"x"),
        ("POST", "/b", b"", b"x"),
        ("POST", "/a", b"q", b"x"),
        ("POST", "/a", b"", b"y"),
        ("POST", "/a", b"x", b""),
    ]
    assert len({fingerprint(b"s" * 32, *each) for each in requests}) == len(requests)


def test_a_stream_is_not_stored(client: FlaskClient, answers: MemoryAnswers) -> None:
    answer = client.post("/v1/lines:batch", data=b"a", content_type="application/jsonl", headers=KEY)
    assert (answer.status_code, answers.stored) == (200, {})


def test_who_lost_the_permission_gets_no_stored_answer(client: FlaskClient) -> None:
    client.post("/v1/lines", json=BUILD, headers=KEY)
    answer = client.post("/v1/lines", json=BUILD, headers=KEY | {"Authorization": "Bearer x"})
    assert answer.status_code == 401


def test_a_refusal_is_not_stored(client: FlaskClient, answers: MemoryAnswers) -> None:
    refused = client.post("/v1/lines", json={"type": "build"}, headers=KEY)
    assert refused.status_code == 422
    assert answers.stored == {}
    assert client.post("/v1/lines", json=BUILD, headers=KEY).status_code == 201


def test_a_refusal_of_the_domain_is_not_stored(client: FlaskClient, answers: MemoryAnswers) -> None:
    client.post("/v1/lines", json=BUILD)
    conflict = client.post("/v1/lines", json=BUILD | {"labels": {"a": "b"}}, headers=KEY)
    assert conflict.status_code == 409
    assert answers.stored == {}


def test_only_digests_of_keys_are_stored(client: FlaskClient, answers: MemoryAnswers) -> None:
    client.post("/v1/lines", json=BUILD, headers=KEY)
    ((stored, answer),) = answers.stored.items()
    assert len(stored) == len(answer.fingerprint) == 64
    assert "4711" not in stored


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "schlüssel", "a\tb"])
def test_a_malformed_key_is_refused_with_or_without_a_store(key: str) -> None:
    for app in (toy_app(), toy_app(MemoryAnswers())):
        answer = _post(app, key)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["header"] == "Idempotency-Key"


def test_without_a_store_a_key_changes_nothing() -> None:
    app = toy_app()
    assert [_post(app, "k" * 255).status_code for _ in range(2)] == [201, 200]


def _post(app: Flask, key: str, line: dict[str, Any] = BUILD) -> Any:
    headers = {"Idempotency-Key": key, "Authorization": "Bearer ci"}
    return app.test_client().post("/v1/lines", json=line, headers=headers)
