"""The short way to an operation: whatever it answers, Flask's way answers too."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import direct
from tests.http.toy import ARTIFACT, MemoryAnswers, toy_app

STATE = "/v1/environments/prod/state"
PAST = f"{STATE}?as_of=2026-01-01T00:00:00Z"
CI = {"Authorization": "Bearer ci"}

ASKED = {
    "a question": ("GET", STATE, {}),
    "its head": ("HEAD", STATE, {}),
    "a settled one": ("GET", PAST, {}),
    "one that is held": ("GET", PAST, {"If-None-Match": "*"}),
    "another question": ("GET", f"{STATE}?limit=7&proof=true", {}),
    "a wrong question": ("GET", f"{STATE}?limit=many&limits=7", {}),
    "nothing there": ("GET", "/v1/lines/7", {}),
    "something there": ("GET", "/v1/lines/1", {}),
    "no permission": ("GET", STATE, {"Authorization": "Bearer none"}),
    "a body too many": ("GET", STATE, {"Content-Length": "1"}),
    "nobody's": ("GET", STATE, {"Authorization": ""}),
    "another method": ("DELETE", STATE, {}),
    "its options": ("OPTIONS", STATE, {}),
    "the path in percent": ("GET", "/v1/environments/pr%6Fd/state", {}),
    "a slash in percent": ("GET", "/v1/environments/prod%2Fstate", {}),
    "a slash too many": ("GET", f"{STATE}/", {}),
    "a path of two spellings": ("GET", "/v1/environments//prod/state", {}),
    "a digest": ("GET", f"/v1/artifacts/{ARTIFACT}", {}),
    "no digest": ("GET", "/v1/artifacts/sha256:a", {}),
    "a bug": ("GET", "/v1/bug", {}),
    "a busy ledger": ("GET", "/v1/busy", {}),
    "a refusal that was not declared": ("GET", "/v1/undeclared", {}),
    "a page of Flask's": ("GET", "/problems/", {}),
    "no path": ("GET", "/v1/nothing", {}),
}


@pytest.fixture
def app() -> Flask:
    made = toy_app(MemoryAnswers())
    made.test_client().post("/v1/lines", json={"type": "build", "build": "b-1"}, headers=CI)
    return made


@pytest.fixture
def through_flask(app: Flask) -> Iterator[list[str]]:
    """The paths of requests that went through Flask."""
    seen: list[str] = []

    def note(sender: Flask, **_more: object) -> None:
        seen.append(sender.name)

    from flask import request_started  # noqa: PLC0415 - a signal, for this fixture only

    with request_started.connected_to(note, app):
        yield seen


@pytest.mark.parametrize(("method", "path", "headers"), ASKED.values(), ids=ASKED)
def test_the_second_answer_is_the_first_again(
    app: Flask, method: str, path: str, headers: dict[str, str]
) -> None:
    client = app.test_client()
    fresh = toy_app(MemoryAnswers()).test_client()  # only ever asked once, so through Flask
    fresh.post("/v1/lines", json={"type": "build", "build": "b-1"}, headers=CI)
    client.get(STATE, headers=CI)  # so that the path is remembered also where it is refused
    once, twice, first = (
        each.open(path, method=method, headers={**CI, **headers}) for each in (client, client, fresh)
    )
    assert once.status_code == twice.status_code == first.status_code
    assert sorted(once.headers) == sorted(twice.headers) == sorted(first.headers)
    if path != "/v1/bug":  # each is logged as another incident
        assert once.data == twice.data == first.data


def test_a_path_that_was_answered_goes_the_short_way(app: Flask, through_flask: list[str]) -> None:
    client = app.test_client()
    for _ in range(3):
        assert client.get(STATE, headers=CI).status_code == 200
    assert len(through_flask) == 1


def test_a_path_that_was_refused_is_not_remembered(app: Flask, through_flask: list[str]) -> None:
    client = app.test_client()
    for _ in range(3):
        assert client.get("/v1/lines/7", headers=CI).status_code == 404
    assert len(through_flask) == 3


def test_only_so_many_paths_are_remembered(
    app: Flask, through_flask: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "REMEMBERED_MAX", 2)
    client = app.test_client()
    paths = [f"/v1/environments/{name}/state" for name in ("a", "b", "c", "c", "a")]
    for path in paths:
        assert client.get(path, headers=CI).json is not None
    assert len(through_flask) == 4, "a was forgotten for c, c was not"


def test_two_environments_are_not_mistaken_for_each_other(client: FlaskClient) -> None:
    for _ in range(2):
        for name in ("prod", "staging"):
            assert client.get(f"/v1/environments/{name}/state").json["environment"] == name  # type: ignore[index]  # it is an object
