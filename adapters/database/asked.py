"""A question asked with nearly every request: compiled once, and handed to the driver as it is.

SQLAlchemy makes a context and a result for each execution, which costs two to four times as much as either
database takes to find one row. Our columns are integers, text and bytes, which both drivers give as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


class Asked:
    """One SELECT with all its parameters by name, for `Database.reading`. Safe to use from any thread."""

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        """By the name of the dialect: there are two, and many databases."""

    def rows(self, connection: sa.Connection, asked: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Return the rows that *connection*, each statement its own transaction, finds for *asked*.

        A statement that fails is asked again by SQLAlchemy: it knows a connection that was lost from one
        that can still be used, and reading twice changes nothing.
        """
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        try:
            return compiled.rows(connection.connection.driver_connection, asked)
        except dialect.loaded_dbapi.Error:
            return [tuple(row) for row in connection.execute(self._statement, dict(asked))]


class _Compiled:
    """A statement for one kind of database."""

    def __init__(self, statement: sa.Select[Any], dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._constants = dict(compiled.params)
        self._places: list[str] | None = getattr(compiled, "positiontup", None)

    def rows(self, driver: Any, asked: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        parameters = {**self._constants, **asked}
        if self._places is not None:  # SQLite's
            cursor = driver.execute(self._text, [parameters[name] for name in self._places])
        else:
            cursor = driver.cursor(binary=True)  # as text, bytes come as digits
            cursor.execute(self._text, parameters)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
        return rows
