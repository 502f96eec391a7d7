"""A real ledger behind the real HTTP API, at a time of the test's choosing, and a story to tell it.

`World` is a database, its keys, a clock that moves only when told to, and a client in this process.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import wiring
from api.access.embedded import operating
from api.access.guard import Guard
from api.access.proxies import Proxies
from api.app import create_app
from api.cursor import Cursors
from api.mount import Authenticate
from api.services import Services
from api.settings import Settings
from api.v1.values import DIGEST_EXAMPLE
from domain import instant
from domain.digest import Digest
from tests.builders import NOON, Clock
from tests.following import Meanwhile

Document = dict[str, Any]

REPOSITORY = "https://git.example/acme/payments-api"
FIRST, SECOND, THIRD = "9f2c" * 10, "51db697e" * 5, "51db6aa0" * 5
"""Commits; the last two begin alike."""
AFTER_THE_STORY = NOON + timedelta(hours=7)


def image(of: str) -> str:
    """Return the digest of the one artifact of build *of*."""
    return DIGEST_EXAMPLE if of == "ci/4711" else str(Digest.of(f"payments-api {of}".encode()))


@dataclass
class World:
    """One ledger, opened as a server opens it."""

    settings: Settings
    clock: Clock
    services: Services
    client: FlaskClient
    said: list[TestResponse] = field(default_factory=list)
    """Every answer to a report, in order."""
    following: Meanwhile = field(default_factory=Meanwhile)
    """What happens while somebody waits for events; nobody waits for long here."""

    @property
    def position(self) -> int:
        """How far the ledger is."""
        return self.services.ledger.prefix(None).position

    @property
    def cursors(self) -> Cursors:
        """What seals the cursors of this server."""
        return self.services.cursors

    def report(self, noun: str, **body: Any) -> TestResponse:
        """Report to `/v1/NOUN`, as having happened now unless *body* says otherwise; a second passes."""
        told = {"occurred_at": self.now, **body}
        answer = self.client.post(f"/v1/{noun}", json=told)
        self.said.append(answer)
        self.clock.advance()
        return answer

    def recorded(self, noun: str, **body: Any) -> Document:
        """Report what must be new to the ledger, and return what became of it."""
        answer = self.report(noun, **body)
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json())

    def batch(self, lines: bytes, mode: str = "atomic", **headers: str) -> TestResponse:
        """Report *lines* together; a second passes."""
        answer = self.client.post(
            f"/v1/reports:batch?mode={mode}", data=lines, content_type="application/jsonl", headers=headers
        )
        self.said.append(answer)
        self.clock.advance()
        return answer

    def ask(self, path: str, *, holding: str | None = None, **query: str | int) -> TestResponse:
        """Ask `/v1/PATH`, *holding* an answer with that ETag; `start` and `end` stand for `from` and `to`."""
        spelled = {{"start": "from", "end": "to"}.get(name, name): value for name, value in query.items()}
        headers = {} if holding is None else {"If-None-Match": holding}
        return self.client.get(f"/v1/{path}", query_string=spelled or None, headers=headers)

    def answer(self, path: str, **query: Any) -> Document:
        """Ask what must be answered, and return the answer."""
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    @property
    def now(self) -> str:
        """The ledger's clock, as reports spell it."""
        return instant.text(self.clock())

    def at(self, hours: float) -> str:
        """Return the instant *hours* after the story began."""
        return instant.text(NOON + timedelta(hours=hours))


def _as_operator(_: Services) -> Authenticate:
    return operating(wiring.OPERATOR)


def by_credential(services: Services) -> Authenticate:
    """Return what a server asks: who presents which credential."""
    return Guard(services.ledger, services.passing, Proxies(), services.people.visitors)


Guarded = Callable[[Services], Authenticate]


def make(home: Path, *, database_url: str = "", at: datetime = NOON) -> Settings:
    """Make an empty ledger in *home*, or in the database that is named, and return where it is."""
    settings = Settings(home=home, database_url=database_url)
    made = wiring.initialise(settings, now=Clock(at))
    assert made, "the ledger was there already"
    return settings


