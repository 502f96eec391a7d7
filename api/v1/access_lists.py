"""List what is in force, and what waits: each kind by itself, page by page, as of any instant."""

from collections.abc import Sequence
from typing import Any

from pydantic import create_model

from api.fields import Instant, Output
from api.operations import Operation, operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.access_kinds import LISTINGS, Listing
from api.v1.asking import ANY_QUESTION, head
from api.v1.decided_pages import DecidedQuery, page
from api.v1.shapes import LedgerShape
from domain.access.scopes import Scope
from domain.errors import BrokenLedger
from domain.queries.access_at import access_at


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

    def handler(*, query: DecidedQuery, services: Services) -> Reply[AccessShape]:
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
    listing: Listing, shape: type[AccessShape], query: DecidedQuery, services: Services
) -> Reply[AccessShape]:
    found = page(
        query,
        lambda clocks: access_at(clocks, ledger=services.ledger),
        lambda known: listing.rows(known.access, known.as_of),
        operation=f"access_{listing.name}",
        services=services,
    )
    known = found.known
    shown: Sequence[Output] = [listing.show(each, known.as_of) for each in found.rows]
    of_now = listing.now is not None and query.as_of is None and query.known_at is None
    if listing.now is not None and of_now:
        shown = listing.now(shown, services)
    answer = shape.model_validate(
        {
            "as_of": known.as_of,
            "ledger": LedgerShape.of(known.prefix),
            "next": found.next,
            listing.name: shown,
        }
    )
    return Reply(answer, head=head(known.prefix), settled=found.settled and not of_now)


OPERATIONS = tuple(map(_operation, LISTINGS))
