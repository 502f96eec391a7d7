"""Attacks on evidence: the miniature that makes it, and what is asked of the verifier about it."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from adapters.evidence.verifier import OfflineVerifier
from domain.evidence import Reason
from domain.evidence_port import Anchor, TrustedRoot
from domain.statement import Statement
from domain.verification import Outcome, Refused, Verified
from tests.mini_sigstore import IN_TOTO, NOON, MiniSigstore
from tests.mini_sigstore_bundles import (
    attested,
    entry_of,
)

AFTERWARDS = NOON + timedelta(days=1)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256: SEC 2, section 2.4.2
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@cache
def mini() -> MiniSigstore:
    return MiniSigstore()


@cache
def trusted() -> TrustedRoot:
    return TrustedRoot(mini().trusted_root())


@cache
def good() -> dict[str, Any]:
    return attested(mini())


def outcome(evidence: object, *anchors: Anchor) -> Outcome:
    content = evidence if isinstance(evidence, bytes) else json.dumps(evidence).encode()
    return OfflineVerifier().verify(content, anchors or (trusted(),), at=AFTERWARDS)[0]


def refused(evidence: object, *anchors: Anchor) -> Reason:
    found = outcome(evidence, *anchors)
    assert isinstance(found, Refused), found
    return found.reason


def read(payload: bytes, payload_type: str = IN_TOTO) -> Verified:
    found = outcome(attested(mini(), payload, payload_type=payload_type))
    assert isinstance(found, Verified), found
    return found


def said(payload: bytes) -> Statement:
    found = read(payload).statement
    assert found is not None
    return found


def spoiled(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    bundle = copy.deepcopy(good())
    change(bundle)
    return bundle


def material(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["verificationMaterial"]
    return found


def envelope(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["dsseEnvelope"]
    return found


def proof(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = entry_of(bundle)["inclusionProof"]
    return found
