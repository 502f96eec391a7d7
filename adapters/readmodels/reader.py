"""The read models as the domain asks them. Each answer comes from a prefix, whatever is added later."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels import (
    changes,
    contained,
    coverage,
    drift,
    finding,
    impact,
    named,
    releases,
    state,
    timeline,
    where,
)
from adapters.readmodels.first import FirstHeard
from adapters.readmodels.glance import Glances
from adapters.readmodels.projector import Projector
from adapters.readmodels.tables import ENVIRONMENT, SERVICE
from adapters.readmodels.visible import KNOWN
from domain.coverage import Unknown
from domain.digest import Digest
from domain.drift import LastSeen, Listed, Origin, Place
from domain.errors import LedgerUnavailable
from domain.expectations.expected import Expectations
from domain.placement import Change, Placement, RanRelease
from domain.ports import Named, Page, Scope
from domain.prefix import Prefix
from domain.sbom_port import Contained, Meant, Unlisted, Wanted, Window
from domain.subject_digest import SubjectDigest
from domain.suspect import Suspect

_ENVIRONMENTS = sa.select(ENVIRONMENT.c.name).where(ENVIRONMENT.c.position <= KNOWN)
_SERVICES = sa.select(SERVICE.c.name).where(SERVICE.c.position <= KNOWN)


class ReadModels:
    """Implements `Placements` and the indexes: of evidence, components, impact. Safe to call from any thread.

    Statements run one by one, without a transaction around them: what a prefix
    sees no longer changes, so they agree. Tables that have not read as far as the
    prefix catch up first, if that is soon done; a server of another version may
    have recorded what is missing.
    """

    def __init__(self, database: Database, projector: Projector | None = None) -> None:
        """Read from *database* what *projector* keeps there; without one, nothing catches up."""
        self._database = database
        self._projector = projector or Projector(database)
        self._reached = 0
        self._environments = FirstHeard(ENVIRONMENT)
        self._services = FirstHeard(SERVICE)
        self._glances = Glances()

    def _check(self, prefix: Prefix) -> None:
        """Refuse to answer from tables that have not taken in all of *prefix*."""
        if prefix.position <= self._reached:
            return
        reached = self._projector.keep_up(prefix.position)
        self._reached = max(self._reached, reached)
        if prefix.position > reached:
            raise LedgerUnavailable(
                f"the read models stand at position {reached}, the ledger at {prefix.position};"
                " `shiplog rebuild` makes them anew"
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

    def has_environment(self, name: str, prefix: Prefix) -> bool:
        """See `domain.ports.Placements.has_environment`."""
        self._check(prefix)
        return self._environments.knows(self._database, name, prefix.position)

    def has_service(self, name: str, prefix: Prefix) -> bool:
        """See `domain.ports.Placements.has_service`."""
        self._check(prefix)
        return self._services.knows(self._database, name, prefix.position)

    def running(self, scope: Scope, as_of: datetime, prefix: Prefix) -> Sequence[Placement]:
        """See `domain.ports.Placements.running`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return state.running(connection, scope, as_of, prefix, glances=self._glances)

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

    def unknown_at(self, scope: Scope, as_of: datetime, prefix: Prefix) -> Sequence[Unknown]:
        """See `domain.ports.Placements.unknown_at`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return coverage.unknown_at(connection, scope, as_of, prefix, glances=self._glances)

    def unknown(
        self, scope: Scope, prefix: Prefix, *, start: datetime | None, end: datetime, limit: int
    ) -> tuple[Sequence[Unknown], bool]:
        """See `domain.ports.Placements.unknown`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return coverage.unknown(
                connection, scope, prefix, start=start, end=end, limit=limit, glances=self._glances
            )

    def observed(self, environment: str, as_of: datetime, prefix: Prefix) -> Sequence[LastSeen]:
        """See `domain.ports.Placements.observed`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return drift.observed(connection, environment, as_of, prefix)

    def emptied(self, environment: str, as_of: datetime, prefix: Prefix) -> Mapping[Place, datetime]:
        """See `domain.ports.Placements.emptied`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return drift.emptied(connection, environment, as_of, prefix)

    def origins(
        self, environment: str, artifacts: Collection[tuple[str, Listed]], prefix: Prefix
    ) -> Mapping[tuple[str, Listed], Origin]:
        """See `domain.ports.Placements.origins`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return drift.origins(connection, environment, artifacts, prefix)

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

    def evidence_of(self, files: Collection[Digest], prefix: Prefix, *, limit: int) -> Sequence[int]:
        """See `domain.ports.EvidenceIndex.evidence_of`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return finding.of_files(connection, files, prefix, limit=limit)

    def evidence_about(self, artifact: SubjectDigest, prefix: Prefix, *, limit: int) -> Sequence[int]:
        """See `domain.ports.EvidenceIndex.evidence_about`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return finding.about(connection, artifact, prefix, limit=limit)

    def provenance_about(
        self, artifact: SubjectDigest, expected: Expectations, prefix: Prefix, *, limit: int
    ) -> Sequence[int]:
        """See `domain.ports.EvidenceIndex.provenance_about`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return finding.provenance_about(connection, artifact, expected, prefix, limit=limit)

    def copies_of(
        self, artifact: SubjectDigest, positions: Collection[int], prefix: Prefix, *, limit: int
    ) -> Sequence[tuple[int, int]]:
        """See `domain.ports.EvidenceIndex.copies_of`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return finding.copies_of(connection, artifact, positions, prefix, limit=limit)

    def admitted(self, prefix: Prefix, *, after: Digest | None, limit: int) -> Sequence[Digest]:
        """See `domain.ports.EvidenceIndex.admitted`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return finding.admitted(connection, prefix, after=after, limit=limit)

    def trust_events(self, prefix: Prefix) -> Sequence[int]:
        """See `domain.ports.EvidenceIndex.trust_events`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return finding.trust_events(connection, prefix)

    def meant(self, wanted: Wanted, prefix: Prefix) -> Meant:
        """See `domain.sbom_port.ComponentIndex.meant`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return contained.meant(connection, wanted, prefix)

    def containing(
        self, components: Sequence[int], window: Window, prefix: Prefix, *, after: Page | None, limit: int
    ) -> Sequence[Contained]:
        """See `domain.sbom_port.ComponentIndex.containing`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return contained.contained(connection, components, window, prefix, after=after, limit=limit)

    def unlisted(self, window: Window, prefix: Prefix, *, limit: int) -> tuple[Sequence[Unlisted], bool]:
        """See `domain.sbom_port.ComponentIndex.unlisted`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return contained.unlisted(connection, window, prefix, limit=limit)

    def signed_by(self, suspect: Suspect, prefix: Prefix, *, below: int | None, limit: int) -> Sequence[int]:
        """See `domain.impact_port.ImpactIndex.signed_by`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return impact.signed_by(connection, suspect, prefix, below=below, limit=limit)

    def spoken_of(self, artifacts: Collection[SubjectDigest], prefix: Prefix, *, limit: int) -> Sequence[int]:
        """See `domain.impact_port.ImpactIndex.spoken_of`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return impact.spoken_of(connection, artifacts, prefix, limit=limit)

    def released_with(
        self, artifacts: Collection[Digest], prefix: Prefix, *, limit: int
    ) -> Sequence[RanRelease]:
        """See `domain.impact_port.ImpactIndex.released_with`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return impact.released_with(connection, artifacts, prefix, limit=limit)

    def ran_with(self, artifacts: Collection[Digest], prefix: Prefix, *, limit: int) -> Sequence[Placement]:
        """See `domain.impact_port.ImpactIndex.ran_with`."""
        self._check(prefix)
        with self._database.reading() as connection:
            return impact.ran_with(connection, artifacts, prefix, limit=limit)
