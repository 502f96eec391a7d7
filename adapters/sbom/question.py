"""What a person types to ask about a component, and which components it means."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from adapters.sbom.coordinates import normalised
from adapters.sbom.ranges import Range, fits, shorthand, vers
from domain.component import Coordinates
from domain.errors import MalformedValue

QUESTION_LENGTH_MAX = 4_096

_RANGE = re.compile(r"(.+?)@(vers:.+|[ ]*[><=!].*)", re.DOTALL)
_PATTERN = re.compile(r"^[~^=<>!]|[*|, ]")
_NAMED = re.compile(r"(name:[^@]+)(?:@(.+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """One package; of it every version, one, or a range; with these qualifiers and maybe more."""

    package: str
    versions: Range | str | None
    """A text is one exact spelling; None stands for all."""
    qualifiers: frozenset[str] = frozenset()

    def means(self, coordinates: Coordinates) -> bool:
        """Say whether *coordinates* are asked for; `MalformedValue` when their version has no place."""
        if coordinates.package != self.package:
            return False
        if not self.qualifiers.issubset(coordinates.qualifiers.split("&")):
            return False
        match self.versions:
            case None:
                return True
            case str() as exact:
                return coordinates.version == exact
            case Range() as within:
                return within.contains(coordinates.version)


def asked(text: str) -> Asked:
    """Return what *text* asks for.

    One of `pkg:pypi/jinja2`, `pkg:pypi/jinja2@3.1.2`, `pkg:pypi/jinja2@>=3,<3.1.3`,
    `pkg:pypi/jinja2@vers:pypi/>=3|<3.1.3`, `pkg:pypi/jinja2?vers=vers:pypi%2F%3E%3D3` as purls write
    it, or `name:openssl@3.0` for what was listed without a purl. Raises `MalformedValue`.
    """
    if len(text) > QUESTION_LENGTH_MAX:
        raise MalformedValue(f"question too long: {len(text)} characters, at most {QUESTION_LENGTH_MAX}")
    ranged = _RANGE.fullmatch(text)
    return _of_package(text) if ranged is None else _ranged(ranged[1], ranged[2])


def _of_package(text: str) -> Asked:
    bare, _, within = text.partition("?vers=")
    if within:
        return _ranged(bare, unquote(within))
    named = _NAMED.fullmatch(text)
    coordinates = Coordinates(named[1], named[2] or "") if named else normalised(text)[1]
    if _PATTERN.search(coordinates.version):
        raise MalformedValue(f"neither one version nor a range as known here: {coordinates.version[:80]!r}")
    qualifiers = frozenset(filter(None, coordinates.qualifiers.split("&")))
    return Asked(coordinates.package, coordinates.version or None, qualifiers)


def _ranged(package: str, within: str) -> Asked:
    found = _of_package(package)
    if found.versions is not None:
        raise MalformedValue(f"a version and a range at once: {package[:80]!r} and {within[:80]!r}")
    return Asked(found.package, _range(within, found.package), found.qualifiers)


def _range(text: str, package: str) -> Range:
    """Return the range in *text*, if it orders the versions of that *package*."""
    kind = package.partition(":")[2].partition("/")[0] if package.startswith("pkg:") else "name"
    if not text.startswith("vers:"):
        return shorthand(kind, text)
    found = vers(text)
    if not fits(found.scheme, kind):
        raise MalformedValue(f"versions of {package} are not ordered by {found.scheme!r}")
    return found
