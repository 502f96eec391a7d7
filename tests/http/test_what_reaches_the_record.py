"""What must never be kept in clear, and what must never be answered from: each was once found wanting."""

import hashlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from api import wiring
from domain.errors import BrokenLedger, KeyUnusable
from tests.http import world as worlds
from tests.http.world import World

REPORTERS = 8
EACH = 6
PLAIN = {"issuer": "https://github.com", "subject": "49699333"}
CONFIG = {
    "service": "payments-api",
    "environment": "prod",
    "occurred_at": "2026-03-01T10:00:00Z",
    "entries": {"TOKEN": {"secret": "hunter2"}},
    "author": "ann@example.com",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_guess_at_a_secret_cannot_be_tried_on_what_an_idempotency_key_left_behind(home: Path) -> None:
    with worlds.opened(worlds.make(home)) as world:
        body = orjson.dumps(CONFIG)
        answer = world.client.post(
            "/v1/configs", data=body, content_type="application/json", headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == 201
    guessed = hashlib.sha256(
        b"".join(hashlib.sha256(part).digest() for part in (b"POST", b"/v1/configs", b"", body))
    ).digest()
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        kept = database.execute("SELECT fingerprint FROM answer").fetchall()
    assert len(kept) == 1
    assert kept[0][0] != guessed


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("/v1/builds", {"builder": "https://ci:s3cret@ci.example"}),
        (
            "/v1/builds",
            {"source": {"repository": "https://x:glpat-" + "a" * 20 + "@git", "commit": "a" * 40}},
        ),
        ("/v1/removals", {"reason": "with AKIA" + "IOSFODNN7EXAMPLE"}),
    ],
)
def test_a_credential_is_refused_wherever_a_line_is_kept(
    home: Path, path: str, changes: dict[str, object]
) -> None:
    build = {
        "service": "payments-api",
        "build": "ci/1",
        "occurred_at": "2026-03-01T10:00:00Z",
        "source": {"repository": "https://git.example/pay", "commit": "a" * 40},
        "artifacts": [{"name": "pay", "digest": "sha256:" + "5f" * 32}],
    }
    removal = {"service": "pay", "environment": "prod", "occurred_at": "2026-03-01T10:00:00Z"}
    with worlds.opened(worlds.make(home)) as world:
        before = _position(world)
        answer = world.client.post(path, json={**(build if path == "/v1/builds" else removal), **changes})
        assert answer.status_code == 422
        assert "credential" in answer.get_data(as_text=True)
        assert _position(world) == before


@pytest.mark.parametrize("spelled", ["ann@example.com", "Ann Example <ann@example.com>"])
def test_who_is_behind_a_build_is_nowhere_in_clear(home: Path, spelled: str) -> None:
    def build(name: str) -> dict[str, object]:
        people = {"author": {"issuer": "git", "subject": spelled}, "merged_by": PLAIN}
        source = {"repository": "https://git.example/pay", "commit": "a" * 40, **people}
        told = {"service": "pay", "build": name, "outcome": "failed", "source": source}
        return {**told, "occurred_at": "2026-03-01T10:00:00Z"}

    with worlds.opened(worlds.make(home)) as world:
        keyed = world.services.digests.person("ann@example.com")
        assert world.client.post("/v1/builds", json=build("ci/1")).status_code == 201
        lines = b"\n".join(orjson.dumps({"type": "build", **build(f"ci/{number}")}) for number in (1, 2))
        told = world.batch(lines).get_json()
        assert (told["new"], told["existing"]) == (1, 1)
        for name in ("ci/1", "ci/2"):
            (deed,) = world.answer("who", name=f"pay/{name}")["events"]
            assert deed["people"]["author"] == {"issuer": "git", "subject": keyed}
            assert deed["people"]["merged_by"] == PLAIN
    for file in home.glob("ledger.db*"):
        assert b"ann@example.com" not in file.read_bytes()
        assert b"Ann Example" not in file.read_bytes()


