"""From a stated purl, or a mere name and version, to what a component is found by."""

from urllib.parse import quote

from packageurl import PackageURL

from domain.component import Coordinates
from domain.errors import MalformedValue

_FOLDED = frozenset({"apk", "composer", "deb", "hex", "nuget"})
"""Ecosystems whose names know no case; `packageurl` folds those of pypi, npm, github and others."""


def normalised(purl: str) -> tuple[str, Coordinates]:
    """Return *purl* in its one spelling, and what it is found by.

    Source: the Package URL specification (ECMA-427), by its reference library.
    Raises `MalformedValue`.
    """
    try:
        read = PackageURL.from_string(purl)
        text = read.to_string()
    except ValueError as wrong:
        raise MalformedValue(f"not a purl: {purl[:120]!r}") from wrong
    if "\0" in (read.version or "") or "%00" in text:
        raise MalformedValue(f"not a purl: {purl[:120]!r} has a NUL character")
    return text, Coordinates(_package(read.type, text), read.version or "", _qualifiers(text))


def unnamed(name: str, version: str | None) -> Coordinates:
    """Return what a component without a purl is found by."""
    return Coordinates(f"name:{quote(name, safe='/:')}", version or "")


def _package(kind: str, text: str) -> str:
    before = text.partition("#")[0].partition("?")[0]
    # An at sign within a name is percent-encoded, so this one separates the version.
    package = before.partition("@")[0]
    return package.lower() if kind in _FOLDED else package


def _qualifiers(text: str) -> str:
    return text.partition("#")[0].partition("?")[2]
