"""What the domain needs to tell what follows when a signer is not trusted any more."""

from collections.abc import Collection, Sequence
from typing import Protocol

from domain.digest import Digest
from domain.placement import Placement, RanRelease
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest
from domain.suspect import Suspect


class ImpactIndex(Protocol):
    """The read models that lead from a signer to what ran. Every method answers from *prefix* alone."""

    def signed_by(self, suspect: Suspect, prefix: Prefix, *, below: int | None, limit: int) -> Sequence[int]:
        """Return where a verification of what *suspect* signed is recorded, newest first, below *below*.

        Those that are proven to have been signed before are left out. A text that is too long to be looked
        for in full may find more than it names.
        """
        ...

    def spoken_of(self, artifacts: Collection[SubjectDigest], prefix: Prefix, *, limit: int) -> Sequence[int]:
        """Return where a verification that speaks of any of *artifacts* is recorded, newest first."""
        ...

    def released_with(
        self, artifacts: Collection[Digest], prefix: Prefix, *, limit: int
    ) -> Sequence[RanRelease]:
        """Return the releases of builds that made any of *artifacts*, newest first."""
        ...

    def ran_with(self, artifacts: Collection[Digest], prefix: Prefix, *, limit: int) -> Sequence[Placement]:
        """Return where and when a release of a build that made any of *artifacts* ran, newest first."""
        ...
