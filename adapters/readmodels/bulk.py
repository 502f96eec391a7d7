"""Many rows at once into a copy that nobody reads yet: by COPY where there is one."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from adapters.readmodels import copies


def insert(
    connection: sa.Connection, name: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert *rows*, which have *columns*, into the table *name* or the copy that is meant by it."""
    dialect = connection.dialect
    if dialect.name != "postgresql":
        marks = ", ".join("?" * len(columns))
        into = _into(name, tuple(columns), dialect)
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 - our own names
        return
    into = _into(name + copies.suffix(connection), tuple(columns), dialect)
    driver: Any = connection.connection.driver_connection
    copying, failed = f"COPY {into} FROM STDIN", dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)
    except failed as failure:  # SQLAlchemy knows nothing of COPY, and would have raised it like this
        raise sa.exc.DBAPIError.instance(copying, None, failure, failed, dialect=dialect) from failure


@lru_cache(maxsize=256)
def _into(name: str, columns: tuple[str, ...], dialect: sa.Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    return f"{quote(name)} ({', '.join(map(quote, columns))})"
