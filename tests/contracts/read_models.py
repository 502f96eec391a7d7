"""Read models over a database that can be emptied between examples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.readmodels.projector import Projector
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.tables import DERIVED, PROJECTION
from domain.event import Recorded


class Followed:
    """A database whose read models are fed by hand, without a ledger's own tables."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.projector = Projector(database)
        self.reads = ReadModels(database)

    def empty(self) -> None:
        """Start again."""
        with self.database.appending() as connection:
            for table in DERIVED:
                connection.execute(sa.delete(table))
            connection.execute(sa.update(PROJECTION).values(position=0))

    def follow(self, recorded: Sequence[Recorded]) -> None:
        """Append *recorded* in one transaction, as far as the read models are concerned."""
        with self.database.appending() as connection:
            self.projector.apply(connection, recorded)

    def content(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every derived row."""
        with self.database.reading() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
                for table in (PROJECTION, *DERIVED)
            }


@contextmanager
def followed(url: str) -> Iterator[Followed]:
    """Lend read models over a fresh database at *url*."""
    database = Database(url)
    schema.create(database)
    try:
        yield Followed(database)
    finally:
        database.close()
