"""Logins that are refused, each with the cause that the log has: by what the provider or the browser does."""

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.issuer import base64url, new_key
from tests.issuer import sign as signature_of
from tests.sign_on_issuer import CLIENT, SECRET, Claims, SignOnIssuer, Twist

HOSTILE = "<script>alert(1)</script>\r\nlogged in: root"
TOO_MANY = [f"group-{number}" for number in range(41)]


@dataclass(frozen=True)
class Hostile:
    """One login that must fail."""

    name: str
    cause: str
    """A regular expression for what the log says."""
    twist: Twist
    query: dict[str, str] = field(default_factory=dict)
    """Of the page that begins the login."""
    sentence: str | None = None
    """What the person reads; None: what they read for nearly everything."""


def logins() -> Iterator[Hostile]:
    """Yield the table."""
    yield from _claims()
    yield from _people()
    yield from _signatures()
    yield from _answers()
    yield from _redirections()


def _claimed(name: str, cause: str, *, fresh: bool = False, **changes: Any) -> Hostile:
    def token(claims: Claims) -> Claims:
        return {**claims, **changes}

    return Hostile(name, cause, Twist(token=token), {"fresh": "1"} if fresh else {})


def _moved(name: str, cause: str, *, fresh: bool = False, **seconds: int) -> Hostile:
    """Move times of the token by *seconds*."""

    def token(claims: Claims) -> Claims:
        return {**claims, **{each: claims[each] + by for each, by in seconds.items()}}

    return Hostile(name, cause, Twist(token=token), {"fresh": "1"} if fresh else {})


def _claims() -> Iterator[Hostile]:
    yield _claimed("nonce of another login", "nonce of the ID token is of another", nonce="n" * 43)
    yield _claimed("no nonce", "nonce is None", nonce=None)
    yield _claimed("nonce that is a number", "nonce is 7", nonce=7)
    yield _claimed("another issuer", "iss is 'https://evil.example'", iss="https://evil.example")
    yield _claimed("no issuer", "iss is None", iss=None)
    yield _claimed("another audience", "aud is 'other'", aud="other")
    yield _claimed("one more audience", "aud is .*and nothing else", aud=[CLIENT, "other"])
    yield _claimed("the audience twice", "aud is", aud=[CLIENT, CLIENT])
    yield _claimed("no audience", "aud is None", aud=None)
    yield _claimed("made for somebody else", "azp is 'other'", azp="other")
    yield _claimed("made for several", "azp is", azp=[CLIENT])
    yield _moved("expired", "the token expired at", iat=-400, exp=-331)
    yield _moved("from the future", "not good before", iat=31, exp=31)
    yield _moved("over before it begins", "good for", exp=-301)
    yield _moved("good for longer than a day", "good for .* at most 1 day", exp=86_400)
    yield _claimed("no end", "exp is None", exp=None)
    yield _claimed("an end in words", "exp is 'never'", exp="never")
    yield _claimed("an end that is true", "exp is True", exp=True)
    yield _claimed("no beginning", "iat is None", iat=None)
    yield _claimed("another access token's hash", "at_hash is of another", at_hash="A" * 22)
    yield _claimed("a hash that is a number", "at_hash is 7", at_hash=7)
    yield _moved("proved in the future", "which is yet to come", auth_time=31)
    yield _claimed("proved in words", "auth_time is 'now'", auth_time="now")
    yield _moved("proved before it was asked for", "auth_time is 2026-03-01T11:5", fresh=True, auth_time=-31)
    yield _claimed("not said when it was proved", "does not say when", fresh=True, auth_time=None)


