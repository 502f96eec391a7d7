"""Whatever is done to evidence, it is refused, or it still says what was signed and nothing more."""

import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from securesystemslib.formats import encode_canonical

from adapters.evidence.verifier import OfflineVerifier
from domain.digest import Digest
from domain.evidence import Reason, Signs
from domain.evidence_port import Anchor, PinnedKey, TrustedRoot
from domain.verification import Engine, Refused, Verified
from tests.mini_sigstore import IN_TOTO, NOON, MiniSigstore, p256, pem, sign, statement
from tests.mini_sigstore_bundles import (
    PAYLOAD,
    SUBJECT,
    V0_1,
    V0_2,
    attested,
    signed_file,
    without_proof,
)
from tests.mini_sigstore_log import b64
from tests.mutations import mutated

MUTATIONS = 51_200
SHARDS = 32
"""Of mutations; each shard goes through every kind of evidence."""
AFTERWARDS = NOON + timedelta(days=1)
NOTHING = Digest.of(b"")


@dataclass(frozen=True)
class Kind:
    """Good pieces of one kind, and what they are trusted by."""

    pieces: tuple[bytes, ...]
    anchors: tuple[Anchor, ...]


def _twice(make: Any) -> tuple[bytes, ...]:
    """Two pieces of a kind that differ in content and signer, to be spliced."""
    other = statement([{**SUBJECT, "name": "other"}], predicate={"other": True})
    return tuple(json.dumps(make(payload)).encode() for payload in (PAYLOAD, other))


@cache
def kinds() -> dict[str, Kind]:
    mini, key = MiniSigstore(), p256()
    root, ed = TrustedRoot(mini.trusted_root()), ed25519.Ed25519PrivateKey.generate()
    private = TrustedRoot(mini.trusted_root("certificateAuthorities", "timestampAuthorities"))

    def pep_740(payload: bytes) -> dict[str, Any]:
        bundle = attested(mini, payload)
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        return {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
        }

    def npm(payload: bytes) -> dict[str, Any]:
        label = json.loads(payload)["predicateType"]
        bundles = [
            attested(mini, payload, kind="intoto/0.0.2", media_type=V0_2),
            attested(mini, payload, signer=key),
        ]
        return {"attestations": [{"predicateType": label, "bundle": each} for each in bundles]}

    def metablock(payload: bytes) -> dict[str, Any]:
        signed = {"_type": "link", "name": "build", "products": json.loads(payload)["subject"]}
        signature = ed.sign(str(encode_canonical(signed)).encode()).hex()
        return {"signed": signed, "signatures": [{"keyid": "a", "sig": signature}]}

    def google(payload: bytes) -> dict[str, Any]:
        signature = {"keyid": "k", "sig": b64(sign(key, payload))}
        envelope = {"payload": b64(payload), "payloadType": IN_TOTO, "signatures": [signature]}
        return {"provenance_summary": {"provenance": [{"build": {"plain": "copy"}, "envelope": envelope}]}}

    pinned, pinned_ed = PinnedKey(pem(key), log=root), PinnedKey(pem(ed))
    return {
        "dsse": Kind(_twice(lambda p: attested(mini, p)), (root,)),
        "dsse-v0.1": Kind(_twice(lambda p: attested(mini, p, media_type=V0_1)), (root,)),
        "dsse-stamped": Kind(_twice(lambda p: attested(mini, p, stamped=True)), (root,)),
        "rekor-v2": Kind(
            _twice(lambda p: attested(mini, p, kind="hashedrekord/0.0.2", stamped=True)), (root,)
        ),
        "intoto": Kind(_twice(lambda p: attested(mini, p, kind="intoto/0.0.2")), (root,)),
        "promise": Kind(_twice(lambda p: without_proof(attested(mini, p, media_type=V0_1))), (root,)),
        "file": Kind(_twice(lambda p: signed_file(mini, p)), (root,)),
        "file-v2": Kind(
            _twice(lambda p: signed_file(mini, p, kind="hashedrekord/0.0.2", stamped=True)), (root,)
        ),
        "timestamped": Kind(
            _twice(lambda p: attested(mini, p, signer=mini.leaf(logged=False), kind=None, stamped=True)),
            (private,),
        ),
        "pinned": Kind(_twice(lambda p: attested(mini, p, signer=key)), (pinned,)),
        "bare": Kind(_twice(lambda p: attested(mini, p, signer=ed, kind=None)["dsseEnvelope"]), (pinned_ed,)),
        "pep-740": Kind(_twice(pep_740), (root,)),
        "npm": Kind(_twice(npm), (root, pinned)),
        "google": Kind(_twice(google), (PinnedKey(pem(key), key_id="k", signs=Signs.PAYLOAD),)),
        "metablock": Kind(_twice(metablock), (pinned_ed,)),
    }


@cache
def originals(name: str) -> tuple[Verified, ...]:
    found = []
    for piece in kinds()[name].pieces:
        for each in OfflineVerifier().verify(piece, kinds()[name].anchors, at=AFTERWARDS):
            assert isinstance(each, Verified), (name, each)
            found.append(each)
    return tuple(found)


def says_no_more(found: Verified, original: Verified) -> bool:
    """Say whether *found* is *original*, or the same with less that vouches for its time and place."""
    return (
        {each.instant for each in found.times} <= {each.instant for each in original.times}
        and (bool(found.times) or found.engine is Engine.PINNED_KEY)
        and found.log in (None, original.log)
        and _what_and_who(found) == _what_and_who(original)
    )


def _what_and_who(found: Verified) -> Verified:
    engine = found.engine if found.engine is Engine.PINNED_KEY else Engine.SIGSTORE
    return replace(found, file=NOTHING, place=0, engine=engine, times=(), log=None, log_root=None)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_mutation_is_believed_for_more_than_was_signed(shard: int) -> None:
    chance = random.Random(shard)  # noqa: S311 - the same changes every time, not keys
    verifier, reasons = OfflineVerifier(), Counter[str]()
    for turn in range(MUTATIONS // SHARDS):
        name = list(kinds())[turn % len(kinds())]
        kind = kinds()[name]
        content = mutated(chance.choice(kind.pieces), kind.pieces, chance)
        for found in verifier.verify(content, kind.anchors, at=AFTERWARDS):
            if isinstance(found, Refused):
                reasons[found.reason] += 1
                continue
            reasons["verified"] += 1
            assert any(says_no_more(found, each) for each in originals(name)), (name, content, found)
    # The changes reach every part: most are refused, for many reasons, and few by a library's surprise.
    total = reasons.total()
    assert reasons["verified"] < total * 0.3, reasons
    assert len(reasons) >= 12, reasons
    assert reasons[Reason.NOT_VERIFIED] < total * 0.02, reasons
