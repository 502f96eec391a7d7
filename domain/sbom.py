"""Software bills of materials: what a document lists, and what it says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.component import Component, Coordinates


class Format(StrEnum):
    """The two families of documents that are read."""

    CYCLONEDX = "CycloneDX"
    SPDX = "SPDX"


class Completeness(StrEnum):
    """What a document says of its own list of dependencies."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"
    """It says that it does not know."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an SBOM comes to: how much is inside the artifact, and under which licences."""

    format: Format
    components: int
    without_version: int
    """Components without a version, and entries that could not be read."""
    licences: Mapping[str, int]
    """How many components name each of them, in whatever way; as it stands, and as SPDX spells it today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbom:
    """One document. Everything in it is its author's claim; who that is, only a signature can tell."""

    format: Format
    specification: str
    """Version of the format: `1.6`, `2.3`, `3.0.1`."""
    serial: str | None
    """CycloneDX serial number, or SPDX namespace or document id."""
    created: str | None
    """The instant it claims to be from, as spelled there; many tools spell it wrong."""
    tools: tuple[str, ...]
    """Name and version of each tool that made it."""
    root: Component | None
    """What the list is about; not itself one of the components."""
    completeness: Completeness | None
    """Of the root's dependencies; None when the document does not say."""
    components: tuple[Component, ...]
    """Each once, nested ones included, in the order of the document."""
    unreadable: int
    """How many entries named nothing, and how many purls could not be read: not known is not absent."""

    def inside(self) -> frozenset[Coordinates]:
        """Return what the artifact contains; the same for every document that lists the same."""
        return frozenset(each.coordinates for each in self.components if each.is_inside)
