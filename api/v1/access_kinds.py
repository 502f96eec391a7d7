"""The kinds of things that are in force, or wait: a table of how each is listed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.fields import Output
from api.services import Services
from api.v1.access_items import (
    BindingShape,
    BotShape,
    GrantShape,
    IssuerShape,
    LinkShape,
    ProposalShape,
)
from api.v1.token_shapes import TokenShape
from api.v1.webhook_shapes import RecordedWebhookShape
from domain.access.access import Access

Later = Callable[[Sequence[Any], Services], Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One kind: what there is of it at an instant, in order, and how each is shown."""

    name: str
    """The last step of the path, and the member of the answer."""
    shape: type[Output]
    order: str
    """What is listed, and by what."""
    doc: str
    rows: Callable[[Access, datetime], Sequence[Any]]
    show: Callable[[Any, datetime], Output]
    now: Later | None = None
    """Adds what is known of this moment alone, and is no part of the record."""


def _used(shown: Sequence[TokenShape], services: Services) -> Sequence[TokenShape]:
    uses = services.token_uses.uses.of(each.id for each in shown)
    return [each.used(uses.get(each.id)) for each in shown]


def _in_order(name: str) -> Callable[[Access, datetime], Sequence[Any]]:
    """Return what finds the values of the mapping *name* of the state of access, in the order of its keys."""

    def rows(access: Access, _: datetime) -> Sequence[Any]:
        found = getattr(access, name)
        return [found[key] for key in sorted(found)]

    return rows


LISTINGS = (
    Listing(
        name="grants",
        shape=GrantShape,
        order="Roles that people and groups have, by number.",
        doc="List the roles that people and groups have.",
        rows=_in_order("grants"),
        show=GrantShape.of,
    ),
    Listing(
        name="issuers",
        shape=IssuerShape,
        order="Issuers that are listened to, by URL.",
        doc="List the issuers whose tokens are listened to.",
        rows=_in_order("issuers"),
        show=lambda held, _: IssuerShape.of(held),
    ),
    Listing(
        name="bindings",
        shape=BindingShape,
        order="Bindings, by name.",
        doc="List which workloads may do what.",
        rows=_in_order("bindings"),
        show=lambda held, _: BindingShape.of(held),
    ),
    Listing(
        name="links",
        shape=LinkShape,
        order="Identities that are one person, by the first of them.",
        doc="List which identities are known to be one person.",
        rows=lambda access, _: [access.people.links[pair] for pair in sorted(access.people.links)],
        show=lambda linked, _: LinkShape.of(linked),
    ),
    Listing(
        name="bots",
        shape=BotShape,
        order="Accounts that are bots', by issuer and subject.",
        doc="List which accounts are bots: whoever merges what they write answers for it.",
        rows=_in_order("bots"),
        show=lambda held, _: BotShape.of(held),
    ),
    Listing(
        name="webhooks",
        shape=RecordedWebhookShape,
        order="Webhooks, by name.",
        doc="List who is told of events, and of which; how far is no part of the record.",
        rows=_in_order("webhooks"),
        show=RecordedWebhookShape.recorded,
    ),
    Listing(
        name="proposals",
        shape=ProposalShape,
        order="Changes that wait to be confirmed, by number.",
        doc="List the changes of access that wait for somebody to confirm them.",
        rows=lambda access, at: [each for each in access.open if at < each.expires_at],
        show=lambda proposal, _: ProposalShape.of(proposal),
    ),
    Listing(
        name="tokens",
        shape=TokenShape,
        order="API tokens, those that have ended as well, by id.",
        doc="""List the API tokens that were ever issued, without their secrets.

        When each was used last is told of this moment alone: it is no part of the record, which answers for
        the others.
        """,
        rows=_in_order("tokens"),
        show=TokenShape.of,
        now=_used,
    ),
)
