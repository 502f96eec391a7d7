"""A statement compiled once for each kind of database, and handed to the driver as text from then on.

SQLAlchemy looks at a statement anew each time to find what it compiled of it before: for a look-up by
key, that costs more than the driver's whole work.
"""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa


class Compiled:
    """A statement whose values are integers, text and bytes, which both drivers take as they are."""

    def __init__(self, statement: sa.Select[Any] | sa.Update) -> None:
        """Compile *statement* when it is first executed; what is not given then has the value it has here."""
        self._statement = statement

    def execute(
        self, connection: sa.Connection, **given: int | str | bytes
    ) -> "sa.CursorResult[*tuple[Any, ...]]":
        """Execute it with the values *given* by their names."""
        text, values, order = _compiled(self._statement, connection.dialect)
        values = {**values, **given}
        return connection.exec_driver_sql(text, values if order is None else order(values))


@lru_cache(maxsize=256)
def _compiled(statement: sa.Select[Any] | sa.Update, dialect: sa.Dialect) -> tuple[str, dict[str, Any], Any]:
    """Return the text, the values it has of its own, and what puts values in order if that matters."""
    compiled = statement.compile(dialect=dialect)
    places = compiled.positiontup or ()
    order = (lambda values: tuple(values[name] for name in places)) if compiled.positional else None
    return str(compiled), dict(compiled.params), order
