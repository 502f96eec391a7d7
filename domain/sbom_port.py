"""What the domain needs to have SBOMs read, and to find what ran with a component."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.component import Coordinates
from domain.digest import Digest
from domain.placement import Placement
from domain.ports import Page
from domain.prefix import Prefix
from domain.sbom import Sbom, Summary
from domain.sbom_evidence import Piece, SbomEvidence


class Wanted(Protocol):
    """Which components a question means."""

    @property
    def package(self) -> str:
        """The one package; see `domain.component.Coordinates`."""
        ...

    def means(self, coordinates: Coordinates, /) -> bool:
        """Say whether *coordinates* are asked for; `MalformedValue` when their version has no place."""
        ...


class SbomReader(Protocol):
    """Reads SBOMs that were admitted, and questions about components. Safe to call from any thread."""

    def wanted(self, text: str) -> Wanted:
        """Return what *text* asks for: a purl, with or without a version or a range of them, or `name:NAME`.

        Raises `MalformedValue`.
        """
        ...

    def read(self, sbom: SbomEvidence) -> Sbom:
        """Return what *sbom* lists.

        Raises `MalformedValue` when it cannot be read as an SBOM, `EvidenceLost` when its file is not there,
        `BrokenLedger` when that was altered, and `LedgerUnavailable` when it cannot be reached.
        """
        ...

    def summaries(self, file: Digest, content: bytes, pieces: Sequence[Piece]) -> Sequence[Summary | None]:
        """Return what the SBOM in each of *pieces* comes to; None for one that cannot be read as an SBOM.

        *content* is the file of that digest. What it came to before may be at hand.
        """
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """Which time a question is about, and where."""

    environment: str | None
    """None: everywhere."""
    start: datetime | None
    """None: from the beginning."""
    end: datetime | None
    """None: as far as the ledger knows."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What is known of the package that a question is about."""

    components: tuple[int, ...]
    """Those that are asked for, by the numbers of the index; it may hold some that the prefix does not."""
    listed: bool
    """Whether any SBOM lists the package, in whatever version."""
    unplaced: tuple[Coordinates, ...]
    """Those whose version has no place in the range: neither in nor out."""


@dataclass(frozen=True, slots=True, order=True)
class Listing:
    """That an SBOM lists a component inside an artifact of what ran."""

    claimed: bool
    """Whether nobody signed it: only a reporter says that it is for this artifact."""
    component: Coordinates
    artifact: Digest
    evidence: Digest


@dataclass(frozen=True, slots=True)
class Contained:
    """An interval in which what ran contained a component that is asked for."""

    placement: Placement
    listings: tuple[Listing, ...]
    """By which SBOMs, at least one; those that were verified first."""

    @property
    def verified(self) -> bool:
        """Whether a verified SBOM says so."""
        return not self.listings[0].claimed


class Lacking(StrEnum):
    """Why nobody can tell what is inside an artifact."""

    NONE = "none"
    """No SBOM about it was handed in."""
    CLAIMED = "claimed"
    """One was, and nobody signed it."""
    UNREADABLE = "unreadable"
    """One was, and it cannot be read, or is lost."""


@dataclass(frozen=True, slots=True)
class LackingArtifact:
    """An artifact that no verified SBOM speaks of."""

    name: str
    digest: Digest
    why: Lacking


@dataclass(frozen=True, slots=True)
class Unlisted:
    """An interval in which something ran that no verified SBOM speaks of: unknown is not absent."""

    placement: Placement
    artifacts: tuple[LackingArtifact, ...]
    """Empty when nobody reported what the release is made of."""


class ComponentIndex(Protocol):
    """The read models that say what ran with a component inside. Each answers from its *prefix* alone."""

    def meant(self, wanted: Wanted, prefix: Prefix) -> Meant:
        """Return which components *wanted* means; raises `MalformedValue` for more than can be looked for."""
        ...

    def containing(
        self, components: Sequence[int], window: Window, prefix: Prefix, *, after: Page | None, limit: int
    ) -> Sequence[Contained]:
        """Return the intervals that overlap *window* and contain one of *components*, newest first."""
        ...

    def unlisted(self, window: Window, prefix: Prefix, *, limit: int) -> tuple[Sequence[Unlisted], bool]:
        """Return what ran in *window* without a verified SBOM, newest first, and whether some is left out.

        What runs when the window ends comes before what ran earlier in it when there is too much; of
        that, no more than a bounded number of placements is looked at.
        """
        ...
