"""Actors say who they are in one spelling, and nothing about people in clear."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.ledger import codec, statement
from domain.actor import CLAIMS_MAX, Actor, ActorKind, Claim
from domain.errors import BrokenLedger, ContradictoryReport, MalformedValue, SecretInClear
from domain.identity import Identity
from tests.access import access_events, person
from tests.builders import CI, NOON
from tests.contracts.ledger_contract import noted

FULL = access_events(NOON)[0].actor
PLACE = statement.Place(1, NOON, None, "0" * 32)


def claims(*names: str) -> tuple[Claim, ...]:
    return tuple(Claim(name, "x") for name in names)


def test_two_are_the_same_when_issuer_and_subject_agree() -> None:
    assert (
        person("ann", acr="high").identity == person("ann").identity == Identity("https://sso.example", "ann")
    )
    assert person("ann", "https://other.example").identity != person("ann").identity


def test_what_is_not_known_is_not_written() -> None:
    assert codec.encode(CI) == {"kind": "workload", "issuer": CI.issuer, "subject": CI.subject}


def test_all_that_can_be_known_is_written_and_read_as_it_was() -> None:
    assert None not in (getattr(FULL, name) for name in Actor.__dataclass_fields__)
    event = noted()
    for actor in (FULL, CI):
        written = statement.encode(type(event)(**{**vars(event), "actor": actor}), PLACE)
        assert statement.decode(written)[0].actor == actor


@pytest.mark.parametrize("actor", [b"[]", b'"ci"', b"null", b'{"kind":"workload"}', b'{"x":1}'])
def test_what_is_no_actor_breaks_the_ledger(actor: bytes) -> None:
    written = statement.encode(noted(), PLACE)
    start, end = written.index(b'"actor":') + 8, written.index(b',"data"')
    with pytest.raises(BrokenLedger):
        statement.decode(written[:start] + actor + written[end:])


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"display": "Ann Example"}, MalformedValue),
        ({"display": "person:abc"}, MalformedValue),
        ({"credential": "shl_tok00001_" + "a" * 43 + "_c0ffee"}, MalformedValue),
        ({"credential": "eyJhbGciOiJub25lIn0.e30."}, MalformedValue),
        ({"credential": "sha256:" + "A" * 64}, MalformedValue),
        ({"claims": ()}, MalformedValue),
        ({"claims": claims("b", "a")}, MalformedValue),
        ({"claims": claims("a", "a")}, MalformedValue),
        ({"claims": claims(*(f"c{number:03}" for number in range(CLAIMS_MAX + 1)))}, MalformedValue),
        ({"claims": (Claim("email", "ann@example.com"),)}, MalformedValue),
        ({"subject": "ann@example.com"}, MalformedValue),
        ({"amr": ()}, MalformedValue),
        ({"amr": ("pwd", "hwk")}, MalformedValue),
        ({"amr": ("",)}, MalformedValue),
        ({"acr": ""}, MalformedValue),
        ({"acr": "x" * 201}, MalformedValue),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_no_actor(changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        person(**{"name": changes.pop("subject", "ann"), **changes})


@pytest.mark.parametrize("said", [{"auth_time": NOON}, {"acr": "high"}, {"amr": ("pwd",)}], ids=str)
def test_only_a_person_proves_who_they_are_anew(said: dict[str, Any]) -> None:
    assert person("ann", **said).kind is ActorKind.PERSON
    with pytest.raises(ContradictoryReport):
        Actor(ActorKind.WORKLOAD, "https://ci.example", "run 7", **said)


def test_a_service_may_be_known_by_an_address() -> None:
    known = Actor(ActorKind.WORKLOAD, "https://x", "7", claims=(Claim("email", "ci@p.iam.example"),))
    assert known.said("email") == ("ci@p.iam.example",)
    assert known.said("groups") == ()


def test_a_list_is_as_many_claims() -> None:
    assert FULL.said("groups") == ("platform", "release")
    assert FULL.auth_time == NOON - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("", "x", MalformedValue),
        ("a b", "x", MalformedValue),
        ("n" * 101, "x", MalformedValue),
        ("ref", "", MalformedValue),
        ("ref", "x" * 1001, MalformedValue),
        ("ref", "two\nlines", MalformedValue),
        ("url", "https://u:secret@host/", SecretInClear),
    ],
)
def test_what_is_no_claim(name: str, value: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        Claim(name, value)
