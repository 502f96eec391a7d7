"""What every question can say, and how its answer says which prefix it came from."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from api.cursor import CursorText
from api.fields import Input, Instant
from api.replies import LedgerHead
from api.services import Services
from api.v1.values import KnownAt
from domain import instant
from domain.access.scopes import Scope
from domain.errors import BeyondTheHead, KnownInTheFuture, LedgerUnavailable
from domain.prefix import Prefix
from domain.queries.stretch import Earlier, Stretch

SCOPE = Scope.READ
ANY_QUESTION = (BeyondTheHead, KnownInTheFuture, LedgerUnavailable)
"""What every question may be refused with."""

PAGE_SIZE = 100
PAGE_SIZE_MAX = 500

Limit = Annotated[int, Field(ge=1, le=PAGE_SIZE_MAX)]


class KnownQuery(Input):
    """`known_at`: how much of the ledger may be used; an instant, or `position:N`. Default: all of it."""

    known_at: KnownAt | None = None


class InstantQuery(KnownQuery):
    """`as_of`: the instant asked about, default now; `known_at` as everywhere."""

    as_of: Instant | None = None


class PageQuery(KnownQuery):
    """A listing: `limit` at a time, then whatever `next` says as `cursor`; pages never shift."""

    limit: Limit = PAGE_SIZE
    cursor: CursorText | None = None


class SpanQuery(PageQuery):
    """A listing of what lies in [`from`, `to`)."""

    start: Annotated[Instant | None, Field(alias="from")] = None
    end: Annotated[Instant | None, Field(alias="to")] = None


def known(query: KnownQuery) -> datetime | int | None:
    """Return `known_at` as the domain takes it."""
    value = query.known_at
    assert value is None or isinstance(value, datetime | int), "its parser makes nothing else"
    return value


def pinned(query: KnownQuery, prefix: Prefix) -> bool:
    """Whether *query* says itself which prefix it is answered from, so that the answer never changes."""
    said = query.known_at is not None or getattr(query, "cursor", None) is not None
    return said and prefix.position > 0


def head(prefix: Prefix) -> LedgerHead | None:
    """Return what `Ledger-Head` says of *prefix*; nothing for an empty ledger."""
    return LedgerHead(prefix.position, str(prefix.digest)) if prefix.digest else None


def opened(
    query: PageQuery, *, operation: str, services: Services
) -> tuple[datetime | int | None, dict[str, int | str]]:
    """Return the prefix this page must be answered from, and the place it starts after.

    A first page is answered from `known_at`; later ones from the position the
    first one was, which the cursor carries.
    """
    if query.cursor is None:
        return known(query), {}
    place = services.cursors.open(query.cursor, operation=operation, query=query)
    pinned = place["position"]
    assert isinstance(pinned, int), "we sealed it"
    return pinned, place


def page_before(place: dict[str, int | str]) -> Earlier | None:
    """Return where the page before ended, as its cursor says; None on the first page."""
    if not place:
        return None
    return Earlier(instant.from_micros(int(place["until"])), instant.from_micros(int(place["low"])))


def spanned(place: dict[str, int | str] | None, stretch: Stretch) -> dict[str, int | str] | None:
    """Return *place* with what `page_before` reads; None when there is no next page."""
    if place is None:
        return None
    assert stretch.low is not None, "a page that others follow ends somewhere"
    return {**place, "until": instant.micros(stretch.until), "low": instant.micros(stretch.low)}


def sealed(
    query: BaseModel,
    place: dict[str, int | str] | None,
    prefix: Prefix,
    *,
    operation: str,
    services: Services,
) -> str | None:
    """Return the cursor of the next page, pinned to *prefix*; None when there is none."""
    if place is None:
        return None
    pinned = {**place, "position": prefix.position}
    return services.cursors.seal(pinned, operation=operation, query=query)
