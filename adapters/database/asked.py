"""A question asked with nearly every request: compiled once, and handed to the driver past SQLAlchemy.

SQLAlchemy makes a context and a result for each execution, which costs two to four times as much as either
database takes to find one row. Our columns are integers, text and bytes, which both drivers give as they are.
What is part of a transaction needs them, and is `compiled.Compiled`: they know what failed and what to undo.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from adapters.database.compiled import compiled

_TOOK_TOO_LONG = frozenset(("57014", "55P03"))
"""SQLSTATE of a statement that was cancelled, and of a lock not had in time (PostgreSQL, Appendix A)."""


class Asked:
    """One SELECT with all its parameters by name, for `Database.reading`. Safe to use from any thread."""

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement = statement

    def rows(self, connection: sa.Connection, asked: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Return the rows that *connection*, each statement its own transaction, finds for *asked*.

        A statement that fails is asked again by SQLAlchemy: it knows a connection that was lost from one
        that can still be used, and reading twice changes nothing. One that took too long is not: it would
        again, and keep a thread here and a process there for as long once more.
        """
        dialect = connection.dialect
        text, constants, order = compiled(self._statement, dialect)
        driver: Any = connection.connection.driver_connection
        values = {**constants, **asked}
        try:
            if order is not None:  # SQLite's
                cursor = driver.execute(text, order(values))
            else:
                cursor = driver.cursor(binary=True)  # as text, bytes come as digits
                cursor.execute(text, values)
            rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
            cursor.close()
        except dialect.loaded_dbapi.Error as failed:
            if getattr(failed, "sqlstate", None) in _TOOK_TOO_LONG:
                raise exc.OperationalError(text, None, failed) from failed
            return [tuple(row) for row in connection.execute(self._statement, dict(asked))]
        return rows
