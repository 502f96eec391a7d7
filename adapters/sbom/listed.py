"""Components gathered from a document: each once, each named, and not too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from adapters.sbom.coordinates import normalised, unnamed
from domain.component import Component, Coordinates, Hash, Scope
from domain.errors import MalformedValue

COMPONENTS_MAX = 100_000
"""Four times what fits into 64 MB from the tools seen so far (1.0 to 1.7 kB for each component)."""

COORDINATES_BYTES_MAX = 2_000
"""Of package, version and qualifiers together: what an index of PostgreSQL can hold (2,704 bytes)."""


def not_too_many(count: int) -> None:
    """Refuse a document with *count* entries before any of them is looked at closely."""
    if count > COMPONENTS_MAX:
        raise MalformedValue(f"too many components: {count}, at most {COMPONENTS_MAX}")


@dataclass(slots=True)
class Listed:
    """What was gathered so far."""

    unreadable: int = 0
    _found: dict[tuple[str | None, Coordinates], Component] = field(default_factory=dict)

    def add(self, component: Component | None) -> None:
        """Take *component* in; of several that are found alike, the first stays. None names nothing."""
        if component is None:
            self.unreadable += 1
        else:
            self._found.setdefault((component.scope, component.coordinates), component)

    def components(self) -> tuple[Component, ...]:
        """Return them in the order in which they came."""
        return tuple(self._found.values())

    def described(
        self,
        name: str | None,
        version: str | None,
        purls: Sequence[str],
        *,
        kind: str | None = None,
        scope: Scope | None = None,
        licences: tuple[str, ...] = (),
        hashes: Iterable[tuple[str | None, str | None]] = (),
    ) -> Component | None:
        """Make a component of what was said; None when neither a name nor a purl can be read.

        Of several *purls* the first that can be read counts. One that is longer than can be looked for
        names nothing.
        """
        purl, found_by = self._read(purls)
        if found_by is None:
            if name is None:
                return None
            found_by = unnamed(name, version)
        elif not found_by.version and version:
            found_by = Coordinates(found_by.package, version, found_by.qualifiers)
        if found_by.size > COORDINATES_BYTES_MAX:
            return None
        called = name or found_by.package.rpartition("/")[2]
        claimed = tuple(_hash(algorithm, digits) for algorithm, digits in hashes if algorithm and digits)
        return Component(
            called, version or found_by.version or None, purl, found_by, kind, scope, licences, claimed
        )

    def _read(self, purls: Sequence[str]) -> tuple[str, Coordinates] | tuple[None, None]:
        for purl in purls:
            try:
                return normalised(purl)
            except MalformedValue:
                self.unreadable += 1
        return None, None


def _hash(algorithm: str, digits: str) -> Hash:
    return Hash(algorithm.lower().replace("-", "").replace("_", ""), digits.lower())
