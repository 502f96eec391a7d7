"""The read models as the domain asks them. Each answer comes from a prefix, whatever is added later."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import changes, named, releases, state, timeline, where
from adapters.readmodels.projector import Projector
from adapters.readmodels.tables import ENVIRONMENT, SERVICE
from adapters.readmodels.visible import KNOWN
from domain.errors import LedgerUnavailable
from domain.placement import Change, Placement, RanRelease
from domain.ports import Named, Page, Scope
from domain.prefix import Prefix

_ENVIRONMENTS = sa.select(ENVIRONMENT.c.name).where(ENVIRONMENT.c.position <= KNOWN)
_SERVICES = sa.select(SERVICE.c.name).where(SERVICE.c.position <= KNOWN)


class ReadModels:
    """Implements `domain.ports.Placements`. Safe to call from any thread.

    Statements run one by one, without a transaction around them: what a prefix
    sees no longer changes, so they agree. The projector must have read as far
    as the prefix.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reached = 0

    def _check(self, prefix: Prefix) -> None:
        """Refuse to answer from tables that have not taken in all of *prefix*."""
        if prefix.position <= self._reached:
            return
        reached = Projector(self._database).position()
        self._reached = max(self._reached, reached)
        if prefix.position > reached:
            raise LedgerUnavailable(
                f"the read models stand at position {reached}, the ledger at {prefix.position};"
                " they catch up when a server starts"
            )

    def environments(self, prefix: Prefix) -> Sequence[str]:
        """See `domain.ports.Placements.environments`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return sorted(connection.scalars(_ENVIRONMENTS, {"known": prefix.position}))

    def services(self, prefix: Prefix) -> Sequence[str]:
        """See `domain.ports.Placements.services`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return sorted(connection.scalars(_SERVICES, {"known": prefix.position}))

    def running(self, scope: Scope, as_of: datetime, prefix: Prefix) -> Sequence[Placement]:
        """See `domain.ports.Placements.running`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return state.running(connection, scope, as_of, prefix)

    def timeline(
        self,
        scope: Scope,
        prefix: Prefix,
        *,
        start: datetime | None,
        end: datetime | None,
        after: Page | None,
        limit: int,
    ) -> Sequence[Placement]:
        """See `domain.ports.Placements.timeline`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return timeline.timeline(
                connection, scope, prefix, start=start, end=end, after=after, limit=limit
            )

    def changes(
        self,
        environment: str,
        prefix: Prefix,
        *,
        start: datetime | None,
        end: datetime | None,
        below: int | None,
        limit: int,
    ) -> Sequence[Change]:
        """See `domain.ports.Placements.changes`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return changes.changes(
                connection, environment, prefix, start=start, end=end, below=below, limit=limit
            )

    def change(self, environment: str, number: int, prefix: Prefix) -> Change:
        """See `domain.ports.Placements.change`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return changes.change(connection, environment, number, prefix)

    def last_change(self, environment: str, prefix: Prefix) -> int:
        """See `domain.ports.Placements.last_change`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return changes.last_change(connection, environment, prefix)

    def releases(
        self, service: str, environment: str, prefix: Prefix, *, below: int | None, limit: int
    ) -> Sequence[RanRelease]:
        """See `domain.ports.Placements.releases`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return releases.releases(connection, service, environment, prefix, below=below, limit=limit)

    def release(self, service: str, environment: str, number: int, prefix: Prefix) -> RanRelease:
        """See `domain.ports.Placements.release`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return releases.release(connection, service, environment, number, prefix)

    def named(self, name: str, prefix: Prefix) -> Named:
        """See `domain.ports.Placements.named`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return named.named(connection, name, prefix)

    def ran(self, releases: Sequence[RanRelease], prefix: Prefix, *, limit: int) -> Sequence[Placement]:
        """See `domain.ports.Placements.ran`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return where.ran(connection, releases, prefix, limit=limit)
