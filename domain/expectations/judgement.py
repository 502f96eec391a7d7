"""What was asked for, and what was found: the parts of every judgement over evidence."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from domain.expectations.origin import Origin


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was asked for, and what was found."""

    name: str
    """Of the expectation: `source`, `versioned_tag`, `parameters`, …"""
    held: bool
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that was asked for, in a fixed order."""

    checks: tuple[Check, ...]
    level: int | None
    """The SLSA build level; None when there is no provenance."""
    origin: Origin | None
    """Whether uploader, signer and provenance agree on the source; None when there is no provenance."""
    builder: str | None
    """The builder that provenance names; None when there is no provenance."""

    @property
    def held(self) -> bool:
        """Whether all of it held."""
        return all(check.held for check in self.checks)


def same(name: str, wanted: str | None, found: str | None) -> Iterator[Check]:
    """Yield whether *found* is *wanted*, to the letter, if anything is."""
    if wanted is not None:
        yield Check(name, found == wanted, wanted, found or "none")


def one_of(name: str, wanted: frozenset[str] | None, found: str | None) -> Iterator[Check]:
    """Yield whether *found* is among *wanted*, if anything is."""
    if wanted is not None:
        yield Check(name, found in wanted, " or ".join(sorted(wanted)) or "none", found or "none")


def listed(names: Collection[Any]) -> str:
    """Return *names* as the words of a check."""
    return ", ".join(sorted(str(name) for name in names)) or "none"
