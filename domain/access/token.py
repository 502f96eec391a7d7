"""API tokens: the ledger holds the SHA-256 of a random secret, and whatever was decided about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise
from typing import ClassVar

from domain import instant, names, report
from domain.access.binding import check_scopes
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.digest import Digest
from domain.errors import CredentialRefused, MalformedValue
from domain.event import Event
from domain.identity import Identity

LIFE_DAYS_MAX = 365
GRACE_SECONDS_MAX = 7 * 86_400
"""For how long the secret before a rotation may still be used."""
NETWORKS_MAX = 20

_ID = re.compile(r"[0-9A-Za-z]{8,32}", re.ASCII)
_NO_SECRET = Digest.of(b"compared with when there is no such token")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """One token as it is now."""

    id: str
    """Public; in front of the secret, so that a token is found without trying them all."""
    name: str
    holder: Identity
    """Who acts when it is used: a person, or an account of a service."""
    scopes: tuple[Scope, ...]
    reach: Reach
    since: datetime
    """When it was issued, or rotated last: its life is counted from here."""
    expires_at: datetime
    cidrs: tuple[str, ...] = ()
    """Networks it may be used from, in order; none means from anywhere."""
    secret: Digest
    """SHA-256 of the secret, which has 256 random bits: nothing to guess, so nothing to slow down."""
    before: Digest | None = None
    """The secret before the last rotation, good until `before_until`."""
    before_until: datetime | None = None
    revoked_at: datetime | None = None
    said: tuple[int, ...] = ()
    """Versions of the events that made it so; the first one issued it."""

    def __post_init__(self) -> None:
        """Refuse what lives too long, and what only people may hold."""
        if _ID.fullmatch(self.id) is None:
            raise MalformedValue(
                f"not the id of a token: {self.id[:60]!r}, expected 8 to 32 letters and digits"
            )
        names.line(self.name, "name of a token", length_max=names.NAME_LENGTH_MAX)
        check_scopes(self.scopes)
        check_life(self.since, self.expires_at)
        _check_networks(self.cidrs)

    def is_live(self, at: datetime) -> bool:
        """Whether it has not ended by *at*."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, kw_only=True)
class TokenIssued(Event):
    """A token may be used from here on."""

    topic: ClassVar[str] = "token-issued.v1"

    token: str
    name: str
    holder: Identity
    scopes: tuple[Scope, ...]
    reach: Reach
    expires_at: datetime
    cidrs: tuple[str, ...]
    secret: Digest

    def natural_key(self) -> Digest:
        """Return the key of this token."""
        return report.key(self.topic, self.token)


@dataclass(frozen=True, kw_only=True)
class TokenRotated(Event):
    """A token has another secret from here on."""

    topic: ClassVar[str] = "token-rotated.v1"

    token: str
    secret: Digest
    old_until: datetime
    """Until when the secret before is still good."""
    expires_at: datetime

    def natural_key(self) -> Digest:
        """Return the key of this secret of the token."""
        return report.key(self.topic, self.token, self.secret.text)


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    """A token may not be used any more, with whatever secret."""

    topic: ClassVar[str] = "token-revoked.v1"

    token: str
    reason: str

    def natural_key(self) -> Digest:
        """Return the key of the end of this token."""
        return report.key(self.topic, self.token)


def accepted(
    token: ApiToken | None, secret: Digest, *, at: datetime, address: IPv4Address | IPv6Address
) -> ApiToken:
    """Return *token* when *secret* is its secret, and it may be used at *at* from *address*.

    None is a token that nobody knows; it takes as long. Raises `CredentialRefused`.
    """
    secrets = (_NO_SECRET,) if token is None else _secrets(token, at)
    held = [compare_digest(each.text, secret.text) for each in secrets]
    if token is None:
        raise CredentialRefused("there is no such token")
    if not any(held):
        raise CredentialRefused(f"not a secret of token {token.id}")
    if token.revoked_at is not None:
        raise CredentialRefused(f"token {token.id} was revoked at {instant.text(token.revoked_at)}")
    if at >= token.expires_at:
        raise CredentialRefused(f"token {token.id} expired at {instant.text(token.expires_at)}")
    if token.cidrs and not any(address in ip_network(network) for network in token.cidrs):
        raise CredentialRefused(f"token {token.id} may not be used from {address}")
    return token


def check_life(since: datetime, expires_at: datetime) -> None:
    """Refuse what has ended before it began, and what lasts longer than a token may."""
    if not since < expires_at <= since + timedelta(days=LIFE_DAYS_MAX):
        raise MalformedValue(
            f"expires_at is {instant.text(expires_at)}, expected within {LIFE_DAYS_MAX} days"
            f" after {instant.text(since)}"
        )


def _secrets(token: ApiToken, at: datetime) -> Sequence[Digest]:
    if token.before is None or token.before_until is None or at >= token.before_until:
        return (token.secret,)
    return token.secret, token.before


def _check_networks(cidrs: tuple[str, ...]) -> None:
    if len(cidrs) > NETWORKS_MAX:
        raise MalformedValue(f"{len(cidrs)} networks, at most {NETWORKS_MAX}")
    for text in cidrs:
        try:
            written = str(ip_network(text))
        except ValueError as wrong:
            raise MalformedValue(f"not a network: {text[:60]!r}, {wrong}"[:300]) from wrong
        if written != text:
            raise MalformedValue(f"network {text[:60]!r} is written {written}")
    if any(one >= other for one, other in pairwise(cidrs)):
        raise MalformedValue("networks are expected in ascending order, none twice")
