"""What the ways in may use, as ports."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from api.access.last_used import LastUsed
from api.access.passing import Passing
from api.access.workloads import WorkloadVerifier
from api.cursor import Cursors
from api.following import Waiting
from api.idempotency import Answers
from api.people.people import People
from api.webhooks.ports import Webhooks
from domain.event import SealedEvent
from domain.evidence_port import EvidenceReader, EvidenceVerifier, LayoutVerifier
from domain.expectations.builders import ReadBuilders
from domain.impact_port import ImpactIndex
from domain.policy.trying import TryingEngine
from domain.ports import Blobs, EvidenceIndex, KeyedDigests, Ledger, Placements
from domain.queries.gate.evaluate import Load
from domain.sbom_port import ComponentIndex, SbomReader


@dataclass(frozen=True, slots=True)
class EvidenceServices:
    """What evidence needs besides the ledger."""

    index: EvidenceIndex
    blobs: Blobs
    reader: EvidenceReader
    verifier: EvidenceVerifier
    layouts: LayoutVerifier
    read_builders: ReadBuilders
    impact: ImpactIndex
    components: ComponentIndex
    sboms: SbomReader


@dataclass(frozen=True, slots=True)
class Services:
    """One of everything that commands and questions need."""

    ledger: Ledger
    placements: Placements
    evidence: EvidenceServices
    digests: KeyedDigests
    answers: Answers
    passing: Passing
    """What is kept until it expires: exchanged tokens, and marks of what was presented."""
    workloads: WorkloadVerifier
    token_uses: LastUsed
    people: People
    cursors: Cursors
    webhooks: Webhooks
    waiting: Waiting
    """Places to wait in for the ledger to grow."""
    envelope: Callable[[SealedEvent], bytes]
    """Returns the DSSE envelope of a stored event, byte for byte what was signed."""
    policies: Callable[[], TryingEngine]
    """Returns what loads policies; raises `MalformedPolicy` when what it needs is not installed."""
    loaded_policies: Load
    """Loads the policy that is in force, or remembers it."""
    together: Callable[[], AbstractContextManager[None]]
    """Inside, what this thread asks shares one connection. Nothing else about it changes."""
    ready: Callable[[], None]
    """Returns when the ledger can be read and written; raises the refusal otherwise."""
    close: Callable[[], None]
    """Lets everybody go who waits, and closes every connection."""