def test_what_may_be_the_name_of_somebody_is_no_author(home: Path) -> None:
    source = {"repository": "https://git.example/pay", "commit": "a" * 40}
    with worlds.opened(worlds.make(home)) as world:
        answer = world.report(
            "builds",
            service="pay",
            build="ci/1",
            outcome="failed",
            source={**source, "author": {"issuer": "git", "subject": "Ann Example"}},
        )
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/malformed-value")
    assert "Ann" not in answer.text


def test_init_makes_no_new_key_beside_a_ledger_that_is_there(home: Path) -> None:
    settings = worlds.make(home)
    (home / "keys" / "digest.key").unlink()
    with pytest.raises(KeyUnusable, match="restore it from a backup"):
        wiring.initialise(settings)
    assert not (home / "keys" / "digest.key").exists()


def test_asking_needs_no_private_key(home: Path) -> None:
    settings = worlds.make(home)
    (home / "keys" / "ledger.pem").unlink()
    services = wiring.wire(settings)
    try:
        assert services.ledger.prefix(None).position == 1
    finally:
        services.close()


def test_read_models_that_claim_more_than_the_ledger_has_are_not_believed(home: Path) -> None:
    settings = worlds.make(home)
    _move_projection(home, +1000)
    with pytest.raises(BrokenLedger, match="the ledger only at"):
        wiring.wire(settings)


def test_nothing_is_answered_from_read_models_that_are_far_behind(home: Path) -> None:
    with worlds.opened(worlds.make(home)) as world:
        world.client.post(
            "/v1/removals",
            json={"service": "pay", "environment": "prod", "occurred_at": "2026-03-01T10:00:00Z"},
        )
        _move_projection(home, -100_000)
        answer = world.client.get("/v1/environments/prod/state")
        assert (answer.status_code, answer.get_json()["type"]) == (503, "/problems/ledger-unavailable")


def test_a_server_whose_key_is_gone_is_not_ready(home: Path) -> None:
    settings = worlds.make(home)
    (home / "keys" / "ledger.pem").unlink()
    services = wiring.wire(settings)
    try:
        with pytest.raises(KeyUnusable):
            services.ready()
    finally:
        services.close()


def test_reporters_of_one_target_need_not_lose_races_against_each_other(home: Path) -> None:
    with worlds.opened(worlds.make(home)) as world:
        start = threading.Barrier(REPORTERS, timeout=60)

        def report(reporter: int) -> list[int]:
            start.wait()
            client = world.client.application.test_client()
            return [
                client.post(
                    "/v1/declarations",
                    json={
                        "service": "pay",
                        "environment": "prod",
                        "occurred_at": f"2026-03-01T10:{reporter:02}:{number:02}Z",
                        "label": f"v{reporter}.{number}",
                    },
                ).status_code
                for number in range(EACH)
            ]

        with ThreadPoolExecutor(REPORTERS) as threads:
            statuses = {status for each in threads.map(report, range(REPORTERS)) for status in each}
        assert statuses == {201}


def test_a_commit_ran_only_where_it_was_the_one_that_declared_it(home: Path) -> None:
    with worlds.opened(worlds.make(home)) as world:
        for day, label, commit in ((1, "v1", "a" * 40), (2, "v2", "b" * 40), (3, "v1", "c" * 40)):
            line = {"service": "pay", "environment": "prod", "label": label, "commit": commit}
            world.client.post("/v1/declarations", json={**line, "occurred_at": f"2026-02-0{day}T10:00:00Z"})
        found = world.client.get(f"/v1/commits/{'c' * 40}").get_json()["intervals"]
    assert [interval["since"] for interval in found] == ["2026-02-03T10:00:00Z"]


def _position(world: World) -> int:
    position: int = world.client.get("/v1/ledger").get_json()["ledger"]["position"]
    return position


def _move_projection(home: Path, by: int) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        database.execute("UPDATE projection SET position = position + ?", (by,))
        database.commit()


def test_init_goes_on_where_an_interrupted_one_stopped(home: Path) -> None:
    settings = worlds.make(home)
    for name in ("ledger.db", "keys/ledger.pub.pem", "keys/digest.key"):
        (home / name).unlink()
    made = wiring.initialise(settings)
    assert [each.split(" ")[0] for each in made] == ["signing", "digest", "database", "ledger"]
    wiring.wire(settings).close()
