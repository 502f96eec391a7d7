"""A login provider, with ways to be wrong; `tests.sign_on_server` puts it on the wire.

It keeps to what a client may rely on: a code is good once and for one client, PKCE is checked and not to be
left out, the client proves itself. Whoever types a name is that person.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import unquote_plus, urlencode

from domain.instant import EARLIEST
from tests.issuer import Issuer, base64url

CLIENT, SECRET = "shiplog", "only-the-two-of-us:know+100%"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
Claims = dict[str, Any]
Parameters = list[tuple[str, str]]


@dataclass
class Twist:
    """How an answer differs from what it should be; nothing here is what it should be."""

    document: Callable[[Claims], Claims] = lambda told: told
    token: Callable[[Claims], Claims] = lambda claims: claims
    """Changes the claims of ID tokens; one that becomes None is left out."""
    signed: Callable[["SignOnIssuer", Claims], str] | None = None
    """Makes the ID token of its claims."""
    back: Callable[[Parameters], Parameters] = lambda parameters: parameters
    """Changes what the browser brings back."""
    answer: Callable[[Claims], bytes] = lambda told: json.dumps(told).encode()
    """Makes the answer of the token endpoint."""
    userinfo: Callable[[Claims], Claims] | None = None
    """Serves userinfo, which then is where the name and the groups are."""
    silent: bool = False
    """Whether it answers 503, whatever it is asked."""


@dataclass
class _Asked:
    """A code that was given out."""

    user: str
    redirect_uri: str
    challenge: str | None
    nonce: str | None
    auth_time: datetime
    sid: str


@dataclass
class SignOnIssuer:
    """One provider with one client. `url` is where it is served, and who it says it is."""

    now: Callable[[], datetime]
    signing: Issuer = field(default_factory=Issuer)
    people: dict[str, Claims] = field(default_factory=dict)
    """What is claimed of whom; anybody else has a name only."""
    twist: Twist = field(default_factory=Twist)
    redirect_uris: set[str] = field(default_factory=set)
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Every request, as METHOD PATH."""
    prompts: list[Mapping[str, str]] = field(default_factory=list)
    """The parameters of every request for a login."""
    codes: dict[str, _Asked] = field(default_factory=dict)
    browsers: dict[str, tuple[str, datetime, str]] = field(default_factory=dict)
    """Who is logged in here, since when, and the name of that session; by cookie."""
    tokens: dict[str, _Asked] = field(default_factory=dict)

    def document(self) -> Claims:
        """Return what it publishes about itself."""
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **({"userinfo_endpoint": f"{self.url}/userinfo"} if self.twist.userinfo else {}),
        }
        return self.twist.document(told)

    def code_for(self, user: str, asked: Mapping[str, str], since: datetime, sid: str) -> str:
        """Return the URL that leads *user* back to the client."""
        code = token_urlsafe(16)
        self.codes[code] = _Asked(
            user, asked["redirect_uri"], asked.get("code_challenge"), asked.get("nonce"), since, sid
        )
        back = [("code", code), ("state", asked["state"]), ("iss", self.url)]
        return f"{asked['redirect_uri']}?{urlencode(self.twist.back(back))}"

    def redeemed(self, given: Mapping[str, str], authorization: str | None) -> tuple[int, bytes]:
        """Return status and answer for a code."""
        if self._client(given, authorization) != (CLIENT, SECRET):
            return 401, b'{"error": "invalid_client"}'
        asked = self.codes.pop(given.get("code", ""), None)
        verifier = given.get("code_verifier")
        challenge = None if verifier is None else base64url(sha256(verifier.encode()).digest())
        if asked is None or asked.redirect_uri != given.get("redirect_uri") or asked.challenge != challenge:
            said = {"error": "invalid_grant", "error_description": "<script>alert(1)</script> no such code"}
            return 400, json.dumps(said).encode()
        access_token = token_urlsafe(16)
        self.tokens[access_token] = asked
        told = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self._id_token(asked, access_token),
        }
        return 200, self.twist.answer(told)

    def seconds(self, at: datetime | None = None) -> int:
        """Return *at*, or now, as tokens say it."""
        return int(((at or self.now()) - EARLIEST).total_seconds())

    def logout_token(self, header: Mapping[str, Any] | None = None, **said: Any) -> str:
        """Return a logout token, changed by *said*; a claim that is said to be None is left out."""
        now = self.seconds()
        usual = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 120,
            "jti": token_urlsafe(8),
            "events": {LOGOUT: {}},
        }
        return self.sign({**usual, **said}, header={"typ": "logout+jwt", **(header or {})})

    def sign(self, claims: Claims, *, header: Mapping[str, Any] | None = None) -> str:
        """Return *claims* as a token, without those that are None."""
        said = {name: value for name, value in claims.items() if value is not None}
        return self.signing.signed(json.dumps(said).encode(), header=header)

    def _id_token(self, asked: _Asked, access_token: str) -> str:
        now, digest = self.seconds(), sha256(access_token.encode()).digest()
        claims: Claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": f"00u-{asked.user}",
            "iat": now,
            "exp": now + 300,
            "nonce": asked.nonce,
            "auth_time": self.seconds(asked.auth_time),
            "acr": "urn:mace:incommon:iap:silver",
            "amr": ["pwd", "otp"],
            "sid": asked.sid,
            "at_hash": base64url(digest[:16]),
            **({} if self.twist.userinfo else self._claimed(asked.user)),
        }
        claims = self.twist.token(claims)
        return self.sign(claims) if self.twist.signed is None else self.twist.signed(self, claims)

    def userinfo(self, access_token: str) -> Claims | None:
        """Return what is claimed of whoever the token is of."""
        asked = self.tokens.get(access_token)
        if asked is None or self.twist.userinfo is None:
            return None
        return self.twist.userinfo({"sub": f"00u-{asked.user}", **self._claimed(asked.user)})

    def _claimed(self, user: str) -> Claims:
        return {"name": user.title(), **self.people.get(user, {})}

    @staticmethod
    def _client(given: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
        if authorization is None:
            return given.get("client_id", ""), given.get("client_secret", "")
        name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return unquote_plus(name), unquote_plus(secret)
