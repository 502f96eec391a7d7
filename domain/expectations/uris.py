"""Repositories, workflows and refs, as certificates and builders write them."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

TAGS, HEADS = "refs/tags/", "refs/heads/"
_PARTS_MAX = 3
_PURL = "pkg:"
_VERSION = re.compile(r"v(0|[1-9]\d*)(\.(0|[1-9]\d*)){0,2}([-+][0-9A-Za-z.+-]+)?", re.ASCII)
_FULL_VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class AtRef:
    """A URI with the ref behind its last `@`, if it has one."""

    uri: str
    ref: str | None

    @property
    def at_version_tag(self) -> bool:
        """Whether the ref is a tag of three numbers, `refs/tags/v1.2.3`, which by custom does not move."""
        tag = tag_of(self.ref)
        return tag is not None and _FULL_VERSION.fullmatch(tag) is not None


def at_ref(text: str) -> AtRef:
    """Take *text* apart: `https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1`."""
    uri, found, ref = text.partition("@refs/")
    return AtRef(uri, f"refs/{ref}" if found else None)


def repository(text: str) -> str:
    """Return *text* as certificates write a repository: with its scheme, without `git+`, ref or `.git`.

    Nothing else is forgiven: hosts, owners and names are compared to the letter.
    """
    uri = at_ref(text.removeprefix("git+")).uri.removesuffix(".git").removesuffix("/")
    return uri if "://" in uri else f"https://{uri}"


def tag_of(ref: str | None) -> str | None:
    """Return the tag that *ref* names; None for anything else."""
    return ref.removeprefix(TAGS) if ref is not None and ref.startswith(TAGS) else None


def branch_of(ref: str | None) -> str | None:
    """Return the branch that *ref* names; None for anything else."""
    return ref.removeprefix(HEADS) if ref is not None and ref.startswith(HEADS) else None


def within_version(tag: str | None, wanted: str) -> bool:
    """Say whether *tag* is a version that *wanted* allows: `v13` allows `v13.0.30`, `v13.1` does not.

    The numbers that *wanted* has must be equal; numbers that *tag* lacks are 0. With three of them, or
    with something behind a `-` or a `+`, the whole must be equal (Semantic Versioning 2.0.0, with a `v`).
    """
    if tag is None or not _VERSION.fullmatch(tag) or not _VERSION.fullmatch(wanted):
        return False
    (found, more), (asked, asked_more) = _parts(tag), _parts(wanted)
    padded = (*found, *("0" for _ in range(_PARTS_MAX - len(found))))
    if len(asked) == _PARTS_MAX or asked_more:
        return (padded, more) == (asked, asked_more)
    return not more and padded[: len(asked)] == asked


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a registry, as a package URL names it."""

    type: str
    """`npm`, `pypi`, …"""
    name: str
    """With its namespace: `@acme/payments`."""
    version: str | None

    def is_named_as(self, other: "Package") -> bool:
        """Whether *other* names the same package, of whatever version."""
        return (self.type, self.name) == (other.type, other.name)


def package(purl: str | None) -> Package | None:
    """Return what *purl* names (purl-spec); None when it is no package URL."""
    if purl is None or purl[: len(_PURL)].lower() != _PURL:
        return None
    path = purl[len(_PURL) :].lstrip("/").partition("?")[0].partition("#")[0]
    type_, _, rest = path.partition("/")
    name, found, version = rest.rpartition("@")
    if found and name:
        return Package(type_.lower(), unquote(name), unquote(version))
    return Package(type_.lower(), unquote(rest), None)


def _parts(tag: str) -> tuple[tuple[str, ...], str]:
    numbers = re.split(r"[-+]", tag[1:], maxsplit=1)[0]
    return tuple(numbers.split(".")), tag[1 + len(numbers) :]
