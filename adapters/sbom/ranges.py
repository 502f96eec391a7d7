"""Version ranges: VERS, and the shorthand people type.

Source: the VERS specification (package-url/vers-spec, "Core specification" and "How to parse"). What
it calls non-canonical is refused and never put in order, because which range was meant is a guess.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from adapters.sbom.versions.schemes import FOR_EVERY_TYPE, Ordered, version
from domain.errors import MalformedValue

RANGE_LENGTH_MAX = 4_096
"""In characters; a range that lists every affected version is about as long."""
CONSTRAINTS_MAX = 256

_VERS = re.compile(r"vers:([a-z][a-z0-9.-]*)/([!-~]+)", re.ASCII)
_CONSTRAINT = re.compile(r"(>=|<=|!=|>|<|=)?([^><=!*|]+)", re.ASCII)
_SHORTHAND = re.compile(r"(>=|<=|!=|==?|>|<) *([^><=!*|, ]+)", re.ASCII)
_PERCENT = re.compile(r"%(?![0-9A-F]{2})")
_LOWER = (">", ">=")
_UPPER = ("<", "<=")


class Constraint(NamedTuple):
    """One signpost in the order of versions."""

    comparator: str
    version: str
    place: Ordered


@dataclass(frozen=True, slots=True)
class Range:
    """Versions of one scheme: those within intervals, and single ones let in or kept out."""

    scheme: str
    constraints: tuple[Constraint, ...]
    """In order; none means every version."""

    def contains(self, text: str) -> bool:
        """Say whether the version *text* is within; `MalformedValue` when it is none of the scheme.

        A version that cannot be placed is neither in nor out, and the caller has to say so.
        Pre-releases have their place in the order like every version: 2.0rc1 is below 2.0.
        """
        if not self.constraints:
            return True
        place = version(self.scheme, text)
        for each in self.constraints:
            if each.place == place:
                return each.comparator in ("=", ">=", "<=")
        bounds = [each for each in self.constraints if each.comparator not in ("=", "!=")]
        if not bounds:
            return all(each.comparator == "!=" for each in self.constraints)
        return any(
            (low is None or low.place < place) and (high is None or place < high.place)
            for low, high in _intervals(bounds)
        )


def vers(text: str) -> Range:
    """Return the range that *text*, which begins with `vers:`, names."""
    if len(text) > RANGE_LENGTH_MAX:
        raise MalformedValue(f"version range too long: {len(text)} characters, at most {RANGE_LENGTH_MAX}")
    found = _VERS.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not a version range: {text[:80]!r}, expected vers:TYPE/CONSTRAINTS")
    scheme, listed = found.groups()
    if listed == "*":
        version(scheme, "1")  # refuses an unknown scheme
        return Range(scheme, ())
    constraints = tuple(_constraint(scheme, each) for each in _few(listed.split("|")))
    _in_order(constraints)
    _alternating([each for each in constraints if each.comparator != "!="])
    return Range(scheme, constraints)


def shorthand(scheme: str, text: str) -> Range:
    """Return the versions of *scheme* that meet every condition in *text*: `>=1.2,<2,!=1.5`.

    At most one lower and one upper bound, or one `=`; conditions that nothing can meet are refused.
    """
    if len(text) > RANGE_LENGTH_MAX:
        raise MalformedValue(f"version range too long: {len(text)} characters, at most {RANGE_LENGTH_MAX}")
    found = [_SHORTHAND.fullmatch(each.strip(" ")) for each in _few(text.split(","))]
    if None in found:
        raise MalformedValue(f"not a version range: {text[:80]!r}, expected such as >=1.2,<2")
    said = [(each[1].replace("==", "="), each[2]) for each in found if each is not None]
    constraints = [Constraint(comparator, named, version(scheme, named)) for comparator, named in said]
    lower = [each for each in constraints if each.comparator in _LOWER]
    upper = [each for each in constraints if each.comparator in _UPPER]
    single = [each for each in constraints if each.comparator == "="]
    if len(lower) > 1 or len(upper) > 1 or (single and len(constraints) > 1):
        raise MalformedValue(f"not one range: {text[:80]!r} has two bounds of a kind, or more beside =")
    ordered = tuple(sorted(constraints, key=lambda each: each.place))
    _in_order(ordered)
    if lower and upper and upper[0].place < lower[0].place:
        raise MalformedValue(f"no version can be within {text[:80]!r}")
    return Range(scheme, ordered)


def fits(scheme: str, package_type: str) -> bool:
    """Say whether versions of a package of that purl type may be ordered by *scheme*."""
    return scheme == package_type or scheme in FOR_EVERY_TYPE


def _few(listed: list[str]) -> list[str]:
    if len(listed) > CONSTRAINTS_MAX:
        raise MalformedValue(f"too many constraints: {len(listed)}, at most {CONSTRAINTS_MAX}")
    return listed


def _constraint(scheme: str, text: str) -> Constraint:
    found = _CONSTRAINT.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not a version constraint: {text[:80]!r}")
    if _PERCENT.search(found[2]):
        raise MalformedValue(f"not a canonical percent-encoding: {text[:80]!r}, expected % and two of 0-9A-F")
    named = unquote(found[2])
    return Constraint(found[1] or "=", named, version(scheme, named))


def _in_order(constraints: Sequence[Constraint]) -> None:
    for one, next_ in pairwise(constraints):
        if not one.place < next_.place:
            raise MalformedValue(
                f"version range not in order: {one.version!r} is not below {next_.version!r};"
                " each version once, the lowest first"
            )


def _alternating(constraints: Sequence[Constraint]) -> None:
    """Refuse what says nothing: after a lower bound comes an upper one, and `=` only outside both."""
    for one, next_ in pairwise(constraints):
        inside = one.comparator in _LOWER
        closes = next_.comparator in _UPPER
        if inside != closes:
            raise MalformedValue(
                f"version range says nothing clear: {one.comparator}{one.version} is followed by"
                f" {next_.comparator}{next_.version}"
            )


def _intervals(bounds: Iterable[Constraint]) -> Iterator[tuple[Constraint | None, Constraint | None]]:
    low: Constraint | None = None
    for each in bounds:
        if each.comparator in _LOWER:
            low = each
        else:
            yield low, each
            low = None
    if low is not None:
        yield low, None
