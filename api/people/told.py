"""Whoever logged in, by what the provider tells of them: as the record has it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from api.people.provider import LoggedIn
from api.people.sessions import Login
from domain.access.authority import GROUPS
from domain.access.fresh import LEEWAY_SECONDS
from domain.actor import Actor, ActorKind, Claim, Method
from domain.errors import CredentialRefused
from domain.identity import recorded

LEEWAY = timedelta(seconds=LEEWAY_SECONDS)


def check_time(person: LoggedIn, at: datetime, *, asked_at: datetime | None) -> None:
    """Refuse a *person* who proved who they are later than *at*, or before a fresh login was *asked* for.

    Raises `CredentialRefused`; as well when it was asked for and the provider does not say.
    """
    proved_at = person.auth_time
    if proved_at is not None and proved_at > at + LEEWAY:
        raise CredentialRefused(f"auth_time is {proved_at.isoformat()}, which is yet to come")
    if asked_at is None:
        return
    if proved_at is None:
        raise CredentialRefused("a fresh login was asked for, and the provider does not say when it was")
    if proved_at < asked_at - LEEWAY:
        asked = asked_at.isoformat()
        raise CredentialRefused(
            f"a fresh login was asked for at {asked}, auth_time is {proved_at.isoformat()}"
        )


def login_of(person: LoggedIn, issuer: str, at: datetime, *, keyed: Callable[[str], str]) -> Login:
    """Return what the login of *person* at *issuer* establishes; e-mail addresses are recorded *keyed*.

    Raises `MalformedValue` for what cannot be recorded of anybody.
    """
    identity = recorded(issuer, person.subject, keyed)
    groups = sorted({recorded(issuer, each, keyed).subject for each in person.groups})
    actor = Actor(
        ActorKind.PERSON,
        identity.issuer,
        identity.subject,
        method=Method.SESSION,
        claims=tuple(Claim(GROUPS, each) for each in groups) or None,
        auth_time=None if person.auth_time is None else min(person.auth_time, at),
        acr=person.acr,
        amr=person.amr,
    )
    return Login(actor=actor, display=person.name, sid=person.sid)
