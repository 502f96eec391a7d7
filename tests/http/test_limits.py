"""Who asks too often is told when to ask again; who shares an address with them is not."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access import limits as counting
from api.access.guard import Guard
from api.access.limits import Limits
from api.access.proxies import Proxies
from api.app import create_app
from api.cli.in_process import InProcess
from api.refusals import TooManyRequests
from api.settings import Settings
from domain.access.scopes import Scope
from tests import credentials
from tests.credentials import BEARER, TOKEN, token_text
from tests.http import world as worlds
from tests.http.bootstrap import bearer, form
from tests.http.world import World
from tests.unit.test_buckets import Monotonic

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"
Headers = dict[str, str]


@dataclass
class Served:
    """A ledger behind limits of 5 a second for a credential and 3 for an address, twice that at once."""

    world: World
    client: FlaskClient
    clock: Monotonic
    limits: Limits

    def ask(
        self, headers: Headers | None = None, address: str = HERE, path: str = "/v1/ledger"
    ) -> TestResponse:
        return self.client.get(path, headers=headers or {}, environ_base={"REMOTE_ADDR": address})

    def codes(self, times: int, headers: Headers | None = None, **more: str) -> list[int]:
        return [self.ask(headers, **more).status_code for _ in range(times)]


Serve = Callable[..., Served]


@pytest.fixture
def serve(empty_ledger: Settings, tmp_path: Path) -> Iterator[Serve]:
    with worlds.copied(empty_ledger, tmp_path / "home", guarded=worlds.by_credential) as world:
        credentials.issue(world.services.ledger)

        def served(proxies: Proxies | None = None) -> Served:
            clock, known = Monotonic(), proxies or Proxies()
            limits = Limits(known, credential=5, address=3, monotonic=clock)
            services = world.services
            guard = Guard(services.ledger, services.passing, known, services.people.visitors)
            app = create_app(services, guard, limits=limits)
            return Served(world, app.test_client(use_cookies=False), clock, limits)

        yield served


def test_a_credential_has_its_own(serve: Serve) -> None:
    server = serve()
    other = token_text("OfSomebodyXY")
    credentials.issue(server.world.services.ledger, other)
    assert server.codes(12, BEARER) == [200] * 10 + [429] * 2
    assert server.codes(12, bearer(other)) == [200] * 10 + [429] * 2
    assert server.codes(2, BEARER, address=ELSEWHERE) == [429, 429], "wherever it is used"
    server.clock.at += 1
    assert server.codes(6, BEARER) == [200] * 5 + [429]


def test_without_one_an_address_has_its_own(serve: Serve) -> None:
    server = serve()
    paths = ["/livez", "/v1/ledger", "/nothing", "/problems/", "/openapi.json", "/livez"]
    assert [server.ask(path=path).status_code for path in paths] == [200, 401, 404, 200, 200, 200]
    assert [server.ask(path=path).status_code for path in paths] == [429] * 6
    assert (
        server.client.post("/v1/token", data=form("x"), environ_base={"REMOTE_ADDR": HERE}).status_code == 429
    )
    assert server.ask(path="/livez", address=ELSEWHERE).status_code == 200
    assert server.ask(BEARER).status_code == 429, "what nobody here knows yet is counted there as well"
    server.clock.at += 1
    assert server.ask(BEARER).status_code == 200
    assert server.codes(9, BEARER) == [200] * 9, "and from then on by itself"


def test_many_new_tokens_from_one_address_take_nothing_from_each_other(serve: Serve) -> None:
    server = serve()
    texts = [token_text(f"OfManyToken{letter}") for letter in "ABCDEFGHIJKL"]
    for text in texts:
        credentials.issue(server.world.services.ledger, text)
    assert [server.ask(bearer(text)).status_code for text in texts] == [200] * 12


def test_a_credential_that_there_is_no_room_for_is_counted_where_it_comes_from(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "KEYS_MAX", 1)
    server = serve()
    other = token_text("OfSomebodyXY")
    credentials.issue(server.world.services.ledger, other)
    assert server.ask(BEARER).status_code == 200
    assert server.codes(8, bearer(other)) == [200] * 6 + [429] * 2


def test_what_is_told(serve: Serve) -> None:
    server = serve()
    server.codes(6, path="/livez")
    told = server.ask(path="/livez")
    assert told.mimetype == "application/problem+json"
    assert told.get_json() == {
        "type": "/problems/too-many-requests",
        "title": "Too many requests",
        "status": 429,
        "detail": "again in 1 s",
        "instance": "/livez",
    }
    assert told.headers["Retry-After"] == "1"
    assert told.headers["Cache-Control"] == "no-store"
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    server.clock.at += 1
    assert server.ask(path="/livez").status_code == 200


def test_guessing_at_a_token_is_slow_and_who_has_it_comes_in(serve: Serve) -> None:
    server = serve()
    assert server.ask(BEARER).status_code == 200
    guesses = [bearer(token_text("ForTheseTest", letter)) for letter in "BCDEFGHIJKLMNOP"]
    codes = []
    for guess in guesses:
        server.clock.at += 0.4  # slower than an address may ask
        codes.append(server.ask(guess).status_code)
    assert codes == [401] * 10 + [429] * 3 + [401, 429]
    assert server.ask(guesses[0]).headers["Retry-After"] in ("4", "5")
    assert server.ask(BEARER).status_code == 200, "from the same address"
    newcomer = token_text("OfSomebodyXY")
    credentials.issue(server.world.services.ledger, newcomer)
    assert server.ask(bearer(newcomer)).status_code == 200, "nobody knew it before"
    server.clock.at += 10
    assert server.ask(BEARER, address=ELSEWHERE).status_code == 200
    assert server.ask(guesses[1], address=ELSEWHERE).status_code == 401, "elsewhere it is counted anew"


def test_what_cannot_be_looked_at_any_more_is_not_looked_at(serve: Serve) -> None:
    """Or the right one could still be found among many."""
    server = serve()
    for letter in "BCDEFGHIJKL":
        server.clock.at += 0.4
        server.ask(bearer(token_text("ForTheseTest", letter)))
    server.clock.at += 0.4
    assert server.ask(BEARER).status_code == 429
    server.clock.at += 5
    assert server.ask(BEARER).status_code == 200


def test_a_token_that_has_ended_is_known_no_longer(serve: Serve) -> None:
    server = serve()
    assert server.codes(3, BEARER) == [200] * 3
    path = "/v1/access/tokens/ForTheseTest:revoke"
    assert server.client.post(path, json={"reason": "it leaked"}, headers=BEARER).status_code == 201
    codes = []
    for _ in range(13):
        server.clock.at += 0.35
        codes.append(server.ask(BEARER).status_code)
    assert codes == [401] * 11 + [429] * 2


def test_people_are_counted_as_whatever_they_present(serve: Serve) -> None:
    """A cookie is known once it was accepted; one that nobody knows is counted with its address."""
    server = serve()
    cookie = {"Cookie": "a=b; __Host-shiplog=made-up; c=d"}
    assert server.codes(7, cookie) == [401] * 6 + [429]
    limits = server.limits
    environ: dict[str, Any] = {"REMOTE_ADDR": ELSEWHERE, "HTTP_COOKIE": cookie["Cookie"]}
    accept = limits.guarding(lambda _: _asking())
    for _ in range(10):
        limits.arrived(environ)
        accept(_request(environ))
    with pytest.raises(TooManyRequests):
        limits.arrived(environ)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:0:1::", "2001:db8::1", True),
        ("2001:db8:0:1::1", "2001:db8::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("unknown", "nonsense", True),
    ],
)
def test_of_ipv6_a_network_is_one_party(one: str, other: str, same: bool) -> None:
    limits = Limits(Proxies(), credential=1, address=1, monotonic=Monotonic())
    for _ in range(2):
        limits.arrived({"REMOTE_ADDR": one})
    if same:
        with pytest.raises(TooManyRequests):
            limits.arrived({"REMOTE_ADDR": other})
    else:
        limits.arrived({"REMOTE_ADDR": other})


def test_behind_a_proxy_each_client_has_its_own(serve: Serve) -> None:
    server = serve(Proxies.parse("172.16.0.0/12"))
    for number in range(10):
        forwarded = {"X-Forwarded-For": f"192.0.2.{number}"}
        assert server.codes(2, forwarded, address="172.16.0.1", path="/livez") == [200] * 2
    stranger = {"address": ELSEWHERE, "path": "/livez"}
    assert server.codes(7, {"X-Forwarded-For": "10.1.1.1"}, **stranger) == [200] * 6 + [429]
    assert server.ask({"X-Forwarded-For": "10.1.1.2"}, **stranger).status_code == 429, "nobody else says so"


def test_a_crowd_of_addresses_takes_no_room_and_nothing_from_anybody(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "KEYS_MAX", 50)
    server = serve()
    assert server.codes(10, BEARER) == [200] * 10
    assert server.codes(7, path="/livez") == [200] * 6 + [429]
    for number in range(2000):
        environ: dict[str, Any] = {"REMOTE_ADDR": f"2001:db8:{number:x}::1"}
        try:
            server.limits.arrived(environ)
        except TooManyRequests:
            continue
    assert len(server.limits._addresses) <= 50 + counting.SHARED
    assert server.codes(2, path="/livez") == [429, 429], "nobody's count begins anew"
    assert server.codes(2, BEARER) == [429, 429]
    assert server.ask(path="/livez", address=ELSEWHERE).status_code == 200, (
        "who is far from them asks as before"
    )


def test_the_log_is_not_filled_by_it(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve()
    server.codes(1000, path="/livez")
    assert len([each for each in caplog.records if each.name == counting.__name__]) == 1
    server.clock.at += 10
    server.codes(1000, path="/livez")
    told = [each.getMessage() for each in caplog.records if each.name == counting.__name__]
    assert told == [
        f"1 requests too many, the last from {HERE}",
        f"994 requests too many, the last from {HERE}",
    ]
    assert TOKEN not in caplog.text


def test_whoever_opened_the_files_themselves_is_not_counted(empty_ledger: Settings, tmp_path: Path) -> None:
    shutil.copytree(empty_ledger.home, tmp_path / "home")
    embedded = InProcess(Settings(home=tmp_path / "home", rate_address=1, rate_credential=1))
    assert {embedded.send("GET", "/livez", None, "").status for _ in range(50)} == {200}
    embedded.close()


def test_a_first_request_that_is_not_permitted_is_no_guess(serve: Serve) -> None:
    server = serve()
    reading = token_text("OnlyReadingX")
    credentials.issue(server.world.services.ledger, reading, scopes=(Scope.READ,))
    codes = [
        server.client.post("/v1/builds", headers=bearer(reading), data=b"{").status_code for _ in range(9)
    ]
    assert codes == [403] * 9


def _asking() -> Any:
    return object()


def _request(environ: dict[str, Any]) -> Any:
    return type("Asked", (), {"environ": environ})()
