"""A statement compiled once for each kind of database, and handed on as text from then on.

SQLAlchemy looks at a statement anew each time to find what it compiled of it before: for a look-up by
key, that costs more than the driver's whole work.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa


class Text(NamedTuple):
    """A statement as one kind of driver takes it."""

    text: str
    constants: Mapping[str, Any]
    """The values it has of its own."""
    order: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None
    """Puts values in order, where the driver takes them by place and not by name."""


class Compiled:
    """A statement whose values are integers, text and bytes, which both drivers take as they are.

    It can be part of any transaction; for questions outside of one, `asked.Asked` costs less.
    """

    def __init__(self, statement: sa.Select[Any] | sa.Update) -> None:
        """Compile *statement* when it is first executed; what is not given then has the value it has here."""
        self._statement = statement

    def execute(
        self, connection: sa.Connection, **given: int | str | bytes
    ) -> "sa.CursorResult[*tuple[Any, ...]]":
        """Execute it with the values *given* by their names."""
        text, constants, order = compiled(self._statement, connection.dialect)
        values = {**constants, **given}
        return connection.exec_driver_sql(text, values if order is None else order(values))


@lru_cache(maxsize=256)
def compiled(statement: sa.Select[Any] | sa.Update, dialect: sa.Dialect) -> Text:
    """Return *statement* as the driver of *dialect* takes it."""
    made = statement.compile(dialect=dialect)
    places = made.positiontup or ()
    order = (lambda values: tuple(values[name] for name in places)) if made.positional else None
    return Text(str(made), dict(made.params), order)
