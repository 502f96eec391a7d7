"""What the ways in may use, as ports."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from api.cursor import Cursors
from api.idempotency import Answers
from domain.digest import Digest
from domain.event import SealedEvent
from domain.evidence_port import EvidenceReader, EvidenceVerifier
from domain.expectations.builders import BuilderRow
from domain.ports import Blobs, EvidenceIndex, KeyedDigests, Ledger, Placements


@dataclass(frozen=True, slots=True)
class EvidenceServices:
    """What evidence needs besides the ledger."""

    index: EvidenceIndex
    blobs: Blobs
    reader: EvidenceReader
    verifier: EvidenceVerifier
    builders: tuple[BuilderRow, ...]
    """Which builder counts for which level."""
    builders_digest: Digest
    """Of the file the table is from, so that an answer can name it."""


@dataclass(frozen=True, slots=True)
class Services:
    """One of everything that commands and questions need."""

    ledger: Ledger
    placements: Placements
    evidence: EvidenceServices
    digests: KeyedDigests
    answers: Answers
    cursors: Cursors
    envelope: Callable[[SealedEvent], bytes]
    """Returns the DSSE envelope of a stored event, byte for byte what was signed."""
    together: Callable[[], AbstractContextManager[None]]
    """Inside, what this thread asks shares one connection. Nothing else about it changes."""
    ready: Callable[[], None]
    """Returns when the ledger can be read and written; raises the refusal otherwise."""
    close: Callable[[], None]
    """Closes every connection."""
