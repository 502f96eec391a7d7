"""What speaks against a change of access: asked when it is proposed, and when it is confirmed."""

from datetime import datetime

from domain import instant
from domain.access.access import Access, ends
from domain.access.binding import Binding
from domain.access.bots import Bot, NotBot
from domain.access.change import (
    Change,
    DropIssuer,
    Grant,
    Link,
    RemoveBinding,
    RevokeGrant,
    Unlink,
    pair,
)
from domain.access.duties import check_apart, duties_of, of_grant
from domain.access.fold import found_by, holder_of
from domain.access.issuer import TrustedIssuer
from domain.access.people import IDENTITIES_MAX
from domain.access.webhook import RemoveWebhook, Webhook
from domain.errors import AccessFull, ContradictoryReport, NothingToChange, UnknownAccess
from domain.identity import Identity

GRANTS_MAX = 10_000
GRANTS_EACH_MAX = 100
"""To one identity, or one group."""
ISSUERS_MAX = 100
BINDINGS_MAX = 20_000
BINDINGS_EACH_MAX = 100
"""That are found by the same claim of one issuer: a project's."""
WEBHOOKS_MAX = 100
BOTS_MAX = 1000


def check_change(access: Access, change: Change, at: datetime) -> None:
    """Refuse *change* when it would bring about nothing, too much, or duties in one hand that must be apart.

    Raises `NothingToChange`, `UnknownAccess`, `SegregatedDuties`, `ContradictoryReport` and `AccessFull`.
    """
    match change.said:
        case Grant() as grant:
            _check_grant(access, grant, at)
        case RevokeGrant(number):
            _check_known(number in access.grants, f"grant {number}")
        case TrustedIssuer() as issuer:
            _check_issuer(access, issuer)
        case DropIssuer(url):
            _check_known(url in access.issuers, f"issuer {url[:200]!r}")
        case Binding() as binding:
            _check_binding(access, binding)
        case RemoveBinding(name):
            _check_known(name in access.bindings, f"binding {name[:100]!r}")
        case Link() as link:
            _check_link(access, link, at)
        case Unlink(one, other):
            _check_known(pair(one, other) in access.people.links, f"link between {one} and {other}")
        case Webhook() as webhook:
            _check_webhook(access, webhook)
        case RemoveWebhook(name):
            _check_known(name in access.webhooks, f"webhook {name[:100]!r}")
        case Bot(identity):
            _check_bot(access, identity)
        case NotBot(identity):
            _check_known(identity in access.bots, f"bot {identity}")


def _check_grant(access: Access, grant: Grant, at: datetime) -> None:
    if ends(grant) <= at:
        raise ContradictoryReport(f"the grant would be over by {instant.text(ends(grant))}")
    holder = holder_of(grant)
    held = access.grants_to(holder)
    if same := [each.number for each in held if each.said == grant]:
        raise NothingToChange(f"grant {same[0]} says the same")
    if len(held) >= GRANTS_EACH_MAX or len(access.grants) >= GRANTS_MAX:
        raise AccessFull(
            f"at most {GRANTS_EACH_MAX} grants to one, and {GRANTS_MAX} in all: revoke some first"
        )
    if grant.holder is not None:
        _check_no_bot(access, grant.holder)
        person = access.person_of(grant.holder)
        check_apart([of_grant(grant, at)], duties_of(access, person, at))


def _check_issuer(access: Access, issuer: TrustedIssuer) -> None:
    held = access.issuers.get(issuer.url)
    if held is None and len(access.issuers) >= ISSUERS_MAX:
        raise AccessFull(f"{ISSUERS_MAX} issuers are trusted already: drop one first")
    if held is None:
        return
    if held.said == issuer:
        raise NothingToChange(f"{issuer.url} is trusted like that already")
    bound = any(each.said.issuer == issuer.url for each in access.bindings.values())
    if held.said.required != issuer.required and bound:
        raise ContradictoryReport(
            f"bindings to {issuer.url} stand on {', '.join(held.said.required)}:"
            " remove them, or drop the issuer"
        )


def _check_binding(access: Access, binding: Binding) -> None:
    issuer = access.issuers.get(binding.issuer)
    if issuer is None:
        raise UnknownAccess(f"no issuer {binding.issuer[:200]!r} is trusted")
    binding.check_against(issuer.said)
    before = access.bindings.get(binding.name)
    if before is not None and before.said == binding:
        raise NothingToChange(f"binding {binding.name} says the same")
    if before is None and len(access.bindings) >= BINDINGS_MAX:
        raise AccessFull(f"there are {BINDINGS_MAX} bindings already: remove some first")
    for value in found_by(access, binding):
        names = access.bindings_for.get((binding.issuer, value), ())
        if binding.name not in names and len(names) >= BINDINGS_EACH_MAX:
            raise AccessFull(f"{issuer.said.required[0]} {value} has {BINDINGS_EACH_MAX} bindings already")


def _check_link(access: Access, link: Link, at: datetime) -> None:
    if pair(link.one, link.other) in access.people.links:
        raise NothingToChange(f"{link.one} and {link.other} are linked already")
    _check_no_bot(access, link.one, link.other)
    one, other = access.person_of(link.one), access.person_of(link.other)
    if one == other:
        return  # another way to know the same
    if len(one) + len(other) > IDENTITIES_MAX:
        raise AccessFull(
            f"one person would have {len(one) + len(other)} identities, at most {IDENTITIES_MAX}"
        )
    check_apart(duties_of(access, one, at), duties_of(access, other, at))


def _check_webhook(access: Access, webhook: Webhook) -> None:
    before = access.webhooks.get(webhook.name)
    if before is None:
        if len(access.webhooks) >= WEBHOOKS_MAX:
            raise AccessFull(f"there are {WEBHOOKS_MAX} webhooks already: remove some first")
        return
    if before.said == webhook:
        raise NothingToChange(f"webhook {webhook.name} says the same")
    if webhook.key < before.said.key:
        raise ContradictoryReport(
            f"webhook {webhook.name} signs with key {before.said.key}: a key that was given up does not"
            " come back"
        )


def _check_bot(access: Access, identity: Identity) -> None:
    if identity in access.bots:
        raise NothingToChange(f"{identity} is a bot already")
    if len(access.bots) >= BOTS_MAX:
        raise AccessFull(f"there are {BOTS_MAX} bots already")
    if len(access.person_of(identity)) > 1 or access.grants_to(identity):
        raise ContradictoryReport(f"{identity} is a person, who was linked or given a role")


def _check_no_bot(access: Access, *identities: Identity) -> None:
    """Refuse what only people have: roles, and further identities."""
    for identity in identities:
        if identity in access.bots:
            raise ContradictoryReport(f"{identity} is a bot, and no person")


def _check_known(known: bool, what: str) -> None:
    if not known:
        raise UnknownAccess(f"there is no {what}")