def _people() -> Iterator[Hostile]:
    yield _claimed("nobody", "sub is None", sub=None)
    yield _claimed("an empty name", "sub is ''", sub="")
    yield _claimed("a number", "sub is 7", sub=7)
    yield _claimed("a long name", "sub has 256 characters", sub="a" * 256)
    yield _claimed("a name beyond ASCII", "sub has", sub="ünal")
    yield _claimed("groups by number", "groups is", groups=[7])
    yield _claimed("groups as an object", "groups is", groups={"admin": True})
    yield _claimed("groups that are true", "groups is True", groups=True)
    yield _claimed("groups in groups", "groups is", groups=[["admin"]])
    yield _claimed("a group without a name", "not the name of a group", groups=[" "])
    yield _claimed("a group with a line break", "not the name of a group", groups=["a\nb"])
    yield _claimed("a group with a long name", "not the name of a group", groups=["a" * 201])
    yield _claimed("methods as a text", "amr is 'pwd'", amr="pwd")
    yield _claimed("eleven methods", "amr is", amr=[f"m{number}" for number in range(11)])
    yield _claimed("worth a number", "acr is 2", acr=2)
    yield _claimed("a session that is a number", "sid is 7", sid=7)
    yield _claimed("a session with a long name", "sid is", sid="s" * 256)
    sentence = "the login provider names 41 groups that you are in, at most 40 are read"
    too_many = _claimed("too many groups", sentence, groups=TOO_MANY)
    yield Hostile(too_many.name, too_many.cause, too_many.twist, sentence=sentence)


def _signed(name: str, cause: str, signed: Callable[[SignOnIssuer, Claims], str]) -> Hostile:
    return Hostile(name, cause, Twist(signed=signed))


def _with(header: Claims, claims: Claims, signature: bytes | None, secret: bytes = b"") -> str:
    """Return a token of *header*, signed by HMAC with *secret* when there is no *signature*."""
    front = ".".join(base64url(json.dumps(each).encode()) for each in (header, claims))
    made = hmac.digest(secret, front.encode(), "sha256") if signature is None else signature
    return f"{front}.{base64url(made)}"


def _unsigned(_: SignOnIssuer, claims: Claims) -> str:
    return _with({"alg": "none"}, claims, b"")


def _by_the_secret(_: SignOnIssuer, claims: Claims) -> str:
    return _with({"alg": "HS256", "typ": "JWT"}, claims, None, SECRET.encode())


def _by_the_public_key(provider: SignOnIssuer, claims: Claims) -> str:
    key = provider.signing.keys["ES256"].as_pem(private=False)
    return _with({"alg": "HS256", "kid": "k1"}, claims, None, key)


def _by_another_key(_: SignOnIssuer, claims: Claims) -> str:
    front = _with({"alg": "ES256", "kid": "k1"}, claims, b"").rstrip(".")
    return f"{front}.{base64url(signature_of('ES256', new_key(), front.encode()))}"


def _twice(provider: SignOnIssuer, claims: Claims) -> str:
    payload = json.dumps(claims).encode()
    return provider.signing.signed(payload[:-1] + b', "sub": "root"}')


def _headed(**header: Any) -> Callable[[SignOnIssuer, Claims], str]:
    return lambda provider, claims: provider.sign(claims, header=header)


def _signatures() -> Iterator[Hostile]:
    yield _signed("not signed", "alg is 'none'", _unsigned)
    yield _signed("signed with the client's secret", "alg is 'HS256'", _by_the_secret)
    yield _signed("signed with the public key", "alg is 'HS256'", _by_the_public_key)
    yield _signed("signed with another key", "does not verify", _by_another_key)
    yield _signed("an algorithm of another key", "no key 'k1' for RS256", _headed(alg="RS256"))
    yield _signed("an unknown key", "no key 'k9'", _headed(kid="k9"))
    yield _signed("a key by path", "kid is '../", _headed(kid="../../etc/passwd\n"))
    yield _signed("a key that comes along", "'jwk', which nothing here follows", _headed(jwk={"kty": "EC"}))
    yield _signed("a key at a URL", "'jku', which nothing", _headed(jku="https://evil.example/jwks"))
    yield _signed("something to understand", "'crit', which nothing", _headed(crit=["exp"]))
    yield _signed("an access token", "typ is 'at.jwt'", _headed(typ="at+jwt"))
    yield _signed("a logout token", "typ is 'logout.jwt'", _headed(typ="logout+jwt"))
    yield _signed("altered", "does not verify", lambda p, claims: _altered(p.sign(claims)))
    yield _signed("cut", "expected 3", lambda p, claims: p.sign(claims).rpartition(".")[0])
    yield _signed("encrypted", "5 parts, expected 3", lambda p, claims: p.sign(claims) + ".a.b")
    yield _signed("a claim twice", "cannot be read", _twice)
    yield _signed("too long", "at most 16384", lambda p, claims: p.sign({**claims, "x": "x" * 16_384}))
    yield _signed("no token at all", "of 1 parts", lambda _, __: HOSTILE)


