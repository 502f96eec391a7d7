"""Many rows at once into a copy that nobody reads yet: by COPY where there is one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.database import many
from adapters.readmodels import copies


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert *rows*, which all have the columns of the first, into *table* or the copy that is meant."""
    if connection.dialect.name != "postgresql":
        many.insert(connection, table, rows)
        return
    quote = connection.dialect.identifier_preparer.quote
    columns = list(rows[0])
    into = f"{quote(table.name + copies.suffix(connection))} ({', '.join(map(quote, columns))})"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
