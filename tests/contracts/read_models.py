"""Read models over a database that can be emptied between examples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.readmodels.projection import PLACEMENTS, Projection
from adapters.readmodels.projector import Projector
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.tables import PROJECTION
from domain.event import Recorded


class Followed:
    """A database whose read models are fed by hand, without a ledger's own tables."""

    def __init__(self, database: Database, projection: Projection = PLACEMENTS) -> None:
        self.database = database
        self.recorded: Sequence[Recorded] = ()
        """What the ledger holds, for whoever catches up."""
        self.projector = Projector(database, projection=projection, read_page=self.page)
        self.projector.prepare()
        self.reads = ReadModels(database, self.projector)

    def empty(self) -> None:
        """Start again."""
        with self.database.appending() as connection:
            for table in PLACEMENTS.tables:
                connection.execute(sa.delete(table))
            connection.execute(sa.update(PROJECTION).values(position=0))
        self.reads = ReadModels(self.database, self.projector)

    def page(self, after: int, limit: int) -> Sequence[Recorded]:
        """Return up to *limit* of the recorded events that follow position *after*."""
        return self.recorded[after : after + limit]

    def follow(self, recorded: Sequence[Recorded]) -> None:
        """Append *recorded* in one transaction, as far as the read models are concerned."""
        with self.database.appending() as connection:
            self.projector.apply(connection, recorded)

    def content(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every derived row."""
        with self.database.reading() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
                for table in (PROJECTION, *PLACEMENTS.tables)
            }


@contextmanager
def followed(url: str, projection: Projection = PLACEMENTS) -> Iterator[Followed]:
    """Lend read models over a fresh database at *url*."""
    database = Database(url)
    schema.create(database)
    try:
        yield Followed(database, projection)
    finally:
        database.close()
