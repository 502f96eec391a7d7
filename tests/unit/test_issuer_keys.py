"""Where the keys of issuers come from, and which of them are taken."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.identity import fetched, jwks
from adapters.identity.fetched import FetchedKeys
from domain.errors import CredentialRefused, LedgerUnavailable
from tests.issuer import Issuer, base64url, new_key, published

URL = "https://ci.example/jwks"
EC = new_key("ES256", "k1").as_dict(private=False)
_SMALL = rsa.generate_private_key(65537, 1024).public_key().public_numbers()  # noqa: S505 - that is the point
WEAK = {"kty": "RSA", "kid": "w", "e": "AQAB", "n": base64url(_SMALL.n.to_bytes(128))}


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


REFUSED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"<html>", "cannot be read"),
    "no object": (b"[]", "not a key set"),
    "no keys": (key_set(), "not a key set"),
    "too many": (key_set(*[EC] * (jwks.KEYS_MAX + 1)), "not a key set"),
    "too large": (b" " * (jwks.BYTES_MAX + 1), "cannot be read"),
    "a private key": (key_set(new_key().as_dict(private=True)), "private"),
    "a shared key": (key_set({"kty": "oct", "k": "c2VjcmV0"}), "shared"),
    "one name twice": (key_set(EC, EC), "two keys"),
    "a key that is no object": (key_set("k1"), "no object"),
    "a name that is no text": (key_set({**EC, "kid": 1}), "no text"),
    "a point that is not on the curve": (key_set({**EC, "x": EC["y"], "y": EC["x"]}), "cannot be used"),
    "half a key": (key_set({name: EC[name] for name in EC if name != "y"}), "cannot be used"),
    "1,024 bits": (key_set(WEAK), "1024 bits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_key_set_is_refused(name: str) -> None:
    content, reason = REFUSED[name]
    with pytest.raises(CredentialRefused) as refused:
        jwks.read(content)
    assert reason in refused.value.why


@pytest.mark.parametrize(
    "other",
    [
        {**EC, "use": "enc"},
        {**EC, "alg": "ES384"},
        {**EC, "key_ops": ["sign"]},
        {**EC, "crv": "P-384"},
        {"kty": "XYZ", "kid": "x"},
    ],
)
def test_a_key_that_is_for_something_else_is_left_out(other: dict[str, Any]) -> None:
    known = jwks.read(key_set({**EC, "kid": "k2"}, other))
    assert len(known) == 1
    assert known.find("ES256", "k1") is None


def test_without_a_name_the_only_key_is_meant_and_never_one_of_two() -> None:
    assert jwks.read(key_set(EC)).find("ES256", None) is not None
    assert jwks.read(key_set(EC, {**EC, "kid": "k2"})).find("ES256", None) is None


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """What is fetched, and how often."""

    def __init__(self, answer: Callable[[], bytes]) -> None:
        self.answer = answer
        self.times = 0

    def __call__(self, _url: str) -> bytes:
        self.times += 1
        return self.answer()


def gone() -> bytes:
    raise OSError("no route")


def test_a_rotated_key_is_found_within_a_minute_and_invented_names_cost_nothing() -> None:
    issuer, clock = Issuer(), Clock()
    source = Source(issuer.jwks)
    keys = FetchedKeys(clock, source)
    assert keys.find(URL, "ES256", "k1") is not None
    for number in range(50):
        assert keys.find(URL, "ES256", f"invented-{number}") is None
    assert source.times == 1
    issuer.keys = {"ES256": new_key("ES256", "k2")}
    clock.now = fetched.LOOK_AGAIN_SECONDS
    assert keys.find(URL, "ES256", "k2") is not None
    assert keys.find(URL, "ES256", "k1") is None
    assert source.times == 2


def test_an_issuer_that_does_not_answer_is_asked_ever_more_rarely_and_believed_for_a_day() -> None:
    issuer, clock = Issuer(), Clock()
    source = Source(issuer.jwks)
    keys = FetchedKeys(clock, source)
    keys.find(URL, "ES256", "k1")
    source.answer = gone
    for minute in range(60, 60 * 23):
        clock.now = minute * 60.0
        assert keys.find(URL, "ES256", "k1") is not None
    assert source.times < 60 * 23 / 4
    clock.now = fetched.STALE_SECONDS + 1
    with pytest.raises(LedgerUnavailable):
        keys.find(URL, "ES256", "k1")
    source.answer = issuer.jwks
    clock.now += fetched.BACK_OFF_SECONDS_MAX
    assert keys.find(URL, "ES256", "k1") is not None


def test_nothing_was_ever_heard() -> None:
    source = Source(gone)
    keys = FetchedKeys(Clock(), source)
    for _ in range(5):
        with pytest.raises(LedgerUnavailable):
            keys.find(URL, "ES256", "k1")
    assert source.times == 1


def test_a_real_server_is_asked_and_a_redirect_is_not_followed() -> None:
    issuer = Issuer()
    with published(issuer) as url:
        assert FetchedKeys(Clock()).find(f"{url}/jwks", "ES256", "k1") is not None
        with pytest.raises(LedgerUnavailable):
            FetchedKeys(Clock()).find(f"{url}/moved", "ES256", "k1")
