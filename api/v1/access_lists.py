"""List what is in force, and what waits: each kind by itself, page by page, as of any instant."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from api.fields import Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.access_shapes import (
    BindingShape,
    GrantShape,
    IssuerShape,
    LinkShape,
    ProposalShape,
    TokenShape,
)
from api.v1.asking import ANY_QUESTION, PageQuery, head, opened, pinned, sealed
from api.v1.shapes import LedgerShape
from domain import instant
from domain.access.access import Access
from domain.access.scopes import Scope
from domain.errors import BrokenLedger
from domain.queries.access_at import access_at
from domain.queries.asking import Clocks

REFUSED = (*ANY_QUESTION, ForeignCursor, BrokenLedger)


class AccessQuery(PageQuery):
    """`as_of`: the instant asked about, default now; the rest as in every listing."""

    as_of: Instant | None = None


class AccessShape(Output):
    """A page of what was in force, or waited, at `as_of`."""

    as_of: Instant
    ledger: LedgerShape
    next: str | None


class GrantsShape(AccessShape):
    """Roles that people and groups have, by number."""

    grants: list[GrantShape]


class IssuersShape(AccessShape):
    """Issuers that are listened to, by URL."""

    issuers: list[IssuerShape]


class BindingsShape(AccessShape):
    """Bindings, by name."""

    bindings: list[BindingShape]


class LinksShape(AccessShape):
    """Identities that are one person, by the first of them."""

    links: list[LinkShape]


class ProposalsShape(AccessShape):
    """Changes that wait to be confirmed, by number."""

    proposals: list[ProposalShape]


class TokensShape(AccessShape):
    """API tokens, those that have ended as well, by id."""

    tokens: list[TokenShape]


S = TypeVar("S", bound=AccessShape)
Rows = Callable[[Access, datetime], Sequence[Any]]
Show = Callable[[Any, datetime], Output]


def _listed(
    shape: type[S], name: str, query: AccessQuery, services: Services, *, rows: Rows, show: Show
) -> Reply[S]:
    """Return a page of what *rows* finds, each as *show* shows it, in the member called *name*."""
    operation_name = f"access_{name}"
    known_at, place = opened(query, operation=operation_name, services=services)
    as_of = instant.from_micros(int(place["as_of"])) if place else query.as_of
    known = access_at(Clocks(as_of, known_at), ledger=services.ledger)
    found = rows(known.access, known.as_of)
    begin = int(place["after"]) if place else 0
    end = begin + query.limit
    page = [show(each, known.as_of) for each in islice(found, begin, end)]
    following: dict[str, int | str] | None = None
    if len(found) > end:
        following = {"after": end, "as_of": instant.micros(known.as_of)}
    answer = shape.model_validate(
        {
            "as_of": known.as_of,
            "ledger": LedgerShape.of(known.prefix),
            "next": sealed(query, following, known.prefix, operation=operation_name, services=services),
            name: page,
        }
    )
    settled = (query.as_of is not None or bool(place)) and pinned(query, known.prefix)
    return Reply(answer, head=head(known.prefix), settled=settled)


@operation("GET", "/v1/access/grants", scope=Scope.ACCESS_READ, refusals=REFUSED, tag="access")
def access_grants(*, query: AccessQuery, services: Services) -> Reply[GrantsShape]:
    """List the roles that people and groups have."""
    return _listed(
        GrantsShape,
        "grants",
        query,
        services,
        rows=lambda access, _: [access.grants[number] for number in sorted(access.grants)],
        show=GrantShape.of,
    )


@operation("GET", "/v1/access/issuers", scope=Scope.ACCESS_READ, refusals=REFUSED, tag="access")
def access_issuers(*, query: AccessQuery, services: Services) -> Reply[IssuersShape]:
    """List the issuers whose tokens are listened to."""
    return _listed(
        IssuersShape,
        "issuers",
        query,
        services,
        rows=lambda access, _: [access.issuers[url] for url in sorted(access.issuers)],
        show=lambda held, _: IssuerShape.of(held),
    )


@operation("GET", "/v1/access/bindings", scope=Scope.ACCESS_READ, refusals=REFUSED, tag="access")
def access_bindings(*, query: AccessQuery, services: Services) -> Reply[BindingsShape]:
    """List which workloads may do what."""
    return _listed(
        BindingsShape,
        "bindings",
        query,
        services,
        rows=lambda access, _: [access.bindings[name] for name in sorted(access.bindings)],
        show=lambda held, _: BindingShape.of(held),
    )


@operation("GET", "/v1/access/links", scope=Scope.ACCESS_READ, refusals=REFUSED, tag="access")
def access_links(*, query: AccessQuery, services: Services) -> Reply[LinksShape]:
    """List which identities are known to be one person."""
    return _listed(
        LinksShape,
        "links",
        query,
        services,
        rows=lambda access, _: [access.people.links[pair] for pair in sorted(access.people.links)],
        show=lambda linked, _: LinkShape.of(linked),
    )


@operation("GET", "/v1/access/proposals", scope=Scope.ACCESS_READ, refusals=REFUSED, tag="access")
def access_proposals(*, query: AccessQuery, services: Services) -> Reply[ProposalsShape]:
    """List the changes of access that wait for somebody to confirm them."""
    return _listed(
        ProposalsShape,
        "proposals",
        query,
        services,
        rows=lambda access, at: [each for each in access.open if at < each.expires_at],
        show=lambda proposal, _: ProposalShape.of(proposal),
    )


@operation("GET", "/v1/access/tokens", scope=Scope.ACCESS_READ, refusals=REFUSED, tag="access")
def access_tokens(*, query: AccessQuery, services: Services) -> Reply[TokensShape]:
    """List the API tokens that were ever issued, without their secrets."""
    return _listed(
        TokensShape,
        "tokens",
        query,
        services,
        rows=lambda access, _: [access.tokens[id_] for id_ in sorted(access.tokens)],
        show=TokenShape.of,
    )


OPERATIONS = (
    access_grants,
    access_issuers,
    access_bindings,
    access_links,
    access_proposals,
    access_tokens,
)
