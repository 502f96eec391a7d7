"""A log entry and a timestamp count for what they prove."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.evidence.verifier import OfflineVerifier
from domain.evidence import Reason
from domain.evidence_port import TrustedRoot
from domain.verification import Refused, Verified
from tests.evidence_attacks import (
    envelope,
    good,
    material,
    mini,
    outcome,
    proof,
    refused,
    trusted,
)
from tests.mini_sigstore import NOON, MiniSigstore
from tests.mini_sigstore_bundles import (
    attested,
    entry_of,
    raw,
    without_proof,
)
from tests.mini_sigstore_log import b64


@pytest.mark.parametrize("kind", ["dsse/0.0.1", "intoto/0.0.2"])
@pytest.mark.parametrize(
    "change",
    [
        lambda b: material(b).update(tlogEntries=[]),
        lambda b: material(b)["tlogEntries"].append(entry_of(b)),
        lambda b: entry_of(b).pop("inclusionProof"),
        lambda b: proof(b).pop("checkpoint"),
        lambda b: entry_of(b)["logId"].update(keyId=b64(b"\0" * 32)),
        lambda b: entry_of(b)["logId"].update(keyId=b64(raw(entry_of(b)["logId"]["keyId"])[:4] + b"\0" * 28)),
        lambda b: entry_of(b)["logId"].update(keyId=b64(mini().later_log.id)),
        lambda b: entry_of(b).update(integratedTime=str(int(NOON.timestamp()) + 1)),
        lambda b: entry_of(b).update(logIndex="4"),
        lambda b: entry_of(b).update(inclusionPromise={"signedEntryTimestamp": b64(b"x" * 70)}),
        lambda b: proof(b).update(logIndex="4"),
        lambda b: proof(b).update(treeSize=str(int(proof(b)["treeSize"]) + 1)),
        lambda b: proof(b).update(rootHash=b64(b"\0" * 32)),
        lambda b: proof(b)["hashes"].pop(),
        lambda b: proof(b)["hashes"].append(b64(b"\0" * 32)),
        lambda b: proof(b).update(hashes=[b64(b"\0" * 32)] * 65),
        lambda b: proof(b)["checkpoint"].update(
            envelope=proof(b)["checkpoint"]["envelope"].replace("rekor", "other")
        ),
        lambda b: entry_of(b)["kindVersion"].update(kind="hashedrekord"),
        lambda b: entry_of(b)["kindVersion"].update(version="0.0.9"),
    ],
)
def test_a_log_entry_that_does_not_hold(change: Callable[[dict[str, Any]], object], kind: str) -> None:
    bundle = attested(mini(), kind=kind)
    change(bundle)
    assert isinstance(outcome(bundle), Refused)


def turns(index: int, size: int) -> tuple[bool, ...]:
    """The way from a leaf to the root: whether the other half is on the left (RFC 9162, section 2.1.3.2)."""
    found, last = [], size - 1
    while last:
        if index & 1 or index == last:
            found.append(True)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found.append(False)
        index, last = index >> 1, last >> 1
    return tuple(found)


@pytest.mark.parametrize("kind", ["dsse/0.0.1", "intoto/0.0.2"])
def test_an_index_cannot_be_changed_by_changing_the_tree_size_with_it(kind: str) -> None:
    # One path is right for several pairs of index and size, and only the log's signature tells them apart.
    for _ in range(4):
        bundle = attested(mini(), kind=kind)
        index, size = int(proof(bundle)["logIndex"]), int(proof(bundle)["treeSize"])
        same = [(i, n) for n in range(1, 256) for i in range(n) if turns(i, n) == turns(index, size)]
        assert len(same) > 1, (index, size)
        for other, as_many in same:
            proof(bundle).update(logIndex=str(other), treeSize=str(as_many))
            assert isinstance(outcome(bundle), Verified) == ((other, as_many) == (index, size))


def test_a_proof_without_a_promise_gives_no_time() -> None:
    for kind in ("dsse/0.0.1", "intoto/0.0.2"):
        bundle = attested(mini(), kind=kind)
        del entry_of(bundle)["inclusionPromise"]
        assert refused(bundle) is Reason.NO_TRUSTED_TIME


def test_a_promise_alone_is_refused_in_later_versions() -> None:
    assert refused(without_proof(attested(mini()))) is Reason.LOG_ENTRY


def test_timestamps_do_not_stand_in_for_a_log_that_the_root_has() -> None:
    assert refused(attested(mini(), kind=None, stamped=True)) is Reason.LOG_ENTRY


def test_a_timestamp_that_does_not_hold() -> None:
    private = TrustedRoot(mini().trusted_root("certificateAuthorities", "timestampAuthorities"))
    leaf = mini().leaf(logged=False)
    bundle = attested(mini(), signer=leaf, kind=None, stamped=True)
    token = material(bundle)["timestampVerificationData"]["rfc3161Timestamps"]

    def with_token(*tokens: bytes) -> dict[str, Any]:
        changed = copy.deepcopy(bundle)
        listed = [{"signedTimestamp": b64(each)} for each in tokens]
        material(changed)["timestampVerificationData"]["rfc3161Timestamps"] = listed
        return changed

    signature = raw(envelope(bundle)["signatures"][0]["sig"])
    assert isinstance(outcome(bundle, private), Verified)
    assert refused(with_token(), private) is Reason.NO_TRUSTED_TIME
    assert refused(with_token(mini().stamp(b"another signature")), private) is Reason.NO_TRUSTED_TIME
    assert refused(with_token(MiniSigstore().stamp(signature)), private) is Reason.NO_TRUSTED_TIME
    assert refused(with_token(b"no token"), private) is Reason.BAD_TIMESTAMP
    assert refused(with_token(*[raw(token[0]["signedTimestamp"])] * 2), private) is Reason.BAD_TIMESTAMP
    assert refused(with_token(*(mini().stamp(signature) for _ in range(33))), private) is Reason.TOO_MANY
    late = mini().stamp(signature, at=NOON + timedelta(hours=1))
    assert refused(with_token(late), private) is Reason.UNTRUSTED_CERTIFICATE
    good_and_late = (raw(token[0]["signedTimestamp"]), late)
    assert refused(with_token(*good_and_late), private) is Reason.UNTRUSTED_CERTIFICATE


def test_what_was_signed_later_than_the_instant_asked_about() -> None:
    found = OfflineVerifier().verify(
        json.dumps(good()).encode(), (trusted(),), at=NOON - timedelta(microseconds=1)
    )
    assert [each.reason for each in found if isinstance(each, Refused)] == [Reason.NOT_YET]
