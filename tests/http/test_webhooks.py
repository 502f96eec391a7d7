"""Webhooks over HTTP, told by couriers that a test moves: a real receiver, a real ledger, a clock of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from api.webhooks.courier import HELD, TURN_EVENTS_MAX, Courier
from api.webhooks.networks import Networks
from api.webhooks.rounds import Rounds
from domain.access.delivery import TRYING, WAIT_SECONDS_MAX
from domain.access.roles import Role
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.people import as_person, by_name
from tests.http.world import Document, World
from tests.receiver import Answer, Receiver, Told, receiving

LOOPBACK = Networks.parse("127.0.0.0/8")
SECOND = timedelta(seconds=1)


@dataclass
class Stage:
    """A ledger, and somebody who is told."""

    world: World
    receiver: Receiver
    couriers: list[Courier] = field(default_factory=list)

    def courier(self, name: str = "a", world: World | None = None) -> Courier:
        services = (world or self.world).services
        return Courier(services.ledger, services.webhooks, name=name, chance=lambda: 0.5)

    def add(self, name: str = "chat", **more: Any) -> Document:
        """Have the operator add a webhook that leads to the receiver."""
        said = {"name": name, "url": self.receiver.url, "scopes": ["read"], **more}
        bootstrap.agreed(self.world, webhook=said)
        return self.shown(name)

    def shown(self, name: str = "chat") -> Document:
        listed = self.world.answer("webhooks")["webhooks"]
        return next(each for each in listed if each["name"] == name)

    def log(self, name: str = "chat") -> list[Document]:
        return list(self.world.answer(f"webhooks/{name}/deliveries")["deliveries"])

    def run(self, world: World | None = None, name: str = "a") -> int:
        """Have a courier tell all that is due, once; return of how many events."""
        courier = self.courier(name, world)
        return sum(courier.tell(each) for each in courier.due())

    def post(self, verb: str, name: str = "chat", status: int = 200, **body: Any) -> Document:
        answer = self.world.client.post(f"/v1/webhooks/{name}:{verb}", json=body or None)
        assert answer.status_code == status, answer.text
        return dict(answer.get_json())


@contextmanager
def staged(settings: Settings, **more: Any) -> Iterator[Stage]:
    named = replace(settings, webhook_networks=LOOPBACK)
    with worlds.opened(named, **more) as world, receiving() as receiver:
        yield Stage(world, receiver)


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with staged(worlds.make(tmp_path / "home", database_url=url)) as lent:
        yield lent


@pytest.fixture
def quick(empty_ledger: Settings, tmp_path: Path) -> Iterator[Stage]:
    """On SQLite alone, for what no database decides."""
    with worlds.copied(empty_ledger, tmp_path / "home") as world:
        settings = world.settings
    with staged(settings) as lent:
        yield lent


def build(stage: Stage, number: int = 1) -> int:
    """Report a build; return its position."""
    return int(worlds.build(stage.world, f"ci/{number}", "9f2c" * 10)["position"])


def test_a_receiver_is_told_in_order_of_what_follows_and_verifies_it(stage: Stage) -> None:
    build(stage, 1)
    shown = stage.add()
    first, second = build(stage, 2), build(stage, 3)
    assert stage.run() == 2
    assert stage.receiver.positions == [first, second]
    now = int(stage.world.clock.at.timestamp())
    for told in stage.receiver.told:
        assert [told.verified_by(key, now) for key in shown["public_keys"]] == [True]
        assert told.headers["content-type"] == "application/json"
        assert "ci/" in told.said["data"]["stream"]
    assert [each.id for each in stage.receiver.told] == [f"evt_{n}_chat" for n in (first, second)]
    assert stage.run() == 0
    stands = stage.shown()
    assert (stands["told"], stands["behind"], stands["failures"]) == (second, 0, 0)
    assert [(each["position"], each["status"], each["said"]) for each in stage.log()] == [
        (second, 200, "thanks"),
        (first, 200, "thanks"),
    ]


def test_two_servers_tell_each_event_once(stage: Stage) -> None:
    stage.add()
    with worlds.opened(stage.world.settings, at=stage.world.clock.at) as other:
        positions = []
        for number in range(6):
            positions.append(build(stage, number))
            other.clock.at = stage.world.clock.at
            couriers = [stage.courier("a"), stage.courier("b", other)]
            due = [courier.due() for courier in couriers]
            assert due == [["chat"], ["chat"]], "both see that something is to be told"
            for courier, names in zip(couriers, due, strict=True):
                for name in names:
                    courier.tell(name)
        assert stage.receiver.positions == positions


def test_two_servers_at_once_tell_each_event_once_and_in_order(stage: Stage) -> None:
    stage.add()
    with worlds.opened(stage.world.settings, at=stage.world.clock.at) as other:
        couriers = stage.courier("a"), stage.courier("b", other)
        rounds = [Rounds(each, threads=2, look_seconds=0.001) for each in couriers]
        for each in rounds:
            each.start()
        try:
            positions = []
            for number in range(12):
                other.clock.at = stage.world.clock.at
                positions.append(build(stage, number))
                other.clock.at = stage.world.clock.at
            stage.receiver.wait_for(len(positions))
        finally:
            for each in rounds:
                each.stop()
    assert stage.receiver.positions == positions


def test_while_one_server_tells_it_no_other_does(stage: Stage) -> None:
    stage.add()
    build(stage)
    with worlds.opened(stage.world.settings, at=stage.world.clock.at) as other:

        def meanwhile(_: Told) -> Answer:
            assert stage.courier("b", other).tell("chat") == 0
            return Answer()

        stage.receiver.answer = meanwhile
        assert stage.run() == 1
    assert len(stage.receiver.told) == 1


class Killed(BaseException):
    """The server is gone, in the middle of it."""


def test_when_a_server_is_killed_another_goes_on_when_its_time_is_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.add()
    position = build(stage)
    deliveries = stage.world.services.webhooks.deliveries

    def gone(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(deliveries), "reached", gone)
        patch.setattr(type(deliveries), "release", gone)
        with pytest.raises(Killed):
            stage.run()
    assert stage.receiver.positions == [position], "it was told, and nobody knows"
    with worlds.opened(stage.world.settings, at=stage.world.clock.at) as other:
        other.clock.at = stage.world.clock.at + HELD - 2 * SECOND
        assert stage.run(other, "b") == 0, "it is still the other's"
        other.clock.at += 3 * SECOND
        assert stage.run(other, "b") == 1
    assert {told.id for told in stage.receiver.told} == {f"evt_{position}_chat"}
    assert len(stage.receiver.told) == 2, "at least once"


# -- what it may see, and wants


def told_story(stage: Stage) -> dict[int, tuple[str, str]]:
    """Tell the story; return stream and topic of each event of it by position."""
    before = stage.world.position
    worlds.tell_story(stage.world)
    rows = stage.world.answer("events", after=before, limit=1000)["events"]
    return {each["position"]: (each["stream"], each["topic"]) for each in rows}


def test_each_is_told_what_is_within_its_reach_and_of_the_topics_it_wants(quick: Stage) -> None:
    wanted = {
        "everything": {},
        "prod": {"environments": ["prod"]},
        "payments": {"services": ["payments-*"], "environments": ["prod"]},
        "search": {"services": ["search-api"]},
        "deployed": {"topics": ["deployment-succeeded.v1", "removed.v1"], "environments": ["prod"]},
        "who": {"scopes": ["access:read"]},
        "both": {"scopes": ["access:read", "read"]},
    }
    for name, said in wanted.items():
        quick.add(name, **said)
    events = told_story(quick)
    bootstrap.agreed(quick.world, grant={"role": "auditor", "holder": {"issuer": "i", "subject": "s"}})
    access = {quick.world.position - 1, quick.world.position}
    for _ in range(3):
        quick.run()
    got: dict[str, set[int]] = {name: set() for name in wanted}
    for told in quick.receiver.told:
        got[told.said["data"]["webhook"]].add(told.position)

    def of(*streams: str, topics: tuple[str, ...] = ()) -> set[int]:
        return {
            position
            for position, (stream, topic) in events.items()
            if stream in streams and (not topics or topic in topics)
        }

    pay, search = "target:payments-api@prod", "target:search-api@prod"
    assert got["everything"] == set(events)
    assert got["prod"] == of(pay, search, "environment:prod")
    assert got["payments"] == of(pay)
    assert got["search"] == of(search)
    assert got["deployed"] == of(pay, search, topics=("deployment-succeeded.v1", "removed.v1"))
    assert got["who"] >= access
    assert not got["who"] & set(events)
    assert got["both"] >= access | set(events)
    assert all(got.values())
    assert "not to be seen" not in str([told.body for told in quick.receiver.told])


def test_nothing_is_told_after_it_was_removed_or_narrowed(quick: Stage) -> None:
    quick.add(environments=["prod"])
    quick.add("other", environments=["staging"])
    pay = {"service": "payments-api", "entries": {"A": {"value": "1"}}}

    def configured() -> None:
        for environment in ("staging", "prod"):
            quick.world.recorded("configs", **pay, environment=environment)

    configured()
    pay["entries"] = {"A": {"value": "2"}}
    quick.add(environments=["staging"])
    bootstrap.agreed(quick.world, remove_webhook={"name": "other"})
    quick.run()
    assert [told.said["data"]["environment"] for told in quick.receiver.told] == ["staging"]
    assert [told.said["data"]["webhook"] for told in quick.receiver.told] == ["chat"]
    quick.add("other", environments=["prod"])
    configured()
    quick.run()
    assert [told.said["data"]["environment"] for told in quick.receiver.told[1:]] == ["staging", "prod"]


def test_one_that_is_added_anew_meanwhile_is_told_of_nothing_in_front_of_that(quick: Stage) -> None:
    quick.add()
    first, _ = build(quick, 1), build(quick, 2)

    def meanwhile(_: Told) -> Answer:
        if len(quick.receiver.told) == 1:
            bootstrap.agreed(quick.world, remove_webhook={"name": "chat"})
            quick.add()
        return Answer()

    quick.receiver.answer = meanwhile
    quick.run()
    third = build(quick, 3)
    quick.run()
    assert quick.receiver.positions == [first, third]


def test_a_long_list_is_told_in_turns(quick: Stage) -> None:
    quick.add()
    lines = b"\n".join(
        b'{"type":"build","service":"s","build":"b/%d","occurred_at":"2026-03-01T11:00:00Z"'
        b',"outcome":"failed","source":{"repository":"r","commit":"%s"}}' % (number, b"9f2c" * 10)
        for number in range(TURN_EVENTS_MAX + 7)
    )
    assert quick.world.batch(lines).status_code == 200
    assert quick.run() == TURN_EVENTS_MAX
    assert quick.run() == 7
    assert quick.receiver.positions == sorted(quick.receiver.positions)
    assert len(set(quick.receiver.positions)) == TURN_EVENTS_MAX + 7


# -- what is not taken


def test_what_is_not_taken_is_tried_again_later_and_nothing_behind_it_before(quick: Stage) -> None:
    quick.add()
    first, second = build(quick, 1), build(quick, 2)
    quick.receiver.answer = lambda _: Answer(500, body=b"no room")
    waits = []
    for _ in range(4):
        began = quick.world.clock.at
        quick.run()
        assert quick.run() == 0, "it is not due"
        while not quick.courier().due():
            quick.world.clock.at += SECOND
        waits.append((quick.world.clock.at - began).total_seconds())
    assert waits == [5, 15, 45, 135]
    assert quick.receiver.positions == [first] * 4
    stands = quick.shown()
    assert (stands["failures"], stands["behind"]) == (4, 2)
    assert quick.log()[0]["said"] == "no room"
    quick.receiver.answer = lambda _: Answer()
    assert quick.run() == 2
    assert quick.receiver.positions == [first] * 5 + [second]
    assert quick.shown()["failures"] == 0


def test_a_clock_that_is_put_back_holds_up_nobody(quick: Stage) -> None:
    quick.add()
    quick.world.clock.at += timedelta(hours=2)
    first = build(quick)
    quick.run()
    quick.world.clock.at -= timedelta(hours=2)
    second = build(quick, 2)
    quick.run()
    assert quick.receiver.positions == [first, second]


def test_one_that_fails_holds_up_no_other(quick: Stage) -> None:
    quick.add("bad", url=quick.receiver.url.replace("hook", "bad"))
    quick.add("good")
    quick.receiver.answer = lambda told: Answer(500 if told.path == "/bad" else 200)
    build(quick)
    quick.run()
    assert (quick.shown("bad")["failures"], quick.shown("good")["behind"]) == (1, 0)


def test_after_three_days_it_is_paused_until_somebody_resumes_it(quick: Stage) -> None:
    quick.add()
    position = build(quick)
    quick.receiver.answer = lambda _: Answer(500)
    began = quick.world.clock.at
    while quick.shown()["paused_at"] is None:
        quick.run()
        quick.world.clock.at += timedelta(seconds=WAIT_SECONDS_MAX)
        assert quick.world.clock.at < began + 2 * TRYING
    assert quick.shown()["paused_why"] == f"event {position} was not taken for 3 days: status 500"
    assert quick.shown()["next_at"] is None
    tried = len(quick.receiver.told)
    quick.world.clock.at += TRYING
    assert quick.run() == 0
    assert len(quick.receiver.told) == tried
    quick.receiver.answer = lambda _: Answer()
    assert quick.post("resume")["webhook"]["paused_at"] is None
    assert quick.run() == 1
    assert {told.id for told in quick.receiver.told} == {f"evt_{position}_chat"}


ANSWERED: dict[str, tuple[Answer, float | None, str | None]] = {
    "gone": (Answer(410), None, "it answered 410"),
    "moved": (Answer(302, {"Location": "http://127.0.0.1:1/"}), 5, None),
    "asked to wait": (Answer(429, {"Retry-After": "90"}), 90, None),
    "asked to wait for ever": (Answer(503, {"Retry-After": "99999999"}), 12 * 3600, None),
    "broken": (Answer(500), 5, None),
    "not HTTP": (Answer(raw=b"what?\r\n\r\n"), 5, None),
    "too large": (Answer(raw=b"HTTP/1.1 200 " + b"a" * 100_000), 5, None),
    "nothing": (Answer(raw=b""), 5, None),
}


@pytest.mark.parametrize(("answer", "seconds", "paused"), ANSWERED.values(), ids=ANSWERED)
def test_what_comes_of_an_answer(
    quick: Stage, answer: Answer, seconds: float | None, paused: str | None
) -> None:
    quick.add()
    build(quick)
    quick.receiver.answer = lambda _: answer
    now = quick.world.clock.at
    assert quick.run() == 0
    stands = quick.shown()
    assert stands["failures"] == 1
    if paused is None:
        assert stands["paused_at"] is None
        quick.world.clock.at = now + timedelta(seconds=seconds or 0) - SECOND
        assert quick.courier().due() == []
        quick.world.clock.at += SECOND
        assert quick.courier().due() == ["chat"]
    else:
        assert paused in stands["paused_why"]


def test_where_it_may_not_lead_it_is_not_sent_and_the_log_says_so(
    empty_ledger: Settings, tmp_path: Path
) -> None:
    with worlds.copied(empty_ledger, tmp_path / "home") as world, receiving() as receiver:
        stage = Stage(world, receiver)
        stage.add()
        build(stage)
        stage.run()
        assert receiver.told == []
        (tried,) = stage.log()
        assert (tried["status"], tried["said"]) == (None, "not sent: 127.0.0.1 is this machine")
        assert stage.post("test")["attempt"]["said"] == "not sent: 127.0.0.1 is this machine"


# -- again, and by hand


def test_it_is_told_again_from_a_position_on_with_the_same_ids(quick: Stage) -> None:
    quick.add()
    positions = [build(quick, number) for number in range(3)]
    quick.run()
    before = {told.id for told in quick.receiver.told}
    assert quick.post("replay", after=positions[0])["webhook"]["behind"] == 2
    assert quick.run() == 2
    assert quick.receiver.positions == positions + positions[1:]
    assert {told.id for told in quick.receiver.told} == before
    quick.post("replay", after=0)
    quick.run()
    assert quick.receiver.positions[5:][-3:] == positions
    assert 1 in quick.receiver.positions, "also of what was recorded before it was there"


def test_one_delivery_is_sent_again_now(quick: Stage) -> None:
    quick.add()
    first, second = build(quick, 1), build(quick, 2)
    quick.run()
    again = quick.post("replay", delivery=f"evt_{first}_chat")
    assert again["attempt"]["delivered"] is True
    assert again["webhook"]["told"] == second
    assert quick.receiver.positions == [first, second, first]
    assert len(quick.log()) == 3


def test_what_it_is_not_told_is_not_told_again_either(quick: Stage) -> None:
    quick.add(services=["orders-api"])
    position = build(quick)
    for delivery in (f"evt_{position}_chat", "evt_999_chat", f"evt_{position}_other"):
        problem = quick.post("replay", delivery=delivery, status=404)
        assert problem["type"] == "/problems/unknown-event"
    assert quick.receiver.told == []


def test_a_trial_says_what_came_of_it_and_changes_nothing(quick: Stage) -> None:
    shown = quick.add()
    quick.receiver.answer = lambda _: Answer(418, body=b"a teapot")
    tried = quick.post("test")
    assert (tried["attempt"]["status"], tried["attempt"]["said"]) == (418, "a teapot")
    assert tried["attempt"]["position"] is None
    (told,) = quick.receiver.told
    assert told.said["type"] == "shiplog.trial"
    assert told.verified_by(shown["public_keys"][0])
    assert quick.shown()["failures"] == 0
    assert quick.log()[0]["id"] == told.id


def test_with_another_key_both_sign_for_a_week(quick: Stage) -> None:
    old = quick.add()["public_keys"][0]
    new, also = quick.add(key=2)["public_keys"]
    assert also == old
    build(quick)
    quick.run()
    assert quick.receiver.told[0].verified_by(old)
    assert quick.receiver.told[0].verified_by(new)
    quick.world.clock.at += timedelta(days=7)
    build(quick, 2)
    quick.run()
    assert not quick.receiver.told[1].verified_by(old)
    assert quick.receiver.told[1].verified_by(new)
    assert quick.shown()["public_keys"] == [new]


# -- who may


def test_an_admin_operates_what_they_reach(empty_ledger: Settings, tmp_path: Path) -> None:
    with worlds.copied(empty_ledger, tmp_path / "home") as world:
        settings = world.settings
        for name, reach in {"ann": {}, "bea": {"services": ["pay*"]}, "cyd": {}}.items():
            holder = {"issuer": "https://sso.example", "subject": name}
            role = Role.AUDITOR if name == "cyd" else Role.ADMIN
            bootstrap.agreed(world, grant={"role": role, "holder": holder, **reach})
        for name, services in {"pay": ["payments-api"], "all": []}.items():
            said = {"name": name, "url": "https://hooks.example/", "scopes": ["read"]}
            bootstrap.agreed(world, webhook={**said, "services": services})
    with staged(settings, guarded=by_name) as stage:

        def status(who: str, method: str, path: str) -> int:
            return stage.world.client.open(path, method=method, headers=as_person(who)).status_code

        def listed(who: str) -> list[str]:
            answer = stage.world.client.get("/v1/webhooks", headers=as_person(who))
            return [each["name"] for each in answer.get_json()["webhooks"]]

        assert (listed("ann"), listed("bea")) == (["all", "pay"], ["pay"])
        assert status("cyd", "GET", "/v1/webhooks") == 403
        for name, method, path in (
            ("deliveries", "GET", "/v1/webhooks/{}/deliveries"),
            ("resume", "POST", "/v1/webhooks/{}:resume"),
        ):
            found = {
                who: [status(who, method, path.format(each)) for each in ("pay", "all")]
                for who in ("ann", "bea", "cyd")
            }
            assert found == {"ann": [200, 200], "bea": [200, 403], "cyd": [403, 403]}, name
        assert status("ann", "POST", "/v1/webhooks/none:resume") == 404
