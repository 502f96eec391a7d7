"""Authority: all that one actor may do at one instant, and what gives it to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.access import scopes
from domain.access.access import Access, Held, in_force
from domain.access.binding import Binding
from domain.access.change import Grant, Group
from domain.access.reach import Reach
from domain.access.roles import SCOPES, Role, check_together
from domain.access.scopes import Scope
from domain.access.token import ApiToken
from domain.access.webhook import Webhook
from domain.actor import Actor, ActorKind
from domain.errors import NotPermitted, SegregatedDuties

GROUPS = "groups"
"""The claim that says which groups somebody is in, one value for each."""


class By(StrEnum):
    """What gives somebody something."""

    GRANT = "grant"
    BINDING = "binding"
    TOKEN = "token"  # noqa: S105 - what gives it, not a credential
    FILES = "files"
    """The ledger's own files lie open to them."""
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Some scopes, as far as they reach."""

    scopes: frozenset[Scope]
    reach: Reach
    by: By
    name: str
    """Number of the grant, name of the binding, or id of the token."""
    events: tuple[int, ...] = ()
    """Versions of the events that gave it."""


@dataclass(frozen=True, slots=True)
class Authority:
    """What somebody may do."""

    allowances: tuple[Allowance, ...] = ()
    clash: str | None = None
    """Why they may not write at all, if they may not: by their groups they hold duties that must be apart."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """Every scope they have anywhere."""
        held: frozenset[Scope] = frozenset().union(*(each.scopes for each in self.allowances))
        return held if self.clash is None else held & scopes.READING

    def check(self, scope: Scope, service: str | None = None, environment: str | None = None) -> Allowance:
        """Return what allows *scope* there; raises `NotPermitted`.

        None is no single service, no single environment: only who is not limited there may do that.
        """
        having = self._having(scope)
        for allowance in having:
            if allowance.reach.covers_for(scope, service, environment):
                return allowance
        there = f"{service or 'any service'} in {environment or 'any environment'}"
        reaching = "; ".join(str(each.reach) for each in having[:3])
        raise NotPermitted(f"{scope} reaches {reaching}, not {there}"[:500])

    def check_within(self, scope: Scope, reach: Reach) -> Allowance:
        """Return what allows *scope* for all that *reach* covers: nobody passes on more than they have."""
        having = self._having(scope)
        for allowance in having:
            if reach.within(allowance.reach):
                return allowance
        raise NotPermitted(f"{scope} does not reach {reach}"[:500])

    def _having(self, scope: Scope) -> tuple[Allowance, ...]:
        if self.clash is not None and scope not in scopes.READING:
            raise NotPermitted(self.clash)
        having = tuple(each for each in self.allowances if scope in each.scopes)
        if not having:
            raise NotPermitted(f"{scope} is needed, and nothing gives it")
        return having


def authority(access: Access, actor: Actor, at: datetime, *, binding: str | None = None) -> Authority:
    """Return what *actor* may do at *at*. *binding*: under which a workload's token was exchanged."""
    match actor.kind:
        case ActorKind.OPERATOR:
            return Authority((Allowance(scopes.OPERATOR, Reach(), By.FILES, actor.subject),))
        case ActorKind.PERSON:
            return _of_person(access, actor, at)
        case ActorKind.TOKEN:
            return _of_token(access, actor, at)
        case ActorKind.WORKLOAD:
            held = None if binding is None else access.bindings.get(binding)
            if held is None or held.said.issuer != actor.issuer:
                return Authority()
            return Authority((of_binding(held),))
        case ActorKind.ANONYMOUS:
            return Authority()


def roles_of(access: Access, actor: Actor, at: datetime) -> frozenset[Role]:
    """Return the roles of the person *actor* at *at*, through whatever identity or group."""
    return frozenset(held.said.role for held in _grants(access, actor, at))


def bound(access: Access, issuer: str, claims: Mapping[str, object]) -> tuple[Held[Binding], ...]:
    """Return the bindings, by name, for the workload that *issuer* says *claims* of, as they were signed."""
    trusted = access.issuers.get(issuer)
    if trusted is None:
        return ()
    found = claims.get(trusted.said.required[0])
    names = access.bindings_for.get((issuer, found), ()) if isinstance(found, str) else ()
    held = (access.bindings[name] for name in sorted(names))
    return tuple(each for each in held if each.said.matches(claims, trusted.said))


def of_grant(held: Held[Grant]) -> Allowance:
    """Return what a grant gives."""
    return Allowance(SCOPES[held.said.role], held.said.reach, By.GRANT, str(held.number), held.events)


def of_binding(held: Held[Binding]) -> Allowance:
    """Return what a binding gives."""
    return Allowance(held.said.allowed, held.said.reach, By.BINDING, held.said.name, held.events)


def of_token(token: ApiToken) -> Allowance:
    """Return what a token gives."""
    return Allowance(frozenset(token.scopes), token.reach, By.TOKEN, token.id, token.said)


def of_webhook(held: Held[Webhook]) -> Allowance:
    """Return what a webhook may see."""
    return Allowance(frozenset(held.said.scopes), held.said.reach, By.WEBHOOK, held.said.name, held.events)


def _grants(access: Access, actor: Actor, at: datetime) -> tuple[Held[Grant], ...]:
    if actor.identity in access.bots:
        return ()  # whatever groups it is in: roles are for people
    groups = (Group(actor.issuer, name) for name in actor.said(GROUPS))
    held = access.grants_to(*access.person_of(actor.identity), *groups)
    return tuple(each for each in held if in_force(each, at))


def _of_person(access: Access, actor: Actor, at: datetime) -> Authority:
    held = _grants(access, actor, at)
    tokens = access.tokens_held(access.person_of(actor.identity), at)
    try:
        check_together(
            {each.said.role for each in held}, {scope for token in tokens for scope in token.scopes}
        )
    except SegregatedDuties as clash:
        return Authority(tuple(map(of_grant, held)), str(clash))
    return Authority(tuple(map(of_grant, held)))


def _of_token(access: Access, actor: Actor, at: datetime) -> Authority:
    token = access.tokens.get(actor.credential or "")
    if token is None or token.holder != actor.identity or not token.is_live(at):
        return Authority()
    return Authority((of_token(token),))