@contextmanager
def opened(
    settings: Settings,
    *,
    at: datetime = NOON,
    guarded: Guarded = _as_operator,
    monotonic: Callable[[], float] | None = None,
) -> Iterator[World]:
    """Lend the ledger that *settings* name, opened a second after *at*; *guarded* says who is asking.

    Without *monotonic*, a second passes whenever somebody counts them: nothing is recent.
    """
    clock = Clock(at + timedelta(seconds=1))
    following = Meanwhile()
    wired = wiring.wire(settings, now=clock, monotonic=monotonic or count().__next__)
    services = replace(wired, waiting=following.waiting())
    app = create_app(services, guarded(services))
    app.testing = False  # a failure is answered as a server answers it, and not raised here
    try:
        yield World(settings, clock, services, app.test_client(), following=following)
    finally:
        services.close()


@contextmanager
def copied(
    template: Settings, home: Path, *, at: datetime = NOON, guarded: Guarded = _as_operator
) -> Iterator[World]:
    """Lend a copy, in *home*, of the SQLite ledger that *template* names."""
    shutil.copytree(template.home, home)
    with opened(Settings(home=home), at=at, guarded=guarded) as world:
        yield world


def build(world: World, name: str, commit: str, **more: Any) -> Document:
    """Report the build *name* of payments-api, with one artifact."""
    return world.recorded(
        "builds",
        service="payments-api",
        build=name,
        source={"repository": REPOSITORY, "commit": commit, "ref": "refs/heads/main"},
        artifacts=[{"name": "payments-api", "digest": image(name)}],
        **more,
    )


def tell_story(world: World) -> None:
    """Tell what a team did in a few hours, to staging first and then to prod.

    The names are those in the examples of the OpenAPI document.

    | hour | prod, `main`                       |
    |------|------------------------------------|
    | 1    | release 1: the first commit        |
    | 2    | release 2: other configuration     |
    | 3    | release 3: the second commit       |
    | 4    | release 1 again, and a canary of 3 |
    | 5    | what runs is seen                  |
    | 6    | the canary is removed              |
    """
    both = ("staging", "prod")
    pay = {"service": "payments-api"}
    prod = {**pay, "environment": "prod"}
    build(world, "ci/4711", FIRST, label="v1", builder="https://ci.example/builder@v3", id="run-4711")
    for environment in both:
        settings = {
            "LOG_LEVEL": {"value": "info"},
            "PAYMENT_TOKEN": {"secret": f"not to be seen in {environment}"},
        }
        world.recorded("configs", **pay, environment=environment, entries=settings, author="ann")
        world.recorded("releases", **pay, environment=environment, build="ci/4711")
    world.recorded("deployments", **pay, environment="staging", release=1, deployment="argo/990")
    _wait_until(world, 1)
    world.recorded("deployments", **prod, release=1, deployment="argo/991", outcome="started")
    world.recorded("deployments", **prod, release=1, deployment="argo/991")
    _wait_until(world, 2)
    world.recorded("configs", **prod, entries={"LOG_LEVEL": {"value": "debug"}})
    world.recorded("releases", **prod, build="ci/4711")
    world.recorded("deployments", **prod, release=2, deployment="argo/992")
    _wait_until(world, 3)
    build(world, "ci/4712", SECOND, label="v2")
    world.recorded(
        "builds",
        **pay,
        build="ci/4713",
        outcome="failed",
        source={"repository": REPOSITORY, "commit": THIRD},
    )
    world.recorded("releases", **prod, build="ci/4712", config=1)
    world.recorded("deployments", **prod, release=3, deployment="argo/993")
    _wait_until(world, 4)
    world.recorded(
        "deployments", **prod, release=1, deployment="argo/994", rollback=True, reason="payments time out"
    )
    world.recorded("deployments", **prod, release=3, deployment="argo/995", slot="canary")
    _wait_until(world, 5)
    world.recorded(
        "observations",
        environment="prod",
        reporter="agent",
        running=[
            {**pay, "artifacts": [image("ci/4711")]},
            {**pay, "slot": "canary", "artifacts": [image("ci/4711")]},
        ],
    )
    _wait_until(world, 6)
    world.recorded("removals", **prod, slot="canary", reason="the trial is over")
    world.recorded(
        "declarations",
        service="search-api",
        environment="prod",
        label="v130",
        config="git-blob:7f3a",
        commit=THIRD,
        source="https://git.example/acme/deployments",
        occurred_at=world.at(-24),
    )
    assert world.clock() < AFTER_THE_STORY


def _wait_until(world: World, hours: float) -> None:
    later = NOON + timedelta(hours=hours)
    assert world.clock() <= later, "the story is told in order"
    world.clock.at = later
