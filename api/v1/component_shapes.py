"""How components are shown, and what it rests on that they ran somewhere."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.fields import Instant, Output
from api.v1.shapes import RunningShape, closed, running_shape, shown
from api.v1.values import ContentDigest
from domain.component import Component, Coordinates, Scope
from domain.queries.components_of import SbomKnown, Unreadable
from domain.sbom import Completeness, Format, Sbom
from domain.sbom_port import Contained, Lacking, Unlisted


@closed
class ListingShape(TypedDict):
    """That an SBOM lists a component of the asked kind inside an artifact."""

    component: str
    """By what it is found: a normalised purl, or `name:` and a name."""
    artifact: ContentDigest
    evidence: ContentDigest
    """The file of the SBOM."""
    verified: bool
    """Whether its signer says that it is about the artifact; otherwise a reporter does, and nobody signed."""


@closed
class ContainingShape(RunningShape):
    """An interval in which a component was inside. `verified`: a verified SBOM says so."""

    verified: bool
    listings: list[ListingShape]
    """By which SBOMs; those that were verified first, at most 20."""


@closed
class LackingShape(TypedDict):
    """An artifact without a verified SBOM: none came in, only a claimed one, or none that can be read."""

    name: str
    digest: ContentDigest
    why: Lacking


@closed
class UnlistedShape(RunningShape):
    """An interval in which nobody can tell what was inside; `lacking` has 20 artifacts at most."""

    lacking: list[LackingShape]


def spelled(coordinates: Coordinates) -> str:
    """Return *coordinates* as one text: as a purl is written, or after `name:`."""
    version = f"@{coordinates.version}" if coordinates.version else ""
    qualifiers = f"?{coordinates.qualifiers}" if coordinates.qualifiers else ""
    return f"{coordinates.package}{version}{qualifiers}"


def containing_shape(found: Contained) -> ContainingShape:
    """Show *found*."""
    return {
        **running_shape(found.placement),
        "verified": found.verified,
        "listings": [
            {
                "component": spelled(each.component),
                "artifact": each.artifact,
                "evidence": each.evidence,
                "verified": not each.claimed,
            }
            for each in found.listings
        ],
    }


def unlisted_shape(found: Unlisted) -> UnlistedShape:
    """Show *found*."""
    lacking: list[LackingShape] = [
        {"name": each.name, "digest": each.digest, "why": each.why} for each in found.artifacts
    ]
    return {**running_shape(found.placement), "lacking": lacking}


@closed
class ComponentShape(TypedDict):
    """One component, as the SBOM describes it."""

    component: str
    """By what it is found."""
    name: str
    version: str | None
    purl: str | None
    kind: str | None
    scope: Scope | None
    licences: list[str]
    hashes: dict[str, str]
    """By algorithm; claimed, and computed by nobody here."""


def component_shape(found: Component) -> ComponentShape:
    """Show *found*."""
    return {
        "component": spelled(found.coordinates),
        "name": found.name,
        "version": found.version,
        "purl": found.purl,
        "kind": found.kind,
        "scope": found.scope,
        "licences": list(found.licences),
        "hashes": {each.algorithm: each.hexadecimal for each in found.hashes},
    }


class SbomShape(Output):
    """An SBOM about the artifact, and the event that says so."""

    evidence: ContentDigest
    place: Annotated[int, Field(ge=0)] | None
    """Of the signed piece in the file; null when the file itself is the SBOM."""
    verified: bool
    position: int
    recorded_at: Instant

    @classmethod
    def of(cls, known: SbomKnown) -> "SbomShape":
        """Show *known*."""
        return cls(
            evidence=known.sbom.evidence,
            place=shown(known.sbom.piece, lambda piece: piece.place),
            verified=known.sbom.verified,
            position=known.recorded.position,
            recorded_at=known.recorded.recorded_at,
        )


class ReadShape(Output):
    """The SBOM that was read, and what it says of itself."""

    evidence: ContentDigest
    verified: bool
    format: Format
    specification: str
    serial: str | None
    created: str | None
    """As it is spelled there."""
    tools: list[str]
    completeness: Completeness | None
    about: str | None
    """The name of what it says it is about."""
    total: int
    unreadable: int
    """How many of its entries name nothing that can be read."""

    @classmethod
    def of(cls, known: SbomKnown, sbom: Sbom) -> "ReadShape":
        """Show *sbom*."""
        return cls(
            evidence=known.sbom.evidence,
            verified=known.sbom.verified,
            format=sbom.format,
            specification=sbom.specification,
            serial=sbom.serial,
            created=sbom.created,
            tools=list(sbom.tools),
            completeness=sbom.completeness,
            about=shown(sbom.root, lambda root: root.name),
            total=len(sbom.components),
            unreadable=sbom.unreadable,
        )


class UnreadableShape(Output):
    """An SBOM that cannot be read, and why."""

    evidence: ContentDigest
    why: str

    @classmethod
    def of(cls, found: Unreadable) -> "UnreadableShape":
        """Show *found*."""
        return cls(evidence=found.sbom.evidence, why=found.words)
