"""Tokens of workloads, verified (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725).

What is checked, in this order: the form of the token; that its issuer is listened to; that the algorithm
is one agreed on with this issuer; the signature, by a key of the issuer made for that algorithm; audience;
times; the claims without which nobody could be told apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from joserfc.jws import JWSRegistry

from adapters.identity import compact, platforms
from adapters.identity.compact import Compact
from adapters.identity.jwks import Key
from domain.access.issuer import TrustedIssuer
from domain.actor import Claim
from domain.digest import Digest
from domain.errors import CredentialRefused

LEEWAY_SECONDS = 30
_JTI_LENGTH_MAX = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799
"""9999-12-31T23:59:59Z."""


class Keys(Protocol):
    """Where the keys of issuers come from."""

    def find(self, issuer: TrustedIssuer, algorithm: str, kid: str | None) -> Key | None:
        """Return the key of *issuer* for *algorithm* named *kid*, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What an issuer says of whoever presented its token."""

    issuer: TrustedIssuer
    subject: str
    claims: Mapping[str, object]
    """All of them, those inside objects under their paths: what bindings are held against."""
    recorded: tuple[Claim, ...]
    """Those worth keeping: the run, the commit, and by what the workload is itself."""
    expires_at: datetime
    once: Digest
    """Of issuer and `jti`, or of the token where it has none: what may be presented only once."""
    credential: Digest
    """SHA-256 of the token."""


class WorkloadTokens:
    """Verifies tokens of the issuers that are listened to."""

    def __init__(self, keys: Keys) -> None:
        """Verify with *keys*."""
        self._keys = keys

    def verify(self, text: str, trusted: Callable[[str], TrustedIssuer | None], *, at: datetime) -> Vouched:
        """Return what the token *text* vouches for at *at*; *trusted* returns the issuer of a URL.

        Raises `CredentialRefused`, and `LedgerUnavailable` when the issuer's keys cannot be had.
        """
        token = compact.read(text)
        issuer = trusted(token.said("iss"))
        if issuer is None:
            raise CredentialRefused(f"issuer {token.said('iss')[:200]!r} is not listened to")
        if token.type == "logout+jwt":
            raise CredentialRefused("a logout token says nothing about who presents it")
        self._check_signature(token, issuer)
        _check_audience(token, issuer)
        expires_at = _check_times(token, at, issuer.seconds_max)
        claims = platforms.flattened(token.claims)
        platforms.check(issuer, claims)
        return Vouched(
            issuer=issuer,
            subject=token.said("sub"),
            claims=claims,
            recorded=platforms.recorded(issuer, claims),
            expires_at=expires_at,
            once=_once(token),
            credential=Digest.of(text.encode()),
        )

    def _check_signature(self, token: Compact, issuer: TrustedIssuer) -> None:
        if token.algorithm not in issuer.algorithms:
            raise CredentialRefused(
                f"alg is {token.algorithm[:40]!r}, expected {' or '.join(issuer.algorithms)} of {issuer.url}"
            )
        key = self._keys.find(issuer, token.algorithm, token.kid)
        if key is None:
            raise CredentialRefused(f"{issuer.url} has no key {str(token.kid)[:80]!r} for {token.algorithm}")
        if not JWSRegistry.algorithms[token.algorithm].verify(token.signed, token.signature, key):
            raise CredentialRefused("the signature of the token does not verify")


def _check_audience(token: Compact, issuer: TrustedIssuer) -> None:
    told = token.claims.get("aud")
    if told not in (issuer.audience, [issuer.audience]):
        raise CredentialRefused(f"aud is {repr(told)[:120]}, expected {issuer.audience!r} and nothing else")


def _check_times(token: Compact, at: datetime, seconds_max: int) -> datetime:
    issued, expires = time_of(token, "iat"), time_of(token, "exp")
    begins = time_of(token, "nbf") if "nbf" in token.claims else issued
    leeway = timedelta(seconds=LEEWAY_SECONDS)
    if at >= expires + leeway:
        raise CredentialRefused(f"the token expired at {expires.isoformat()}")
    if max(issued, begins) > at + leeway:
        raise CredentialRefused(f"the token is not good before {max(issued, begins).isoformat()}")
    if not issued < expires <= issued + timedelta(seconds=seconds_max):
        raise CredentialRefused(f"the token is good for {expires - issued}, at most {seconds_max} s")
    return expires


def time_of(token: Compact, name: str) -> datetime:
    """Return the instant that the claim *name* says; raises `CredentialRefused`."""
    value = token.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        raise CredentialRefused(f"{name} is {repr(value)[:40]}, expected seconds since 1970")
    return _EPOCH + timedelta(seconds=value)


def _once(token: Compact) -> Digest:
    jti = token.claims.get("jti")
    if jti is None:
        return Digest.of(token.text.encode())
    if not isinstance(jti, str) or not 0 < len(jti) <= _JTI_LENGTH_MAX:
        raise CredentialRefused(f"jti is {repr(jti)[:40]}, expected a text of 1 to {_JTI_LENGTH_MAX}")
    return Digest.of(f"{token.said('iss')}\n{jti}".encode())
