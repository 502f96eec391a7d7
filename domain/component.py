"""Components: what a software bill of materials says is inside an artifact."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Whether a component is there when the artifact runs, as CycloneDX says it; SPDX does not."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    EXCLUDED = "excluded"
    """Used to build or to test, and not there when it runs."""


@dataclass(frozen=True, slots=True, order=True)
class Coordinates:
    """By what a component is looked for: one spelling for all documents that mean the same."""

    package: str
    """A normalised purl without version, qualifiers and subpath; `name:` and the name where there is none."""
    version: str
    """Of the purl if it has one, else as the document says it beside; empty when it says none."""
    qualifiers: str = ""
    """Of the purl, normalised: `arch=amd64&distro=debian-12`."""

    @property
    def size(self) -> int:
        """Length of all of it, in bytes of UTF-8."""
        return sum(len(each.encode()) for each in (self.package, self.version, self.qualifiers))


@dataclass(frozen=True, slots=True, order=True)
class Hash:
    """A digest that the document claims for the component's bytes; nobody here computed it."""

    algorithm: str
    """Lower case without punctuation: `sha256`."""
    hexadecimal: str


@dataclass(frozen=True, slots=True)
class Component:
    """One component, as one document describes it: claims, all of them."""

    name: str
    version: str | None
    purl: str | None
    """Normalised; None when the document gives none, or gives one that cannot be read."""
    coordinates: Coordinates
    kind: str | None = None
    """What it is, in lower case and the document's own word: `library`, `container`, `file`."""
    scope: Scope | None = None
    licences: tuple[str, ...] = ()
    """SPDX identifiers, expressions or free names, as declared and as concluded."""
    hashes: tuple[Hash, ...] = ()

    @property
    def is_inside(self) -> bool:
        """Whether it counts as part of what runs.

        Not when it is excluded, and not when it is a mere file: thousands of
        those come and go with every build, and nobody asks for them by name.
        """
        return self.scope is not Scope.EXCLUDED and (self.purl is not None or self.kind != "file")
