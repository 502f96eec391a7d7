"""A desk at which evidence is handed in: a ledger in memory with all that evidence needs."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from adapters.blobs.memory import MemoryBlobs
from adapters.evidence.reader import FileReader
from adapters.evidence.verifier import OfflineVerifier
from adapters.ledger.ledger import EventLedger
from adapters.sbom import document
from domain.commands.admit_evidence import AdmitEvidence, admit_evidence
from domain.commands.distrust_signer import DistrustSigner, distrust_signer
from domain.commands.import_trust_root import ImportTrustRoot, import_trust_root
from domain.commands.verify_evidence import VerifiedAgain, VerifyAgain, verify_again
from domain.digest import Digest
from domain.event import Event
from domain.ports import Receipt
from domain.trust_root import RootKind
from tests.builders import CI, Clock, digest, ledger
from tests.mini_sigstore import p256, pae, pem, sign, statement

KEY = p256()
FILE = "application/vnd.in-toto+json"


def signed(*keys: EllipticCurvePrivateKey, text: str = "a") -> bytes:
    """A line for each of *keys*, which signed a statement."""
    payload = statement([{"name": text, "digest": {"sha256": digest(text).hex}}])
    lines = [
        {
            "payloadType": FILE,
            "payload": b64encode(payload).decode(),
            "signatures": [{"sig": b64encode(sign(key, pae(FILE, payload))).decode()}],
        }
        for key in keys
    ]
    return b"\n".join(json.dumps(line).encode() for line in lines)


@dataclass
class Desk:
    """A ledger with all that evidence needs."""

    clock: Clock = field(default_factory=Clock)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    reader: FileReader = field(default_factory=lambda: FileReader(document.read))
    verifier: OfflineVerifier = field(default_factory=OfflineVerifier)

    def __post_init__(self) -> None:
        self.ledger: EventLedger = ledger(clock=self.clock)

    def admit(self, content: bytes, **more: Any) -> Receipt:
        told = {"occurred_at": self.clock(), "actor": CI, **more}
        command = AdmitEvidence(content=content, **told)
        return admit_evidence(
            command, ledger=self.ledger, blobs=self.blobs, verifier=self.verifier, reader=self.reader
        )

    def again(self, *contents: bytes) -> Sequence[Receipt]:
        return self.verified_again(*contents).receipts

    def verified_again(self, *contents: bytes) -> VerifiedAgain:
        command = VerifyAgain(evidence=map(Digest.of, contents), occurred_at=self.clock(), actor=CI)
        return verify_again(command, ledger=self.ledger, blobs=self.blobs, verifier=self.verifier)

    def trust(self, key: EllipticCurvePrivateKey = KEY, **more: Any) -> Receipt:
        told = {"occurred_at": self.clock(), "actor": CI, "kind": RootKind.KEY, "name": "a key", **more}
        command = ImportTrustRoot(**{"content": pem(key), **told})
        return import_trust_root(command, ledger=self.ledger, blobs=self.blobs, reader=self.reader)

    def distrust(self, **more: Any) -> Receipt:
        told = {"occurred_at": self.clock(), "actor": CI, "since": self.clock(), "reason": "left", **more}
        return distrust_signer(DistrustSigner(**told), ledger=self.ledger)

    def events(self) -> list[Event]:
        return [each.event for each in self.ledger.recorded(0, 1000)]

    @property
    def topics(self) -> list[str]:
        return [event.topic.partition(".")[0] for event in self.events()]
