"""Folding the stream of access: each event costs as much in a stream of thousands as in a short one."""

from dataclasses import replace
from typing import TypeVar

from domain.access.access import Access, Held
from domain.access.binding import Binding
from domain.access.bots import Bot, NotBot
from domain.access.change import (
    DropIssuer,
    Grant,
    Group,
    Link,
    RemoveBinding,
    RevokeGrant,
    Unlink,
)
from domain.access.issuer import TrustedIssuer
from domain.access.people import Linked
from domain.access.proposal import AccessProposed, AccessSettled, Proposal
from domain.access.token import ApiToken, TokenIssued, TokenRevoked, TokenRotated
from domain.access.webhook import RemoveWebhook, Webhook
from domain.event import Event
from domain.identity import Identity
from domain.revised import RevisedMap

K = TypeVar("K")
V = TypeVar("V")


def fold(known: Access | None, event: Event) -> Access:
    """Advance *known* by one event of the stream."""
    before = known or Access()
    after = replace(before, version=event.version, at=event.occurred_at)
    match event:
        case AccessProposed():
            return _proposed(after, event)
        case AccessSettled():
            return _settled(after, event)
        case TokenIssued():
            return _issued(after, event)
        case TokenRotated():
            token = after.tokens[event.token]
            rotated = replace(
                token,
                secret=event.secret,
                before=token.secret,
                before_until=event.old_until,
                expires_at=event.expires_at,
                since=event.occurred_at,
                said=(token.said[0], event.version),
            )
            return replace(after, tokens=after.tokens.with_value(token.id, rotated))
        case TokenRevoked():
            token = after.tokens[event.token]
            revoked = replace(token, revoked_at=event.occurred_at, said=(*token.said, event.version))
            return replace(after, tokens=after.tokens.with_value(token.id, revoked))
        case _:
            raise AssertionError(f"{event.topic} is not about access")


def _proposed(known: Access, event: AccessProposed) -> Access:
    proposal = Proposal(
        number=event.number,
        change=event.change,
        reason=event.reason,
        proposed_by=event.actor,
        proposers=known.person_of(event.actor.identity),
        proposed_at=event.occurred_at,
        version=event.version,
    )
    waiting = tuple(each for each in known.open if event.occurred_at < each.expires_at)
    return replace(known, numbers=event.number, open=(*waiting, proposal))


def _settled(known: Access, event: AccessSettled) -> Access:
    (proposal,) = (each for each in known.open if each.number == event.number)
    left = replace(known, open=tuple(each for each in known.open if each is not proposal))
    if not event.confirmed:
        return left
    return _changed(left, proposal, event)


def _changed(known: Access, proposal: Proposal, event: AccessSettled) -> Access:  # noqa: PLR0911 - one line a kind of change
    said = proposal.change.said
    events = (proposal.version, event.version)
    match said:
        case Grant():
            held = Held(said, proposal.number, event.occurred_at, events)
            return _granted(known, held)
        case RevokeGrant():
            return _revoked(known, said.number)
        case TrustedIssuer():
            issuer = Held(said, proposal.number, event.occurred_at, events)
            return replace(known, issuers=known.issuers.with_value(said.url, issuer))
        case DropIssuer():
            return _dropped(known, said.url)
        case Binding():
            return _bound(known, Held(said, proposal.number, event.occurred_at, events))
        case RemoveBinding():
            return _unbound(known, said.name)
        case Link():
            return replace(known, people=known.people.with_link(Linked(said, event.occurred_at, events)))
        case Unlink():
            return replace(known, people=known.people.without_link(said))
        case Webhook():
            return _hooked(known, Held(said, proposal.number, event.occurred_at, events))
        case RemoveWebhook():
            webhooks, begun = known.webhooks.without(said.name), known.webhooks_begun.without(said.name)
            return replace(known, webhooks=webhooks, webhooks_begun=begun)
        case Bot():
            bot = Held(said, proposal.number, event.occurred_at, events)
            return replace(known, bots=known.bots.with_value(said.identity, bot))
        case NotBot():
            return replace(known, bots=known.bots.without(said.identity))


def holder_of(grant: Grant) -> Identity | Group:
    """Return who gets the role."""
    holder = grant.holder or grant.group
    assert holder is not None, "a grant is to somebody"
    return holder


def _granted(known: Access, held: Held[Grant]) -> Access:
    return replace(
        known,
        grants=known.grants.with_value(held.number, held),
        grants_of=_with(known.grants_of, holder_of(held.said), held.number),
    )


def _revoked(known: Access, number: int) -> Access:
    holder = holder_of(known.grants[number].said)
    return replace(
        known, grants=known.grants.without(number), grants_of=_without(known.grants_of, holder, number)
    )


def _bound(known: Access, held: Held[Binding]) -> Access:
    binding = held.said
    cleared = _unbound(known, binding.name) if binding.name in known.bindings else known
    index = cleared.bindings_for
    for value in found_by(known, binding):
        index = _with(index, (binding.issuer, value), binding.name)
    return replace(cleared, bindings=cleared.bindings.with_value(binding.name, held), bindings_for=index)


def _unbound(known: Access, name: str) -> Access:
    binding = known.bindings[name].said
    index = known.bindings_for
    for value in found_by(known, binding):
        index = _without(index, (binding.issuer, value), name)
    return replace(known, bindings=known.bindings.without(name), bindings_for=index)


def _hooked(known: Access, held: Held[Webhook]) -> Access:
    name = held.said.name
    begun = known.webhooks_begun
    if name not in begun:
        begun = begun.with_value(name, held.events[-1])
    return replace(known, webhooks=known.webhooks.with_value(name, held), webhooks_begun=begun)


def _dropped(known: Access, url: str) -> Access:
    """End the bindings with their issuer: whoever trusts it again says anew what that is worth."""
    for name in [name for name, held in known.bindings.items() if held.said.issuer == url]:
        known = _unbound(known, name)
    return replace(known, issuers=known.issuers.without(url))


def found_by(known: Access, binding: Binding) -> tuple[str, ...]:
    """Return the values under which *binding* is looked for; its issuer is trusted."""
    return binding.values_of(known.issuers[binding.issuer].said.required[0])


def _issued(known: Access, event: TokenIssued) -> Access:
    token = ApiToken(
        id=event.token,
        name=event.name,
        holder=event.holder,
        scopes=event.scopes,
        reach=event.reach,
        since=event.occurred_at,
        expires_at=event.expires_at,
        cidrs=event.cidrs,
        secret=event.secret,
        said=(event.version,),
    )
    live = (each.id for each in known.tokens_held((token.holder,), event.occurred_at))
    return replace(
        known,
        tokens=known.tokens.with_value(token.id, token),
        tokens_of=known.tokens_of.with_value(token.holder, (*live, token.id)),
    )


def _with(index: RevisedMap[K, tuple[V, ...]], key: K, value: V) -> RevisedMap[K, tuple[V, ...]]:
    return index.with_value(key, (*index.get(key, ()), value))


def _without(index: RevisedMap[K, tuple[V, ...]], key: K, value: V) -> RevisedMap[K, tuple[V, ...]]:
    left = tuple(each for each in index.get(key, ()) if each != value)
    return index.with_value(key, left) if left else index.without(key)
