"""Where and when what ran contained a component, and of what nobody can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.errors import MalformedValue, UnclearComponent
from domain.ports import LedgerReader, Page, Placements, Scope
from domain.prefix import Prefix
from domain.queries.asking import check_known
from domain.queries.stretch import ends_at
from domain.queries.unreported import Unreported, unreported
from domain.sbom_port import ComponentIndex, Contained, Meant, SbomReader, Unlisted, Window

UNLISTED_MAX = 100
"""How many intervals without a verified SBOM an answer tells at most."""


@dataclass(frozen=True, slots=True)
class WhereContained:
    """One page of intervals, and where the next page starts."""

    prefix: Prefix
    package: str
    meant: Meant
    intervals: Sequence[Contained]
    following: Page | None
    unlisted: Sequence[Unlisted]
    """What ran in the window without a verified SBOM; told on the first page alone."""
    truncated: bool
    """Whether there is more of that, or too much to look at."""
    unreported: Unreported
    """Of the environments of this page; what is unknown may be told on more than one."""


def where_contained(
    text: str,
    window: Window,
    known_at: datetime | int | None,
    *,
    after: Page | None = None,
    until: datetime | None = None,
    limit: int = 100,
    ledger: LedgerReader,
    placements: Placements,
    index: ComponentIndex,
    reader: SbomReader,
) -> WhereContained:
    """Answer *text*, see `SbomReader.wanted`, from one prefix, at most *limit* intervals at a time.

    *until* is where the first page said that the time ends, see `Unreported`; None on the first page.
    Raises `UnclearComponent` for a question that is none, and `UnknownEnvironment`.
    """
    prefix = ledger.prefix(known_at)
    try:
        wanted = reader.wanted(text)
        meant = index.meant(wanted, prefix)
    except MalformedValue as unclear:
        raise UnclearComponent(str(unclear)) from unclear
    check_known(Scope(window.environment), prefix, placements)
    found = index.containing(meant.components, window, prefix, after=after, limit=limit + 1)
    page = found[:limit]
    following = None
    if len(found) > limit:
        last = page[-1].placement
        following = Page(last.since, last.cause.position)
    unlisted, truncated = index.unlisted(window, prefix, limit=UNLISTED_MAX) if after is None else ((), False)
    beside = unreported(
        [*(each.placement for each in page), *(each.placement for each in unlisted)],
        prefix,
        environment=window.environment,
        start=window.start,
        until=until or ends_at(window.end, known_at, prefix, ledger),
        placements=placements,
    )
    return WhereContained(
        prefix, wanted.package, meant, page, following, unlisted, truncated, unreported=beside
    )
