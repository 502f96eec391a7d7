"""List what is in force, and what waits: each kind by itself, page by page, as of any instant."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from pydantic import create_model

from api.fields import Instant, Output
from api.operations import Operation, operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.access_kinds import LISTINGS, Listing
from api.v1.asking import ANY_QUESTION, PageQuery, head, opened, pinned, sealed
from api.v1.shapes import LedgerShape
from domain import instant
from domain.access.scopes import Scope
from domain.errors import BrokenLedger
from domain.queries.access_at import access_at
from domain.queries.asking import Clocks


class AccessQuery(PageQuery):
    """`as_of`: the instant asked about, default now; the rest as in every listing."""

    as_of: Instant | None = None


class AccessShape(Output):
    """A page of what was in force, or waited, at `as_of`."""

    as_of: Instant
    ledger: LedgerShape
    next: str | None


def _operation(listing: Listing) -> Operation:
    """Return the operation that lists one kind."""
    members: dict[str, Any] = {listing.name: (list[listing.shape], ...)}  # type: ignore[name-defined]  # found when it runs
    shape: type[AccessShape] = create_model(
        f"{listing.name.capitalize()}Shape", __base__=AccessShape, __doc__=listing.order, **members
    )

    def handler(*, query: AccessQuery, services: Services) -> Reply[AccessShape]:
        return _page(listing, shape, query, services)

    handler.__name__, handler.__doc__ = f"access_{listing.name}", listing.doc
    handler.__annotations__["return"] = Reply[shape]  # type: ignore[valid-type]  # found when it runs
    declare = operation(
        "GET",
        f"/v1/access/{listing.name}",
        scope=Scope.ACCESS_READ,
        refusals=(*ANY_QUESTION, ForeignCursor, BrokenLedger),
        tag="access",
    )
    return declare(handler)


def _page(
    listing: Listing, shape: type[AccessShape], query: AccessQuery, services: Services
) -> Reply[AccessShape]:
    name = f"access_{listing.name}"
    known_at, place = opened(query, operation=name, services=services)
    as_of = instant.from_micros(int(place["as_of"])) if place else query.as_of
    known = access_at(Clocks(as_of, known_at), ledger=services.ledger)
    found = listing.rows(known.access, known.as_of)
    begin = int(place["after"]) if place else 0
    end = begin + query.limit
    page: Sequence[Output] = [listing.show(each, known.as_of) for each in islice(found, begin, end)]
    of_now = listing.now is not None and query.as_of is None and query.known_at is None
    if listing.now is not None and of_now:
        page = listing.now(page, services)
    following: dict[str, int | str] | None = None
    if len(found) > end:
        following = {"after": end, "as_of": instant.micros(known.as_of)}
    answer = shape.model_validate(
        {
            "as_of": known.as_of,
            "ledger": LedgerShape.of(known.prefix),
            "next": sealed(query, following, known.prefix, operation=name, services=services),
            listing.name: page,
        }
    )
    settled = (query.as_of is not None or bool(place)) and pinned(query, known.prefix) and not of_now
    return Reply(answer, head=head(known.prefix), settled=settled)


OPERATIONS = tuple(map(_operation, LISTINGS))
