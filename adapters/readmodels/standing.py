"""How far each set of derived tables has read the ledger: one row by name, if the set is there."""

import sqlalchemy as sa

from adapters.database.compiled import Compiled
from adapters.readmodels.tables import PROJECTION

_NAME: sa.BindParameter[str] = sa.bindparam("of", type_=sa.Text)
_POSITION = sa.select(PROJECTION.c.position).where(PROJECTION.c.name == _NAME)
_ADVANCE = Compiled(
    sa.update(PROJECTION)
    .where(PROJECTION.c.name == _NAME, PROJECTION.c.position == sa.bindparam("before"))
    .values(position=sa.bindparam("after"))
)
_END = sa.delete(PROJECTION).where(PROJECTION.c.name == _NAME)


def find(connection: sa.Connection, name: str) -> int | None:
    """Return the position of the last event that the set has taken in; None when there is no such set."""
    found: int | None = connection.scalar(_POSITION, {"of": name})
    return found


def begin(connection: sa.Connection, name: str, position: int = 0) -> None:
    """Say that the set is there, and stands at *position*."""
    connection.execute(sa.insert(PROJECTION), {"name": name, "position": position})


def advance(connection: sa.Connection, name: str, before: int, after: int) -> bool:
    """Move the set from *before* to *after*; False when that is not where it stands."""
    return _ADVANCE.execute(connection, of=name, before=before, after=after).rowcount == 1


def end(connection: sa.Connection, name: str) -> None:
    """Say that the set is gone, or never was."""
    connection.execute(_END, {"of": name})