def _altered(token: str) -> str:
    front, payload, signature = token.split(".")
    other = base64url(sha256(signature.encode()).digest() * 2)
    return f"{front}.{payload}.{other}"


def _answered(name: str, cause: str, answer: Callable[[Claims], bytes]) -> Hostile:
    return Hostile(name, cause, Twist(answer=answer))


def _answers() -> Iterator[Hostile]:
    yield _answered("an answer that is no JSON", "token answer cannot be read", lambda _: HOSTILE.encode())
    yield _answered("an answer that is a list", "token answer is no object", lambda _: b"[]")
    yield _answered("an answer without a token", "gave no ID token", lambda _: b'{"access_token": "a"}')
    yield _answered("a token that is a number", "gave no ID token", lambda _: b'{"id_token": 7}')
    yield _answered("two tokens", "cannot be read", lambda _: b'{"id_token": "a", "id_token": "b"}')
    said = json.dumps({"error": HOSTILE, "error_description": HOSTILE}).encode()
    yield _answered("an error", r"redeems no such code: '<script>alert\(1\)</script>\\r\\n", lambda _: said)
    other = Twist(userinfo=lambda told: {**told, "sub": "root"})
    yield Hostile("what is known of somebody else", "userinfo is about somebody else", other)
    nobody = Twist(userinfo=lambda told: {"groups": ["admin"], "name": told["name"]})
    yield Hostile("what is known of nobody", "userinfo is about somebody else", nobody)


def _back(name: str, cause: str, *changes: tuple[str, str], without: str = "", **said: str) -> Hostile:
    """Change the parameters that come back; *changes* are added, what is in *said* is said instead."""

    def back(parameters: list[tuple[str, str]]) -> list[tuple[str, str]]:
        kept = [(each, said.get(each, text)) for each, text in parameters if each not in without.split(",")]
        return [*kept, *changes]

    return Hostile(name, cause, Twist(back=back))


def _redirections() -> Iterator[Hostile]:
    unknown = "the answer is to no login"
    yield _back("another state", unknown, state="s" * 43)
    yield _back("no state", unknown, without="state")
    yield _back("the state twice", "state 2 times", ("state", "s" * 43))
    yield _back("the code twice", "code 2 times", ("code", "another"))
    yield _back("no code", "has no code", without="code")
    yield _back("an empty code", "has no code", code="")
    yield _back("another code", "redeems no such code: 'invalid_grant'", code="another")
    yield _back("of another provider", "the answer is from 'https://evil", iss="https://evil.example")
    yield _back("of nobody", "the answer is from None", without="iss")
    yield _back("of two", "iss 2 times", ("iss", "https://evil.example"))
    said = (("error", HOSTILE), ("error_description", HOSTILE))
    yield _back("a no", r"the provider says '<script>alert\(1\)</script>\\r\\n", *said)
    yield _back("a no without a word", "the provider says ''", ("error", ""))
    many = tuple((f"x{number}", "1") for number in range(100))
    yield _back("too many parameters", "more than 100 parameters", *many)
