"""Licences as SBOMs spell them, taken apart: a rule that denies one must meet it however it is written.

`mit and AGPL-3.0` names `MIT` and, in its spelling of today, `AGPL-3.0-only`. What is no expression of SPDX
counts as it stands, and by every identifier in it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

LENGTH_MAX = 1000
"""Longer texts are no names of licences; they count as they stand."""
_OPERATORS = frozenset(("AND", "OR", "WITH"))
_WORD = re.compile(r"[A-Za-z0-9.+:-]+")
_GNU = re.compile(r"((?:A|L)?GPL-[0-9.]+|GFDL-[0-9.]+)(\+?)")


def named(licences: Iterable[str]) -> frozenset[str]:
    """Return every licence that any of *licences* names, as it stands and as SPDX spells it today."""
    return frozenset().union(*(_named(each) for each in licences))


def counted(components: Iterable[Iterable[str]]) -> Mapping[str, int]:
    """Return how many of *components*, each by its licences, name each of them."""
    counts: dict[str, int] = {}
    for licences in components:
        for name in named(licences):
            counts[name] = counts.get(name, 0) + 1
    return counts


@lru_cache(maxsize=2048)
def _named(text: str) -> frozenset[str]:
    if len(text) > LENGTH_MAX:
        return frozenset((text,))
    words = (each for each in _WORD.findall(text) if each.upper() not in _OPERATORS)
    return frozenset((text, *(_of_today(_spelled(each)) for each in words if _known(each))))


def _known(word: str) -> bool:
    return _canonical(word) is not None


def _spelled(word: str) -> str:
    return _canonical(word) or word


def _canonical(word: str) -> str | None:
    """Return *word* in the case that SPDX gives it; None when it is no identifier of a licence."""
    try:
        return str(canonicalize_license_expression(word))
    except InvalidLicenseExpression:
        return None


def _of_today(name: str) -> str:
    """Return *name*, where it is the deprecated one of a GNU licence, as SPDX has it now."""
    found = _GNU.fullmatch(name)
    if found is None:
        return name
    return f"{found[1]}-or-later" if found[2] else f"{found[1]}-only"
