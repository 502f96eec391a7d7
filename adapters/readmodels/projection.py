"""What is kept: a projection is a name with a version, its tables, and how events get into them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.readmodels import bulk, fold, known, tables
from adapters.readmodels.batch import Batch
from adapters.readmodels.evidence_tables import EVIDENCE_TABLES
from adapters.readmodels.known import Known
from domain.correction import Corrected
from domain.event import Recorded

PAGE_EVENTS = 5000
"""How many events are applied in one transaction while catching up; measured at 1 to 100,000."""

KEPT_MAX = 500_000
"""How many names a rebuild remembers, about 100 MB of them, before it reads them back from the tables."""

Take = Callable[[sa.Connection, Sequence[Recorded]], None]
"""Writes what events say into the tables; they follow, without a gap, what is in them."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Read models of one version. Another version has another name and other tables."""

    name: str
    tables: tuple[sa.Table, ...]
    take: Take
    """Takes in a batch of events, whatever came between this one and the last."""
    filling: Callable[[], Take]
    """Returns what takes in every batch from the first event on, and may remember from one to the next."""


def _take(connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
    _fold(known.load(connection, [each.event for each in recorded]), recorded).write(connection)


def _filling() -> Take:
    """Return what reads little back from the tables: it has put in everything that is there."""
    kept: Known | None = Known()

    def take(connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
        nonlocal kept
        if kept is None or _size(kept) > KEPT_MAX:
            kept = None
            before = known.load(connection, [each.event for each in recorded])
        else:
            corrected = [each.event for each in recorded if isinstance(each.event, Corrected)]
            kept.changes = known.load(connection, corrected).changes if corrected else {}
            before = kept
        _fold(before, recorded).write(connection, bulk.insert)

    return take


def _size(kept: Known) -> int:
    return len(kept.slots) + len(kept.builds) + len(kept.configs) + len(kept.firsts)


def _fold(before: Known, recorded: Sequence[Recorded]) -> Batch:
    batch = Batch(before)
    for each in recorded:
        fold.take(batch, each)
    return batch


PLACEMENTS = Projection(tables.NAME, (*tables.DERIVED, *EVIDENCE_TABLES), _take, _filling)
"""The one this program answers from."""
