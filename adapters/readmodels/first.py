"""Whether a prefix has heard of an environment or a service: one row each, read once."""

import sqlalchemy as sa

from adapters.database.database import Database

_NAME: sa.BindParameter[str] = sa.bindparam("name", type_=sa.Text)


class FirstHeard:
    """At which position each name in *table* was first reported. That never changes, so it is kept."""

    def __init__(self, table: sa.Table) -> None:
        self._position = sa.select(table.c.position).where(table.c.name == _NAME)
        self._kept: dict[str, int] = {}

    def knows(self, database: Database, name: str, position: int) -> bool:
        """Say whether the prefix up to *position* has *name*."""
        first = self._kept.get(name)
        if first is None:
            with database.reading() as connection:
                first = connection.scalar(self._position, {"name": name})
            if first is None:
                return False
            self._kept[name] = first
        return first <= position
