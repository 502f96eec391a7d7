"""in-toto layouts: every step of a supply chain was done, by those who may, on what the one before left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.digest import Digest
from domain.evidence import EvidenceRefused, Reason

Products = Mapping[str, Mapping[str, str]]
"""Digests by algorithm (hex), by name."""


@dataclass(frozen=True, slots=True)
class LinkCounted:
    """Somebody who may do a step says that it was done."""

    file: Digest
    signed: Digest
    """Of what was signed in the file."""
    by: Digest
    """Fingerprint of the key."""


@dataclass(frozen=True, slots=True)
class StepJudged:
    """One step: who says that it was done, and what is wrong with it."""

    name: str
    threshold: int
    """How many keys have to say the same."""
    links: tuple[LinkCounted, ...]
    """No two of them by the same key."""
    command_as_expected: bool
    """in-toto holds a difference to be worth a warning; so do we."""
    failures: tuple[str, ...]

    @property
    def by(self) -> tuple[Digest, ...]:
        """Who did it."""
        return tuple(each.by for each in self.links)


@dataclass(frozen=True, slots=True)
class LayoutJudged:
    """A layout that its owners signed, held against what was done, as of an instant."""

    layout: Digest
    """Of what its owners signed."""
    owners: tuple[Digest, ...]
    """Fingerprints of the keys that signed it."""
    at: datetime
    expires: datetime
    steps: tuple[StepJudged, ...]
    """In the order of the layout."""
    products: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """What the last step left: name, and digests by algorithm; sorted. Empty when nobody did it."""
    truncated: bool
    """Whether there were more links than are looked at, so that one might have spoken against it."""


class LayoutNotHeld(EvidenceRefused):
    """The layout is good and what was done is not as it says; the steps tell what is wrong."""

    def __init__(self, judged: LayoutJudged) -> None:
        step = next(each for each in judged.steps if each.failures)
        super().__init__(Reason.LAYOUT_NOT_HELD, f"step {step.name!r}: {step.failures[0]}")
        self.judged = judged
