"""Duties that must be apart: what one person holds, through all identities, looked at two by two.

Two things clash only while both hold: who was a guest auditor until May may be an approver from June.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from domain.access.access import Access, Held, begins, ends
from domain.access.change import Grant
from domain.access.people import Person
from domain.access.roles import Role, check_together
from domain.access.scopes import Scope
from domain.access.token import ApiToken


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that one person holds for a time."""

    since: datetime
    until: datetime
    role: Role | None = None
    scopes: tuple[Scope, ...] = ()


def of_grant(grant: Grant, at: datetime) -> Duty:
    """Return the duty that *grant* would be if it was confirmed at *at*."""
    return Duty(max(at, grant.since or at), ends(grant), role=grant.role)


def of_token(token: ApiToken) -> Duty:
    """Return the duty that holding *token* is."""
    return Duty(token.since, token.expires_at, scopes=token.scopes)


def duties_of(access: Access, person: Person, at: datetime) -> tuple[Duty, ...]:
    """Return what *person* holds at *at*, or will."""
    granted = (held for held in access.grants_to(*person) if at < ends(held.said))
    return (*map(_granted, granted), *map(of_token, access.tokens_held(person, at)))


def check_apart(some: Iterable[Duty], others: Iterable[Duty]) -> None:
    """Refuse that one person has *some* and *others*; raises `SegregatedDuties` with the rule."""
    for one, other in product(tuple(some), tuple(others)):
        if one.since < other.until and other.since < one.until:
            roles = [role for role in (one.role, other.role) if role is not None]
            check_together(roles, (*one.scopes, *other.scopes))


def _granted(held: Held[Grant]) -> Duty:
    return Duty(begins(held), ends(held.said), role=held.said.role)
