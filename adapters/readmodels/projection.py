"""What is kept: a projection is a name with a version, its tables, and how events get into them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.readmodels import bulk, components, fold, known, tables
from adapters.readmodels.batch import WITHDRAWALS, Batch
from adapters.readmodels.component_tables import COMPONENT_TABLES
from adapters.readmodels.components import Inside
from adapters.readmodels.evidence_tables import EVIDENCE_TABLES
from adapters.readmodels.filling import Content, Fold
from adapters.readmodels.known import Known
from domain import sbom_evidence
from domain.build import BuildRecorded
from domain.correction import Corrected
from domain.event import Recorded

PAGE_EVENTS = 5000
"""How many events are applied in one transaction while catching up; measured at 1 to 100,000."""

KEPT_MAX = 500_000
"""How many names a rebuild remembers, about 100 MB of them, before it reads them back from the tables."""

Take = Callable[[sa.Connection, Sequence[Recorded]], None]
"""Writes what events say into the tables; they follow, without a gap, what is in them."""
Lend = Callable[[], AbstractContextManager[sa.Connection]]
"""Lends a connection that reads tables in which all is that was folded before."""
Put = Callable[[sa.Connection, Content, Sequence[Recorded]], None]
"""Writes what was folded into the tables; takes the events as well that it wants to see itself."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Read models of one version. Another version has another name and other tables."""

    name: str
    tables: tuple[sa.Table, ...]
    take: Take
    """Takes in a batch of events, whatever came between this one and the last."""
    folding: Callable[[Lend], Fold]
    """Returns what folds every batch from the first event on, and may remember from one to the next."""
    put: Put
    """Writes what was folded; together they do what `take` does, and may do so in two processes."""
    read_by_key: tuple[sa.Table, ...] = ()
    """Tables that are filled without a look at what only their indexes would find fast."""


def _take(connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
    _fold(known.load(connection, [each.event for each in recorded]), recorded).write(connection)


def _folding(lend: Lend) -> Fold:
    """Return what reads little back from the tables: it knows what it has put in."""
    kept: Known | None = Known()

    def reads_back(recorded: Sequence[Recorded]) -> bool:
        return kept is None or _size(kept) > KEPT_MAX or any(isinstance(e.event, Corrected) for e in recorded)

    def take(recorded: Sequence[Recorded]) -> Content:
        nonlocal kept
        events = [each.event for each in recorded]
        if kept is None or _size(kept) > KEPT_MAX:
            kept = None
            with lend() as connection:
                before = known.load(connection, events)
        else:
            before, kept.changes = kept, {}
            if corrected := [event for event in events if isinstance(event, Corrected)]:
                with lend() as connection:
                    kept.changes = known.load(connection, corrected).changes
        batch = _fold(before, recorded)
        return Content(batch.rows(), batch.withdrawn(), [])

    return Fold(take, reads_back)


def _put(connection: sa.Connection, content: Content) -> None:
    for name, columns, rows in content.rows:
        bulk.insert(connection, name, columns, rows)
    for place, withdrawn in content.withdrawn:
        connection.execute(WITHDRAWALS[place], withdrawn)


def _size(kept: Known) -> int:
    return len(kept.slots) + len(kept.builds) + len(kept.configs) + len(kept.firsts)


def _fold(before: Known, recorded: Sequence[Recorded]) -> Batch:
    batch = Batch(before)
    for each in recorded:
        fold.take(batch, each)
    return batch


def placements(inside: Inside) -> Projection:
    """Return the projection this program answers from; what SBOMs list is read by *inside*."""

    def take(connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
        _take(connection, recorded)
        components.take(connection, recorded, inside)

    def put(connection: sa.Connection, content: Content, recorded: Sequence[Recorded]) -> None:
        _put(connection, content)
        components.take(connection, recorded, inside)

    alone = (*tables.DERIVED, *EVIDENCE_TABLES)
    every = (*alone, *COMPONENT_TABLES)
    return Projection(tables.NAME, every, take, _folding_for_components, put, read_by_key=alone)


def _folding_for_components(lend: Lend) -> Fold:
    """Return what also names the events about SBOMs, and the builds after the first of them."""
    rows, heard = _folding(lend), False

    def take(recorded: Sequence[Recorded]) -> Content:
        nonlocal heard
        again = []
        for each in recorded:
            if sbom_evidence.told(each.event) is not None:
                heard = True
                again.append(each.position)
            elif heard and isinstance(each.event, BuildRecorded):
                again.append(each.position)
        return rows.take(recorded)._replace(again=again)

    return Fold(take, rows.reads_back)


PLACEMENTS = placements(lambda _: None)
"""The same to whom every SBOM is lost."""
