"""What was decided about access and about policies, page by page, as of any instant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from api.fields import Instant
from api.services import Services
from api.v1.asking import PageQuery, opened, pinned, sealed
from domain import instant
from domain.prefix import Prefix
from domain.queries.asking import Clocks

T = TypeVar("T")


class DecidedQuery(PageQuery):
    """`as_of`: the instant asked about, default now; the rest as in every listing."""

    as_of: Instant | None = None


class Known(Protocol):
    """The state of a stream of decisions, and what it comes from."""

    @property
    def as_of(self) -> datetime:
        """The instant it is of."""
        ...

    @property
    def prefix(self) -> Prefix:
        """How much of the ledger it was made from."""
        ...


K = TypeVar("K", bound=Known)


@dataclass(frozen=True, slots=True)
class Page(Generic[K, T]):
    """Some of the rows, and the state they are of."""

    known: K
    rows: Sequence[T]
    next: str | None
    settled: bool


def page(
    query: DecidedQuery,
    question: Callable[[Clocks], K],
    rows: Callable[[K], Sequence[T]],
    *,
    operation: str,
    services: Services,
) -> Page[K, T]:
    """Return the page of *rows* that *query* asks for; later ones are as of the instant of the first."""
    known_at, place = opened(query, operation=operation, services=services)
    as_of = instant.from_micros(int(place["as_of"])) if place else query.as_of
    known = question(Clocks(as_of, known_at))
    found = rows(known)
    begin = int(place["after"]) if place else 0
    end = begin + query.limit
    following: dict[str, int | str] | None = None
    if len(found) > end:
        following = {"after": end, "as_of": instant.micros(known.as_of)}
    after = sealed(query, following, known.prefix, operation=operation, services=services)
    settled = (query.as_of is not None or bool(place)) and pinned(query, known.prefix)
    return Page(known, found[begin:end], after, settled)
