"""Policies, freezes and waivers, page by page, as of any instant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.fields import Instant
from api.services import Services
from api.v1.asking import PageQuery, opened, pinned, sealed
from domain import instant
from domain.policy.law import Law
from domain.queries.asking import Clocks
from domain.queries.decided_at import Known
from domain.queries.law_at import law_at

T = TypeVar("T")


class LawQuery(PageQuery):
    """`as_of`: the instant asked about, default now; the rest as in every listing."""

    as_of: Instant | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the rows, and the law they are of."""

    known: Known[Law]
    rows: Sequence[T]
    next: str | None
    settled: bool


def page(
    query: LawQuery, rows: Callable[[Law], Sequence[T]], *, operation: str, services: Services
) -> Page[T]:
    """Return the page of *rows* that *query* asks for; later ones are as of the instant of the first."""
    known_at, place = opened(query, operation=operation, services=services)
    as_of = instant.from_micros(int(place["as_of"])) if place else query.as_of
    known = law_at(Clocks(as_of, known_at), ledger=services.ledger)
    found = rows(known.state)
    begin = int(place["after"]) if place else 0
    end = begin + query.limit
    following: dict[str, int | str] | None = None
    if len(found) > end:
        following = {"after": end, "as_of": instant.micros(known.as_of)}
    after = sealed(query, following, known.prefix, operation=operation, services=services)
    settled = (query.as_of is not None or bool(place)) and pinned(query, known.prefix)
    return Page(known, found[begin:end], after, settled)
