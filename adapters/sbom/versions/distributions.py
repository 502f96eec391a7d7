"""Versions of Debian, RPM and Alpine packages."""

import re
from dataclasses import dataclass
from typing import Any

from domain.errors import MalformedValue

_DEB = re.compile(r"(?:([0-9]+):)?([0-9][0-9A-Za-z.+~-]*?)(?:-([0-9A-Za-z.+~]+))?(?<!-)", re.ASCII)
_DEB_PAIR = re.compile(r"([^0-9]*)([0-9]*)", re.ASCII)

_RPM = re.compile(r"(?:([0-9]+):)?([^:\s-]+)(?:-([^:\s-]+))?")
_RPM_TOKEN = re.compile(r"~|\^|[0-9]+|[A-Za-z]+", re.ASCII)
_RPM_MARKS = {"~": (0, 0, ""), "^": (2, 0, "")}
_RPM_END = (1, 0, "")

_APK = re.compile(
    r"([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)"
    r"(?:~[0-9a-f]+)?(?:-r([0-9]+))?",
    re.ASCII,
)
_APK_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)", re.ASCII)
_APK_BEFORE = ("alpha", "beta", "pre", "rc")
_APK_AFTER = ("cvs", "svn", "git", "hg", "p")


def deb(text: str) -> object:
    """Order as dpkg does. Source: Debian Policy, section 5.6.12; deb-version(7)."""
    found = _DEB.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not a Debian version: {text[:80]!r}")
    return int(found[1] or 0), _deb_part(found[2]), _deb_part(found[3] or "")


def _deb_part(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return alternating words and numbers, with an end that sorts after a tilde and before the rest."""
    pairs = [(_deb_word(word), int(number or 0)) for word, number in _DEB_PAIR.findall(text or "0")]
    return tuple(pairs)  # the last match is empty, and so is the end


def _deb_word(word: str) -> tuple[int, ...]:
    """Weigh letters before everything else, and the tilde before even the end of the word."""
    return (*(-1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256 for c in word), 0)


@dataclass(frozen=True, slots=True)
class Rpm:
    """An RPM version. Source: rpm-version(7); `rpmvercmp` and `rpmVersionCompare` in rpm.

    One without a release equals each of its releases, as in a dependency on it.
    """

    epoch: int
    version: tuple[Any, ...]
    release: tuple[Any, ...] | None

    def __lt__(self, other: "Rpm") -> bool:
        """Compare epoch, version, and releases if both have one."""
        return self._key(other) < other._key(self)

    def __eq__(self, other: object) -> bool:
        """Compare likewise."""
        return isinstance(other, Rpm) and self._key(other) == other._key(self)

    __hash__ = None  # type: ignore[assignment] # equality is not transitive

    def _key(self, other: "Rpm") -> tuple[Any, ...]:
        key = (self.epoch, self.version)
        return key if self.release is None or other.release is None else (*key, self.release)


def rpm(text: str) -> object:
    """Order as rpm does."""
    found = _RPM.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not an RPM version: {text[:80]!r}")
    release = None if found[3] is None else _rpm_part(found[3])
    return Rpm(int(found[1] or 0), _rpm_part(found[2]), release)


def _rpm_part(text: str) -> tuple[Any, ...]:
    """Return what counts: tilde < end < caret < words < numbers; everything else only separates."""
    return (*(_rpm_token(each) for each in _RPM_TOKEN.findall(text)), _RPM_END)


def _rpm_token(token: str) -> tuple[int, int, str]:
    return _RPM_MARKS.get(token) or ((4, int(token), "") if token.isdigit() else (3, 0, token))


def apk(text: str) -> object:
    """Order as apk does. Source: apk-tools, src/version.c; apk-package(5)."""
    found = _APK.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not an Alpine version: {text[:80]!r}")
    first, *more = found[1].split(".")
    numbers = ((1, int(first), ""), *map(_apk_number, more))
    suffixes = tuple(_apk_suffix(name, number) for name, number in _APK_SUFFIX.findall(found[3]))
    return numbers, found[2], (*suffixes, (0, 0)), int(found[4] or 0)


def _apk_number(digits: str) -> tuple[int, int, str]:
    """Weigh a number that begins with 0 like the digits after a decimal point."""
    return (0, 0, digits.rstrip("0")) if digits.startswith("0") else (1, int(digits), "")


def _apk_suffix(name: str, number: str) -> tuple[int, int]:
    before = name in _APK_BEFORE
    rank = _APK_BEFORE.index(name) - len(_APK_BEFORE) if before else _APK_AFTER.index(name) + 1
    return rank, int(number or 0)
