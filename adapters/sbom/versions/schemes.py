"""The ecosystems whose order of versions is known, by VERS type, which is the purl type."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from packaging.version import InvalidVersion, Version

from adapters.sbom.versions.distributions import apk, deb, rpm
from adapters.sbom.versions.gems import gem
from adapters.sbom.versions.maven import maven
from adapters.sbom.versions.semantic import dotted, nuget, semantic
from domain.errors import MalformedValue

VERSION_LENGTH_MAX = 512
"""In characters; what orders versions is linear, and a digest with its name fits."""


class Ordered(Protocol):
    """Something that compares with its like."""

    def __lt__(self, other: Any, /) -> bool:
        """Say which comes first."""
        ...


def _pypi(text: str) -> object:
    try:
        return Version(text)
    except InvalidVersion as wrong:
        raise MalformedValue(f"not a PEP 440 version: {text[:80]!r}") from wrong


_READERS: Mapping[str, Callable[[str], Any]] = {
    "apk": apk,
    "cargo": semantic,
    "deb": deb,
    "gem": gem,
    "golang": semantic,
    "hex": semantic,
    "intdot": dotted,
    "maven": maven,
    "npm": semantic,
    "nuget": nuget,
    "pub": semantic,
    "pypi": _pypi,
    "rpm": rpm,
    "semver": semantic,
}

SCHEMES = frozenset(_READERS)
FOR_EVERY_TYPE = frozenset({"intdot", "semver"})
"""Schemes that belong to no ecosystem: somebody who names one knows that the package keeps to it."""


def version(scheme: str, text: str) -> Ordered:
    """Return *text* as something to compare.

    Refuses with `MalformedValue` a scheme whose order is not known, and a text
    that is no version there: guessing an order would answer wrongly in silence.
    """
    if scheme not in _READERS:
        raise MalformedValue(
            f"no order of versions known for {scheme!r}: expected one of {', '.join(sorted(SCHEMES))}"
        )
    if len(text) > VERSION_LENGTH_MAX:
        raise MalformedValue(f"version too long: {len(text)} characters, at most {VERSION_LENGTH_MAX}")
    read: Ordered = _READERS[scheme](text)
    return read
