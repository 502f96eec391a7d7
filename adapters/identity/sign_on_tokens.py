"""ID tokens and logout tokens of the login provider, verified.

Sources: OpenID Connect Core 1.0, section 3.1.3.7; Back-Channel Logout 1.0, section 2.6; RFC 8725.

What is checked, in this order: the form of the token, and of which kind it says it is; that the algorithm is
one for signatures that others can check; the signature, by a key of the provider made for that algorithm;
issuer; audience, and for whom it was made; times; and what makes it the answer to this login, or a logout.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256, sha512

from joserfc.jws import JWSRegistry

from adapters.identity import compact
from adapters.identity.compact import Compact
from adapters.identity.jwks import Key
from adapters.identity.tokens import LEEWAY_SECONDS, time_of
from domain.errors import CredentialRefused

ALGORITHMS = ("ES256", "EdDSA", "RS256")
"""With `none` anybody could say anything, with HS256 whoever has the client's secret."""
LIFE = timedelta(days=1)
"""Some providers make tokens for an hour, some for a day."""
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
SUBJECT_LENGTH_MAX = 255
"""OpenID Connect Core 1.0, section 2."""
LEEWAY = timedelta(seconds=LEEWAY_SECONDS)
_ID_TYPES = (None, "JWT")
_LOGOUT_TYPES = (None, "JWT", "logout+jwt")
"""Explicit typing is recommended and not required there; `events` tells the two apart in any case."""

FindKey = Callable[[str, str | None], Key | None]
"""Return the provider's key for an algorithm, by its name."""


class SignedByProvider:
    """Verifies what one provider says to one client."""

    def __init__(self, issuer: str, client: str, find_key: FindKey) -> None:
        """Believe *issuer* what it says to *client*."""
        self._issuer = issuer
        self._client = client
        self._find_key = find_key

    def id_token(self, text: str, *, nonce: str, access_token: str | None, at: datetime) -> Compact:
        """Return the ID token *text* that answers the login of *nonce* at *at*.

        Raises `CredentialRefused`, and `ProviderUnavailable` when the provider's keys cannot be had.
        """
        token = compact.read(text)
        if token.type not in _ID_TYPES:
            raise CredentialRefused(f"typ is {token.type!r}, which is no ID token's")
        self._check(token, at)
        if not hmac.compare_digest(token.said("nonce").encode(), nonce.encode()):
            raise CredentialRefused("the nonce of the ID token is of another login")
        if "at_hash" in token.claims and access_token is not None:
            _check_hash(token, access_token)
        subject_of(token)
        return token

    def logout_token(self, text: str, *, at: datetime) -> Compact:
        """Return the logout token *text*; raises as `id_token` does."""
        token = compact.read(text)
        if token.type not in _LOGOUT_TYPES:
            raise CredentialRefused(f"typ is {token.type!r}, which is no logout token's")
        self._check(token, at)
        events = token.claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT), dict):
            raise CredentialRefused("events does not say that somebody is logged out")
        if "nonce" in token.claims:
            raise CredentialRefused("a logout token with a nonce, which would make it an ID token")
        if "sub" not in token.claims and "sid" not in token.claims:
            raise CredentialRefused("a logout token that says neither whose session ends nor which")
        return token

    def _check(self, token: Compact, at: datetime) -> None:
        if token.algorithm not in ALGORITHMS:
            raise CredentialRefused(
                f"alg is {token.algorithm[:40]!r}, expected one of {', '.join(ALGORITHMS)}"
            )
        key = self._find_key(token.algorithm, token.kid)
        if key is None:
            raise CredentialRefused(
                f"{self._issuer} has no key {str(token.kid)[:80]!r} for {token.algorithm}"
            )
        if not JWSRegistry.algorithms[token.algorithm].verify(token.signed, token.signature, key):
            raise CredentialRefused("the signature of the token does not verify")
        if token.said("iss") != self._issuer:
            raise CredentialRefused(f"iss is {token.said('iss')[:200]!r}, expected {self._issuer!r}")
        told = token.claims.get("aud")
        if told not in (self._client, [self._client]):
            raise CredentialRefused(f"aud is {repr(told)[:120]}, expected {self._client!r} and nothing else")
        if token.claims.get("azp", self._client) != self._client:
            raise CredentialRefused(f"azp is {repr(token.claims['azp'])[:120]}, expected {self._client!r}")
        issued, expires = time_of(token, "iat"), time_of(token, "exp")
        if at >= expires + LEEWAY:
            raise CredentialRefused(f"the token expired at {expires.isoformat()}")
        if issued > at + LEEWAY:
            raise CredentialRefused(f"the token is not good before {issued.isoformat()}")
        if not issued < expires <= issued + LIFE:
            raise CredentialRefused(f"the token is good for {expires - issued}, at most {LIFE}")


def subject_of(token: Compact) -> str:
    """Return who it is about: at most 255 ASCII characters; raises `CredentialRefused`."""
    subject = token.said("sub")
    if len(subject) > SUBJECT_LENGTH_MAX or not subject.isascii():
        raise CredentialRefused(
            f"sub has {len(subject)} characters, expected {SUBJECT_LENGTH_MAX} at most, ASCII"
        )
    return subject


def _check_hash(token: Compact, access_token: str) -> None:
    """Check that the access token came with this ID token (section 3.1.3.6); Ed25519 hashes by SHA-512."""
    digest = (sha512 if token.algorithm == "EdDSA" else sha256)(access_token.encode()).digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not hmac.compare_digest(token.said("at_hash").encode(), expected.encode()):
        raise CredentialRefused("at_hash is of another access token")
