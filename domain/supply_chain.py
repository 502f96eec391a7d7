"""in-toto layouts: every step of a supply chain was done, by those who may, on what the one before left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.digest import Digest

Products = Mapping[str, Mapping[str, str]]
"""Digests by algorithm (hex), by name."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step, and who says it was done."""

    name: str
    by: tuple[Digest, ...]
    """Fingerprints of the keys, no two of them the same."""
    links: tuple[Digest, ...]
    """What each of them signed, in the same order."""
    command_as_expected: bool
    """in-toto holds a difference to be worth a warning; so do we."""


@dataclass(frozen=True, slots=True)
class LayoutHeld:
    """A layout that held at an instant."""

    layout: Digest
    """Of what its owners signed."""
    owners: tuple[Digest, ...]
    """Fingerprints of the keys that had to sign it."""
    at: datetime
    expires: datetime
    steps: tuple[StepDone, ...]
    products: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """What the last step left: name, and digests by algorithm; sorted."""
