"""API tokens as a server sees them: found, held against what the ledger says by now, and never told."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from adapters.ledger.states import RECENT_SECONDS
from api.access.guard import Guard
from api.access.proxies import Proxies
from api.mount import Authenticate
from api.services import Services
from api.settings import Settings
from domain.access.scopes import Scope
from domain.errors import CredentialRefused, MalformedValue
from tests import credentials
from tests.access import who
from tests.builders import Seconds
from tests.credentials import BEARER, TOKEN, token_text
from tests.http import world as worlds
from tests.http.bootstrap import bearer
from tests.http.world import World

LEDGER = "/v1/ledger"


@pytest.fixture
def guarded(empty_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    """A ledger as a server opens it, which knows one token."""
    with worlds.copied(empty_ledger, tmp_path / "home", guarded=worlds.by_credential) as world:
        credentials.issue(world.services.ledger)
        yield world


@pytest.fixture
def operator(guarded: World) -> Iterator[World]:
    """The same ledger, opened by whoever has its files."""
    with worlds.opened(guarded.settings, at=guarded.clock.at) as world:
        yield world


def asked(world: World, headers: dict[str, str], address: str = "192.0.2.7") -> TestResponse:
    return world.client.get(LEDGER, headers=headers, environ_base={"REMOTE_ADDR": address})


def refused(answer: TestResponse) -> bool:
    """Whether it was refused, in the words that all causes share."""
    if answer.status_code == 200:
        return False
    problem = answer.get_json()
    assert problem["type"] == "/problems/credential-refused"
    assert problem["detail"] == "the credential is not accepted"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="shiplog", error="invalid_token"'
    return True


def decide(operator: World, what: str, **body: Any) -> Any:
    answer = operator.client.post(f"/v1/access/tokens/{what}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def test_who_acts_is_the_holder(guarded: World) -> None:
    mine = guarded.client.get("/v1/access/mine", headers=BEARER).get_json()
    assert mine["actor"] == {"kind": "token", "issuer": "shiplog:account", "subject": "tests"}
    assert (mine["method"], mine["credential"]) == ("token", "ForTheseTest")
    assert [each["by"] for each in mine["allowances"]] == ["token"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_has_no_case(guarded: World, scheme: str) -> None:
    assert asked(guarded, {"Authorization": f"{scheme} {TOKEN}"}).status_code == 200


def test_a_token_ends(guarded: World) -> None:
    assert not refused(asked(guarded, BEARER))
    guarded.clock.at += timedelta(days=31)
    assert refused(asked(guarded, BEARER))


def test_a_rotated_token_has_its_old_secret_for_as_long_as_was_said(guarded: World, operator: World) -> None:
    rotated = bearer(decide(operator, "ForTheseTest:rotate", grace_seconds=60)["secret"])
    assert not refused(asked(guarded, BEARER))
    assert not refused(asked(guarded, rotated))
    guarded.clock.at += timedelta(seconds=61)
    assert refused(asked(guarded, BEARER))
    assert not refused(asked(guarded, rotated))
    again = bearer(decide(operator, "ForTheseTest:rotate")["secret"])
    assert refused(asked(guarded, rotated)), "without grace, at once"
    assert not refused(asked(guarded, again))


def test_a_revoked_token_ends_at_once_on_every_server(guarded: World, operator: World) -> None:
    assert not refused(asked(guarded, BEARER))
    decide(operator, "ForTheseTest:revoke", reason="it leaked")
    assert refused(asked(guarded, BEARER))


@pytest.fixture
def still(guarded: World) -> Iterator[World]:
    """Another server, whose seconds stand still: what it saw once is recent."""
    with worlds.opened(guarded.settings, guarded=worlds.by_credential, monotonic=Seconds()) as world:
        assert not refused(asked(world, BEARER)), "it has looked"
        yield world


def test_a_revocation_is_seen_at_once_where_it_is_made_and_elsewhere_when_that_looks_again(
    guarded: World,
) -> None:
    seconds = Seconds()
    with worlds.opened(guarded.settings, guarded=worlds.by_credential, monotonic=seconds) as other:
        assert not refused(asked(other, BEARER))
        path = "/v1/access/tokens/ForTheseTest:revoke"
        revoked = guarded.client.post(path, json={"reason": "it leaked"}, headers=BEARER)
        assert revoked.status_code == 201
        assert refused(asked(guarded, BEARER))
        seconds.advance(RECENT_SECONDS - 0.001)
        assert not refused(asked(other, BEARER))
        seconds.advance(0.002)
        assert refused(asked(other, BEARER))


def test_a_token_that_was_just_issued_elsewhere_is_good(still: World, operator: World) -> None:
    other = token_text("JustIssuedXY")
    credentials.issue(operator.services.ledger, other)
    assert not refused(asked(still, bearer(other)))


def test_a_secret_that_was_just_drawn_elsewhere_is_good(still: World, operator: World) -> None:
    fresh = bearer(decide(operator, "ForTheseTest:rotate")["secret"])
    assert not refused(asked(still, fresh))
    assert refused(asked(still, BEARER)), "and then the old one is not"


def test_whoever_is_refused_is_refused_by_what_the_ledger_says_now(still: World, operator: World) -> None:
    unknown = token_text("NeverBeforeX")
    assert refused(asked(still, bearer(unknown)))
    decide(operator, "ForTheseTest:revoke", reason="it leaked")
    assert not refused(asked(still, BEARER))
    assert refused(asked(still, bearer(unknown)))
    assert refused(asked(still, BEARER)), "a look for one is a look for all"


def test_a_token_revokes_itself_and_no_other(guarded: World) -> None:
    other = token_text("OfSomebodyXY")
    credentials.issue(guarded.services.ledger, other, holder=who("somebody"))
    path = "/v1/access/tokens/{}:revoke"
    body = {"reason": "it leaked"}
    denied = guarded.client.post(path.format("OfSomebodyXY"), json=body, headers=BEARER)
    assert denied.get_json()["type"] == "/problems/not-permitted"
    assert not refused(asked(guarded, bearer(other)))
    assert guarded.client.post(path.format("ForTheseTest"), json=body, headers=BEARER).status_code == 201
    assert refused(asked(guarded, BEARER))


def test_a_token_of_a_network_is_good_there(guarded: World) -> None:
    inside = token_text("OnTheInsideX")
    credentials.issue(guarded.services.ledger, inside, cidrs=("10.0.0.0/8", "2001:db8::/32"))
    for address, good in (
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::7", True),
        ("11.1.2.3", False),
        ("::1", False),
        ("", False),
        ("not an address", False),
    ):
        assert refused(asked(guarded, bearer(inside), address)) is not good, address


def test_where_a_request_came_from_is_not_for_the_client_to_say(guarded: World) -> None:
    inside = token_text("OnTheInsideX")
    credentials.issue(guarded.services.ledger, inside, cidrs=("10.0.0.0/8",))
    for said in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-Cert"):
        assert refused(asked(guarded, {**bearer(inside), said: "10.1.2.3"}))


@pytest.mark.parametrize(
    ("peer", "hops", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "10.1.2.3", "192.0.2.1"),
        ("172.16.0.1", "", "172.16.0.1"),
        ("172.16.0.1", "10.1.2.3", "10.1.2.3"),
        ("172.16.0.1", "10.9.9.9, 192.0.2.1", "192.0.2.1"),
        ("172.16.0.1", "10.1.2.3, 172.16.0.2", "10.1.2.3"),
        ("172.16.0.1", "10.1.2.3,172.16.0.2,172.16.0.3", "10.1.2.3"),
        ("172.16.0.1", "172.16.0.2", "172.16.0.2"),
        ("::ffff:172.16.0.1", "2001:db8::1", "2001:db8::1"),
        ("172.16.0.1", "unknown", None),
        ("172.16.0.1", "10.1.2.3, ", None),
        ("172.16.0.1", "10.1.2.3:4711", None),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours(peer: str, hops: str, address: str | None) -> None:
    environ = {"REMOTE_ADDR": peer, **({"HTTP_X_FORWARDED_FOR": hops} if hops else {})}
    proxies = Proxies.parse("172.16.0.0/12")
    if address is None:
        with pytest.raises(CredentialRefused):
            proxies.address(environ)
    else:
        assert str(proxies.address(environ)) == address


@pytest.mark.parametrize("text", ["", "*", "10.0.0.1/8", "10.0.0.0/8,", "10.0.0.0/8 fd00::/8", "proxy"])
def test_proxies_are_networks(text: str) -> None:
    with pytest.raises(MalformedValue, match="SHIPLOG_PROXIES"):
        Proxies.parse(text)


def test_a_proxy_that_was_named_is_believed(empty_ledger: Settings, tmp_path: Path) -> None:
    def behind(services: Services) -> Authenticate:
        proxies = Proxies.parse("172.16.0.0/12")
        return Guard(services.ledger, services.passing, proxies, services.people.visitors)

    inside = token_text("OnTheInsideX")
    with worlds.copied(empty_ledger, tmp_path / "home", guarded=behind) as world:
        credentials.issue(world.services.ledger, inside, cidrs=("10.0.0.0/8",))
        forwarded = {**bearer(inside), "X-Forwarded-For": "192.0.2.1, 10.1.2.3"}
        assert not refused(asked(world, forwarded, "172.16.0.1"))
        assert refused(asked(world, forwarded, "10.1.2.3")) is False, "it comes from there itself"
        assert refused(asked(world, forwarded, "192.0.2.1"))


def test_why_is_for_the_log_and_the_credential_is_not(
    guarded: World, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {
        "nobody": token_text("NeverBeforeX"),
        "another secret": token_text("ForTheseTest", "B"),
        "mistyped": TOKEN[:-1],
        "long": "x" * 4000,
    }
    with caplog.at_level(logging.DEBUG):
        bodies = {asked(guarded, bearer(each)).data for each in wrong.values()}
    assert len(bodies) == 1
    for said in ("there is no such token", "not a secret of token ForTheseTest", "192.0.2.7"):
        assert said in caplog.text
    assert not [secret for secret in wrong.values() if secret in caplog.text]


def test_a_scope_that_is_missing_is_told_by_name(guarded: World) -> None:
    reading = token_text("OnlyReadingX")
    credentials.issue(guarded.services.ledger, reading, scopes=(Scope.READ,))
    answer = guarded.client.post("/v1/builds", headers=bearer(reading), data=b"{")
    assert answer.status_code == 403
    assert answer.get_json()["detail"] == "report:build is needed, and nothing gives it"
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_secret_is_told_once(operator: World) -> None:
    body = {
        "name": "ci",
        "holder": {"issuer": "shiplog:account", "subject": "ci"},
        "scopes": ["read"],
        "expires_at": "2026-06-01T00:00:00Z",
    }
    key = {"Idempotency-Key": "job-1"}
    first = operator.client.post("/v1/access/tokens", json=body, headers=key)
    again = operator.client.post("/v1/access/tokens", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    told, repeated = first.get_json(), again.get_json()
    assert told["secret"].startswith(f"shl_{told['token']['id']}_")
    assert repeated == {**told, "secret": None}
    assert again.headers["Idempotency-Replayed"] == "true"
    listed = operator.client.get("/v1/access/tokens").text
    assert told["secret"] not in listed
    database = (operator.settings.home / "ledger.db").read_bytes()
    assert told["secret"].encode() not in database
    assert told["secret"].split("_")[2].encode() not in database


def test_who_is_not_permitted_is_logged(guarded: World, caplog: pytest.LogCaptureFixture) -> None:
    reading = token_text("OnlyReadingX")
    credentials.issue(guarded.services.ledger, reading, scopes=(Scope.READ,))
    for _ in range(2):  # the second time past Flask
        guarded.client.post("/v1/builds", headers=bearer(reading), data=b"{")
    told = "token tests of shiplog:account, who asked for api.record_build: not-permitted: report:build is"
    assert caplog.text.count(told) == 2
    assert reading not in caplog.text
