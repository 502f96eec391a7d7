"""The rows that a batch of events adds. What a batch introduces, its later events can refer to."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from adapters.database import many
from adapters.readmodels.filling import Rows
from adapters.readmodels.known import Known, Withdrawn
from adapters.readmodels.tables import (
    CHANGE,
    ENVIRONMENT,
    OBSERVATION,
    OBSERVER,
    PLACEMENT,
    SERVICE,
    SLOT,
    TARGET,
)
from domain.target import Target

_PLACEMENT_WITHDRAWN = (
    sa.update(PLACEMENT)
    .where(
        PLACEMENT.c.slot_id == sa.bindparam("at_slot"),
        PLACEMENT.c.valid_from == sa.bindparam("at_instant"),
        PLACEMENT.c.position == sa.bindparam("at_position"),
    )
    .values(superseded=sa.bindparam("by"))
)
_CHANGE_WITHDRAWN = (
    sa.update(CHANGE)
    .where(CHANGE.c.position == sa.bindparam("at_position"))
    .values(withdrawn_by=sa.bindparam("by"))
)
_OBSERVATION_WITHDRAWN = (
    sa.update(OBSERVATION)
    .where(OBSERVATION.c.position == sa.bindparam("at_position"))
    .values(superseded=sa.bindparam("by"), seam=1)
)
WITHDRAWALS = (_CHANGE_WITHDRAWN, _PLACEMENT_WITHDRAWN, _OBSERVATION_WITHDRAWN)
"""Every way to withdraw a row that was written before."""


class Batch:
    """Rows to insert and rows to withdraw, in memory until they are written together."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._rows: defaultdict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
        self._withdrawn: defaultdict[sa.Update, list[Mapping[str, int]]] = defaultdict(list)
        self._added: defaultdict[sa.Table, dict[int, dict[str, Any]]] = defaultdict(dict)

    def add(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Add *row* to *table*."""
        self._rows[table].append(row)

    def service(self, name: str, position: int) -> None:
        """Introduce a service unless it is there."""
        if name not in self.known.services:
            self.known.services.add(name)
            self.add(SERVICE, {"name": name, "position": position})

    def environment(self, name: str, position: int) -> None:
        """Introduce an environment unless it is there."""
        if name not in self.known.environments:
            self.known.environments[name] = 0
            self.add(ENVIRONMENT, {"name": name, "position": position})

    def target(self, target: Target, position: int) -> int:
        """Return the id of *target*, introducing it when it is new."""
        known = self.known.targets.get(target)
        if known is not None:
            return known
        self.service(target.service, position)
        self.environment(target.environment, position)
        self.known.targets[target] = position
        row = {"id": position, "service": target.service, "environment": target.environment}
        self.add(TARGET, row)
        return position

    def slot(self, target_id: int, name: str, position: int) -> int:
        """Return the id of the slot, introducing it when it is new."""
        known = self.known.slots.setdefault((target_id, name), position)
        if known == position:
            self.add(SLOT, {"id": position, "target_id": target_id, "name": name})
        return known

    def observer(self, environment: str, name: str, position: int) -> int:
        """Return the id of the observer, introducing it when it is new."""
        if (environment, name) not in self.known.observers:
            self.known.observers[environment, name] = position
            self.add(OBSERVER, {"id": position, "environment": environment, "name": name})
        return self.known.observers[environment, name]

    def number(self, environment: str) -> int:
        """Return the next number of a change of *environment*."""
        number = self.known.environments[environment] + 1
        self.known.environments[environment] = number
        return number

    def withdraw_change(self, of: int, by: int) -> Withdrawn | None:
        """Withdraw the change at position *of*, and the placement it made if it made one.

        Return where that is; None when there is no change at *of*.
        """
        where = self.known.changes.get(of) or self._changed(of)
        if where is None:
            return None
        at = {"at_slot": where.slot_id, "at_instant": where.occurred_at}
        self._withdraw(CHANGE, of, {"withdrawn_by": by}, _CHANGE_WITHDRAWN, {})
        self._withdraw(PLACEMENT, of, {"superseded": by}, _PLACEMENT_WITHDRAWN, at)
        return where

    def withdraw_observation(self, of: int, by: int) -> None:
        """Withdraw the observation at position *of*."""
        self._withdraw(OBSERVATION, of, {"superseded": by, "seam": 1}, _OBSERVATION_WITHDRAWN, {})

    def _withdraw(
        self,
        table: sa.Table,
        of: int,
        values: Mapping[str, int],
        statement: sa.Update,
        at: Mapping[str, int],
    ) -> None:
        fresh = self._fresh(table, of)
        if fresh is not None:
            fresh.update(values)
        else:
            by = next(iter(values.values()))
            self._withdrawn[statement].append({"at_position": of, "by": by, **at})

    def _changed(self, position: int) -> Withdrawn | None:
        row = self._fresh(CHANGE, position)
        return None if row is None else Withdrawn(row["environment"], row["slot_id"], row["occurred_at"])

    def _fresh(self, table: sa.Table, position: int) -> dict[str, Any] | None:
        """Return the row of *table* that this batch added at *position*; few are asked for."""
        added = self._added[table]
        for row in self._rows.get(table, [])[len(added) :]:
            added[row["position"]] = row
        return added.get(position)

    def write(self, connection: sa.Connection) -> None:
        """Write everything: one INSERT for each table, and one statement for each way to withdraw."""
        for table, rows in self._in_order():
            many.insert(connection, table, rows)
        for statement, places in self._withdrawn.items():
            connection.execute(statement, places)

    def rows(self) -> list[Rows]:
        """Return what is to be inserted; all rows of a table have the same columns."""
        return [_plain(table, rows) for table, rows in self._rows.items()]

    def withdrawn(self) -> list[tuple[int, list[dict[str, int]]]]:
        """Return what each of `WITHDRAWALS` is to be executed with, by its place among them."""
        return [
            (place, [dict(each) for each in self._withdrawn[statement]])
            for place, statement in enumerate(WITHDRAWALS)
            if statement in self._withdrawn
        ]

    def _in_order(self) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
        for table, rows in self._rows.items():
            if table is PLACEMENT:
                rows.sort(key=_clustering)  # SQLite keeps them in this order: write left to right
            yield table, rows


def _clustering(row: Mapping[str, Any]) -> tuple[int, int, int, int]:
    return row["slot_id"], row["valid_from"], row["rank"], row["position"]


def _plain(table: sa.Table, rows: list[dict[str, Any]]) -> Rows:
    columns = tuple(rows[0])
    assert len(columns) > 1, "an itemgetter of one returns no tuple"
    return str(table.name), columns, list(map(itemgetter(*columns), rows))  # a plain one, not SQLAlchemy's
