"""Deciding about API tokens: issued, rotated, revoked."""

from datetime import datetime, timedelta

from domain import names
from domain.access.access import Access
from domain.access.authority import authority
from domain.access.duties import Duty, check_apart, duties_of, of_token
from domain.access.scopes import Scope
from domain.access.token import (
    GRACE_SECONDS_MAX,
    ApiToken,
    TokenIssued,
    TokenRevoked,
    TokenRotated,
    check_life,
)
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import (
    AccessFull,
    AlreadyRecorded,
    ContradictoryReport,
    MalformedValue,
    NothingToChange,
    UnknownAccess,
)
from domain.report import Report
from domain.stream import ACCESS

TOKENS_MAX = 100_000
"""Ever issued: an id never comes back."""
TOKENS_EACH_MAX = 200
"""That are live and of one holder."""


def issue(access: Access, *, actor: Actor, told: Report, token: ApiToken) -> TokenIssued:
    """Decide what issuing *token* adds: that it may be used from now on.

    Raises `NotPermitted`, also for a token that reaches further than who issues it; `SegregatedDuties`,
    `AlreadyRecorded` and `AccessFull`.
    """
    at = token.since
    authority(access, actor, at).check_within(Scope.TOKEN_ISSUE, token.reach)
    if token.id in access.tokens:
        raise AlreadyRecorded(f"there is a token {token.id} already: make another id")
    held = access.tokens_held((token.holder,), at)
    if len(held) >= TOKENS_EACH_MAX or len(access.tokens) >= TOKENS_MAX:
        raise AccessFull(f"at most {TOKENS_EACH_MAX} live tokens of one holder, and {TOKENS_MAX} ever")
    person = access.person_of(token.holder)
    check_apart([of_token(token)], duties_of(access, person, at))
    return TokenIssued(
        stream=ACCESS,
        version=access.version + 1,
        occurred_at=at,
        actor=actor,
        report=told,
        token=token.id,
        name=token.name,
        holder=token.holder,
        scopes=token.scopes,
        reach=token.reach,
        expires_at=token.expires_at,
        cidrs=token.cidrs,
        secret=token.secret,
    )


def rotate(
    access: Access,
    *,
    actor: Actor,
    at: datetime,
    told: Report,
    token: str,
    secret: Digest,
    grace_seconds: int,
    expires_at: datetime | None = None,
) -> TokenRotated:
    """Decide what another *secret* for *token* adds. The one before stays good for *grace_seconds*.

    Raises `NotPermitted`, `UnknownAccess` for a token that has ended, `SegregatedDuties` when it would last
    into a time in which its holder may not have it, `ContradictoryReport` and `MalformedValue`.
    """
    known = access.token(token)
    authority(access, actor, at).check_within(Scope.TOKEN_ISSUE, known.reach)
    if not known.is_live(at):
        raise UnknownAccess(f"token {token} has ended: issue another one")
    if not 0 <= grace_seconds <= GRACE_SECONDS_MAX:
        raise MalformedValue(f"grace_seconds is {grace_seconds}, expected 0 to {GRACE_SECONDS_MAX}")
    if secret in (known.secret, known.before):
        raise ContradictoryReport(f"token {token} had that secret before: make another one")
    until = expires_at or known.expires_at
    check_life(at, until)
    person = access.person_of(known.holder)
    check_apart([Duty(at, until, scopes=known.scopes)], duties_of(access, person, at))
    return TokenRotated(
        stream=ACCESS,
        version=access.version + 1,
        occurred_at=at,
        actor=actor,
        report=told,
        token=token,
        secret=secret,
        old_until=min(at + timedelta(seconds=grace_seconds), known.expires_at),
        expires_at=until,
    )


def revoke(
    access: Access, *, actor: Actor, at: datetime, told: Report, token: str, reason: str
) -> TokenRevoked:
    """Decide what revoking *token* adds: its end. Whoever holds it may do that, and who may issue it.

    Raises `NotPermitted`, `UnknownAccess`, and `NothingToChange` when it was revoked before.
    """
    names.line(reason, "reason")
    known = access.token(token)
    if actor.identity not in access.person_of(known.holder):
        authority(access, actor, at).check_within(Scope.TOKEN_ISSUE, known.reach)
    if known.revoked_at is not None:
        raise NothingToChange(f"token {token} was revoked before")
    return TokenRevoked(
        stream=ACCESS,
        version=access.version + 1,
        occurred_at=at,
        actor=actor,
        report=told,
        token=token,
        reason=reason,
    )
