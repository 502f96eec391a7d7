"""Versions of up to three or four numbers with a pre-release: SemVer, NuGet, and plain dotted numbers."""

import re

from domain.errors import MalformedValue

_NUMBER = r"(0|[1-9][0-9]*)"
_PARTS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_BUILD = rf"(?:\+{_PARTS})?"
_PART = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_TAIL = rf"(?:-({_PART}(?:\.{_PART})*))?{_BUILD}"
_NUGET_TAIL = rf"(?:-({_PARTS}))?{_BUILD}"
_SEMANTIC = re.compile(rf"v?{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}{_TAIL})?)?", re.ASCII)
_NUGET = re.compile(rf"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?{_NUGET_TAIL}", re.ASCII)
_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)


def semantic(text: str) -> object:
    """Order as SemVer 2.0.0, clause 11: npm, Cargo, Go modules and others.

    A leading `v` is let through, and left-out numbers are zero, as npm and Go
    spell them; but a pre-release needs all three. Build metadata does not count.
    """
    found = _SEMANTIC.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not a semantic version: {text[:80]!r}")
    *numbers, tail = found.groups()
    return tuple(int(each or 0) for each in numbers), *_pre_release(tail)


def nuget(text: str) -> object:
    """Order as NuGet does: SemVer, with a fourth number, and pre-releases that know no case."""
    found = _NUGET.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not a NuGet version: {text[:80]!r}")
    *numbers, tail = found.groups()
    return tuple(int(each or 0) for each in numbers), *_pre_release(tail and tail.lower())


def dotted(text: str) -> object:
    """Order numbers between dots, `intdot` of VERS; trailing zeros do not count.

    VERS would stop reading where something else follows. That makes 1.0rc1 equal 1.0; it is refused.
    """
    if _DOTTED.fullmatch(text) is None:
        raise MalformedValue(f"not numbers between dots: {text[:80]!r}")
    numbers = [int(each) for each in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _pre_release(tail: str | None) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    """Return what sorts before a release (clause 11.4): numbers by value, below words by ASCII."""
    if tail is None:
        return 1, ()
    return 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in tail.split("."))
