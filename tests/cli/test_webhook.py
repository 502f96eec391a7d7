"""Webhooks from the command line: added, looked at, tried, told again and removed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from api import wiring
from api.cli import checks, client
from api.webhooks.networks import Networks
from domain import instant
from tests.cli.running import Shell
from tests.receiver import Answer, Receiver, receiving

WHY = ("--reason", "it is needed")
LOOPBACK = "127.0.0.0/8"
OURS = "10.20.0.0/16"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as lent:
        yield lent


def added(shiplog: Shell, url: str, *more: str) -> int:
    proposed = shiplog.done("webhook", "add", "chat", url, *more, *WHY, "-o", "json").json
    assert proposed["waits"] is False
    return int(proposed["number"])


def test_a_webhook_is_added_listed_and_removed(shiplog: Shell) -> None:
    assert shiplog.done("webhook", "list").err.endswith("no webhooks\n")
    added(shiplog, "https://hooks.example/", "--topic", "removed.v1", "--environment", "prod")
    ((name, url, *row),) = shiplog.done("webhook", "list").lines
    assert (name, url) == ("chat", "https://hooks.example/")
    assert row == ["read:", "any", "service", "in", "prod", "removed.v1", "-", "-", "not", "begun"]
    before = shiplog.clock.at
    (held,) = shiplog.done("access", "list", "webhooks").lines
    assert held[1:3] == ["chat", "https://hooks.example/"]
    ended = shiplog.done("webhook", "remove", "chat", *WHY)
    assert "it holds" in ended.err
    assert shiplog.done("webhook", "list").lines == []
    assert shiplog.done("access", "list", "webhooks").lines == []
    then = shiplog.done("access", "list", "webhooks", "--as-of", instant.text(before)).lines
    assert then == [held], "who was told is told of any moment"


def test_its_keys_are_printed_for_whoever_receives(shiplog: Shell) -> None:
    added(shiplog, "https://hooks.example/")
    old = shiplog.done("webhook", "key", "chat").out.strip()
    assert old.startswith("whpk_")
    assert len(old) == 49
    shiplog.done("webhook", "key", "chat", "--rotate", *WHY)
    new, also = shiplog.done("webhook", "key", "chat").out.split()
    assert also == old != new
    added(shiplog, "https://hooks.example/other")
    told = shiplog.done("webhook", "key", "chat", "-o", "json").json
    assert told == {"name": "chat", "public_keys": [new, old]}, "added again, it keeps its key"


def test_it_is_tried_and_says_what_came_of_it(shiplog: Shell, receiver: Receiver) -> None:
    added(shiplog, receiver.url)
    tried = shiplog("webhook", "test", "chat", SHIPLOG_WEBHOOK_NETWORKS=LOOPBACK)
    assert (tried.code, "thanks" in tried.out) == (0, True)
    receiver.answer = lambda _: Answer(500, body=b"no room")
    tried = shiplog("webhook", "test", "chat", SHIPLOG_WEBHOOK_NETWORKS=LOOPBACK)
    assert (tried.code, "no room" in tried.out) == (1, True)
    assert shiplog("webhook", "test", "chat").code == 1, "its network is not named"
    log = shiplog.done("webhook", "log", "chat").lines
    assert [row[3] for row in log] == ["-", "500", "200"]
    assert [row[3] for row in shiplog.done("webhook", "log", "chat", "--failed").lines] == ["-", "500"]
    assert log[0][5:] == ["not", "sent:", "127.0.0.1", "is", "this", "machine"]


def test_it_is_told_again_and_goes_on(shiplog: Shell, receiver: Receiver) -> None:
    number = added(shiplog, receiver.url, "--see", "access:read", "--see", "read")
    assert shiplog.done("webhook", "resume", "chat").out.split()[:2] == ["told", f"{number * 2 + 1}"]
    assert shiplog.done("webhook", "replay", "chat", "--after", "0").out.split()[:2] == ["told", "0"]
    sent = shiplog.done(
        "webhook", "replay", "chat", "--delivery", "evt_1_chat", SHIPLOG_WEBHOOK_NETWORKS=LOOPBACK
    )
    assert "evt_1_chat" in sent.out
    assert receiver.positions == [1]


def doctor(shiplog: Shell, code: int = 0, named: str = OURS) -> list[tuple[str, str]]:
    """Return what it says of webhooks: level and detail."""
    ran = shiplog("doctor", "-o", "json", SHIPLOG_WEBHOOK_NETWORKS=named)
    assert ran.code == code, ran.out
    found = orjson.loads(ran.out)["findings"]
    return [(each["level"], each["detail"]) for each in found if each["check"] == "webhooks"]


def test_the_doctor_tells_of_trouble(
    shiplog: Shell, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MOUNTS", tmp_path / "mounts")
    assert doctor(shiplog) == []
    added(shiplog, receiver.url)
    assert doctor(shiplog) == [("ok", "1, none in trouble")]
    shiplog.clock.at += timedelta(minutes=11)
    assert doctor(shiplog) == [("warn", "nobody tells chat")]
    shiplog.done("webhook", "resume", "chat")
    shiplog.done("webhook", "replay", "chat", "--after", "0")
    settings = replace(client.settings(), webhook_networks=Networks.parse(LOOPBACK))
    services = wiring.wire(settings, now=shiplog.clock)
    try:
        receiver.answer = lambda _: Answer(500)
        wiring.courier(services).tell("chat")
        assert doctor(shiplog)[0][1].startswith("chat failed 1 times since 2026-03-01T12:12:")
        shiplog.clock.at += timedelta(minutes=1)
        receiver.answer = lambda _: Answer(410)
        wiring.courier(services).tell("chat")
    finally:
        services.close()
    ((level, said),) = doctor(shiplog)
    assert (level, "it answered 410" in said) == ("warn", True)
    _, (_, wide) = doctor(shiplog, named="0.0.0.0/0")
    assert wide.startswith("webhooks may lead into 0.0.0.0/0")


def test_without_its_secret_nothing_is_signed_until_there_is_another(
    shiplog: Shell, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MOUNTS", tmp_path / "mounts")
    added(shiplog, receiver.url)
    old = shiplog.done("webhook", "key", "chat").out
    secret = client.settings().home / "keys" / "webhook.key"
    assert secret.stat().st_mode & 0o077 == 0
    secret.unlink()
    assert shiplog("webhook", "test", "chat", SHIPLOG_WEBHOOK_NETWORKS=LOOPBACK).code == 4
    assert receiver.told == []
    assert "webhook.key cannot be read" in doctor(shiplog, code=1)[0][1]
    assert shiplog.done("init", "-o", "json").json["made"][0] == f"webhook key {secret}"
    assert shiplog.done("webhook", "key", "chat").out != old


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "chat", "http://hooks.example/", *WHY), 2),
        (("add", "chat", "https://hooks.example/", "--topic", "remove.v1", *WHY), 2),
        (("add", "chat", "https://hooks.example/", "--see", "export", *WHY), 2),
        (("add", "Chat", "https://hooks.example/", *WHY), 2),
        (("remove", "chat", *WHY), 3),
        (("key", "chat"), 3),
        (("key", "chat", "--rotate"), 2),
        (("key", "chat", *WHY), 2),
        (("log", "chat"), 3),
        (("test", "chat"), 3),
        (("resume", "chat"), 3),
        (("replay", "chat", "--after", "0"), 3),
        (("replay", "chat"), 2),
        (("replay", "chat", "--after", "0", "--delivery", "evt_1_chat"), 2),
        (("replay", "chat", "--after", "99999"), 3),
    ],
)
def test_what_is_wrong_has_its_exit_code(shiplog: Shell, words: tuple[str, ...], code: int) -> None:
    assert shiplog("webhook", *words).code == code
