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
_WITHDRAWN = frozenset((CHANGE, PLACEMENT, OBSERVATION))


class Batch:
    """Rows to insert and rows to withdraw, in memory until they are written together."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._rows: defaultdict[sa.Table, list[Mapping[str, Any]]] = defaultdict(list)
        self._withdrawn: defaultdict[sa.Update, list[Mapping[str, int]]] = defaultdict(list)
        self._fresh: dict[tuple[sa.Table, int], dict[str, Any]] = {}

    def add(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Add *row* to *table*."""
        self._rows[table].append(row)
        if table in _WITHDRAWN:
            self._fresh[table, row["position"]] = row

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
        if (target_id, name) not in self.known.slots:
            self.known.slots[target_id, name] = position
            self.add(SLOT, {"id": position, "target_id": target_id, "name": name})
        return self.known.slots[target_id, name]

    def observer(self, environment: str, name: str, position: int) -> int:
        """Return the id of the observer, introducing it when it is new."""
        if (environment, name) not in self.known.observers:
            self.known.observers[environment, name] = position
            self.add(OBSERVER, {"id": position, "environment": environment, "name": name})
        return self.known.observers[environment, name]

    def change(self, where: Withdrawn, position: int, row: Mapping[str, Any]) -> None:
        """Add a change under the next number of its environment."""
        number = self.known.environments[where.environment] + 1
        self.known.environments[where.environment] = number
        self.known.changes[position] = where
        added = {
            "position": position,
            "environment": where.environment,
            "number": number,
            "slot_id": where.slot_id,
            **row,
            "withdrawn_by": None,
        }
        self.add(CHANGE, added)

    def withdraw_change(self, of: int, by: int) -> None:
        """Withdraw the change at position *of*, and the placement it made if it made one."""
        where = self.known.changes[of]
        at = {"at_slot": where.slot_id, "at_instant": where.occurred_at}
        self._withdraw(CHANGE, of, {"withdrawn_by": by}, _CHANGE_WITHDRAWN, {})
        self._withdraw(PLACEMENT, of, {"superseded": by}, _PLACEMENT_WITHDRAWN, at)

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
        fresh = self._fresh.get((table, of))
        if fresh is not None:
            fresh.update(values)
        else:
            by = next(iter(values.values()))
            self._withdrawn[statement].append({"at_position": of, "by": by, **at})

    def write(self, connection: sa.Connection) -> None:
        """Write everything: one INSERT for each table, and one statement for each way to withdraw."""
        for table, rows in self._in_order():
            many.insert(connection, table, rows)
        for statement, places in self._withdrawn.items():
            connection.execute(statement, places)

    def rows(self) -> list[Rows]:
        """Return what is to be inserted; all rows of a table have the same columns."""
        return [_plain(table, rows) for table, rows in self._in_order()]

    def withdrawn(self) -> list[tuple[int, list[dict[str, int]]]]:
        """Return what each of `WITHDRAWALS` is to be executed with, by its place among them."""
        return [
            (place, [dict(each) for each in self._withdrawn[statement]])
            for place, statement in enumerate(WITHDRAWALS)
            if statement in self._withdrawn
        ]

    def _in_order(self) -> Iterator[tuple[sa.Table, list[Mapping[str, Any]]]]:
        for table, rows in self._rows.items():
            if table is PLACEMENT:
                rows.sort(key=_clustering)  # SQLite keeps them in this order: write left to right
            yield table, rows


def _clustering(row: Mapping[str, Any]) -> tuple[int, int, int, int]:
    return row["slot_id"], row["valid_from"], row["rank"], row["position"]


def _plain(table: sa.Table, rows: list[Mapping[str, Any]]) -> Rows:
    columns = tuple(rows[0])
    assert len(columns) > 1, "an itemgetter of one returns no tuple"
    return str(table.name), columns, list(map(itemgetter(*columns), rows))  # a plain one, not SQLAlchemy's
