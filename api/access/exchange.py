"""The exchange of a workload's own token for one of ours (RFC 8693): the one place that takes the former.

What is checked, in this order:

1. the form of the request; what would have us act for somebody else is refused;
2. the token: its issuer, signature, audience, times and claims (`api.access.workloads`);
3. the binding: exactly one must fit, or be named by `audience`, and give every scope that is asked for;
4. that the token was not exchanged before, here or at another server.

What comes of it is good for as long as the binding says, and no longer than the token would have been. Of
a refusal the log says why; the caller learns no more than that the token is not accepted.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.access.exchanged import Exchanged, hand_out
from api.access.passing import Passing
from api.access.workloads import Vouched, WorkloadVerifier
from api.refusals import ExchangeRefused
from domain.access.access import Access, Held
from domain.access.authority import bound
from domain.access.binding import Binding
from domain.access.issuer import TrustedIssuer
from domain.access.scopes import Scope
from domain.actor import Actor, ActorKind, Method
from domain.errors import CredentialRefused

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
TOKEN_TYPES = ("urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt")
PRESENTED = "presented"
LEEWAY = timedelta(minutes=2)
"""How much longer than its token a mark is kept: more than any clock is forgiven."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller gets."""

    token: str
    seconds: int
    scopes: tuple[Scope, ...]


def exchange(
    asked: Mapping[str, str],
    access: Access,
    at: datetime,
    *,
    workloads: WorkloadVerifier,
    passing: Passing,
) -> Given:
    """Return a token for what *asked*, the parameters of the request, present at *at*.

    Raises `ExchangeRefused`, and `LedgerUnavailable` when keys or the database cannot be had.
    """
    _check_form(asked)  # 1
    try:
        vouched = workloads.verify(asked["subject_token"], _listened_to(access), at=at)  # 2
        held, scopes = _chosen(_fitting(access, vouched), asked)  # 3
        seconds = _presented(passing, vouched, held, at)  # 4
    except CredentialRefused as refused:
        _log.warning("token exchange refused: %s", refused.why)
        raise ExchangeRefused("the token is not accepted", "invalid_grant") from refused
    known = Exchanged(
        actor=_actor(vouched),
        binding=held.said.name,
        number=held.number,
        scopes=tuple(sorted(scopes)) if scopes != held.said.allowed else None,
        until=at + timedelta(seconds=seconds),
    )
    return Given(hand_out(passing, known), seconds, tuple(sorted(scopes)))


def _check_form(asked: Mapping[str, str]) -> None:
    if asked.get("grant_type") != GRANT_TYPE:
        raise ExchangeRefused(f"grant_type is expected to be {GRANT_TYPE}", "unsupported_grant_type")
    if "resource" in asked:
        raise ExchangeRefused("a binding is named by audience, not by resource", "invalid_target")
    if "actor_token" in asked or "actor_token_type" in asked:
        raise ExchangeRefused("nobody acts for anybody else here: leave actor_token out", "invalid_request")
    if "subject_token" not in asked or asked.get("subject_token_type") not in TOKEN_TYPES:
        raise ExchangeRefused(
            f"expected subject_token, and subject_token_type {' or '.join(TOKEN_TYPES)}", "invalid_request"
        )
    if asked.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise ExchangeRefused(f"requested_token_type can be {ACCESS_TOKEN}", "invalid_request")


def _listened_to(access: Access) -> Callable[[str], TrustedIssuer | None]:
    def trusted(url: str) -> TrustedIssuer | None:
        held = access.issuers.get(url)
        return None if held is None else held.said

    return trusted


def _fitting(access: Access, vouched: Vouched) -> tuple[Held[Binding], ...]:
    fitting = bound(access, vouched.issuer.url, vouched.claims)
    if not fitting:
        raise CredentialRefused(f"no binding is for {_named(vouched)}")
    return fitting


def _presented(passing: Passing, vouched: Vouched, held: Held[Binding], at: datetime) -> int:
    """Mark the token as exchanged; return for how many seconds what it is exchanged for is good."""
    seconds = min(held.said.seconds, int((vouched.expires_at - at).total_seconds()))
    if seconds < 1:
        raise CredentialRefused(f"the token of {_named(vouched)} has ended")
    if not passing.add(PRESENTED, vouched.once, b"", until=vouched.expires_at + LEEWAY):
        raise CredentialRefused(f"the token of {_named(vouched)} was exchanged before")
    return seconds


def _named(vouched: Vouched) -> str:
    return f"{vouched.subject[:200]!r} of {vouched.issuer.url}"


def _chosen(
    fitting: tuple[Held[Binding], ...], asked: Mapping[str, str]
) -> tuple[Held[Binding], frozenset[Scope]]:
    """Return the one binding that is meant, and the scopes that are wanted of it."""
    wanted = _scopes(asked.get("scope"))
    name = asked.get("audience")
    named = [held for held in fitting if name in (None, held.said.name)]
    if not named:
        raise ExchangeRefused("audience names no binding that this token fits", "invalid_target")
    giving = [held for held in named if wanted is None or wanted <= held.said.allowed]
    if not giving:
        raise ExchangeRefused("no binding that this token fits gives every scope asked for", "invalid_scope")
    if len(giving) > 1:
        names = ", ".join(held.said.name for held in giving)
        raise ExchangeRefused(f"several bindings fit, name one by audience: {names}", "invalid_target")
    return giving[0], giving[0].said.allowed if wanted is None else wanted


def _scopes(text: str | None) -> frozenset[Scope] | None:
    if text is None:
        return None
    try:
        return frozenset(Scope(each) for each in text.split(" "))
    except ValueError as wrong:
        raise ExchangeRefused("scope is expected to name scopes, with spaces", "invalid_scope") from wrong


def _actor(vouched: Vouched) -> Actor:
    return Actor(
        ActorKind.WORKLOAD,
        vouched.issuer.url,
        vouched.subject,
        method=Method.OIDC,
        claims=vouched.recorded or None,
        credential=str(vouched.credential),
    )
