"""A pinned key vouches for what it signed, in its time."""

import json
from datetime import timedelta

from adapters.evidence.verifier import OfflineVerifier
from domain.evidence import Reason
from domain.evidence_port import PinnedKey, TrustedRoot
from domain.verification import Refused, Verified
from tests.evidence_attacks import (
    AFTERWARDS,
    envelope,
    good,
    material,
    mini,
    outcome,
    refused,
    trusted,
)
from tests.mini_sigstore import NOON, p256, pem, statement
from tests.mini_sigstore_bundles import (
    SUBJECT,
    attested,
    entry_of,
)


def test_a_pinned_key_vouches_for_nothing_else() -> None:
    key, other = p256(), p256()
    bundle = attested(mini(), signer=key)
    bare = envelope(bundle)
    assert refused(bundle, PinnedKey(pem(other))) is Reason.BAD_SIGNATURE
    assert refused(bare, PinnedKey(pem(other))) is Reason.BAD_SIGNATURE
    assert refused(bare, PinnedKey(pem(key), key_id="another")) is Reason.UNTRUSTED_KEY
    assert refused(bundle, PinnedKey(pem(key), key_id="another")) is Reason.UNTRUSTED_KEY
    assert refused(bare, trusted()) is Reason.NO_ANCHOR
    assert refused(good(), PinnedKey(pem(key))) is Reason.NO_ANCHOR
    assert refused(bare, PinnedKey(b"no key")) is Reason.UNUSABLE_ANCHOR
    assert refused(bare, TrustedRoot(b"{}")) is Reason.NO_ANCHOR
    assert refused(good(), TrustedRoot(b"{}")) is Reason.UNUSABLE_ANCHOR
    assert OfflineVerifier().verify(json.dumps(good()).encode(), (), at=AFTERWARDS)[0] == Refused(
        file=outcome(good()).file,
        place=0,
        format=outcome(good()).format,
        reason=Reason.NO_ANCHOR,
        words="nothing that is trusted was given for this evidence",
    )


def test_of_a_signature_by_no_pinned_key_it_is_said_how_many_were_tried() -> None:
    bare = envelope(attested(mini(), signer=p256()))
    found = outcome(bare, PinnedKey(pem(p256())), trusted(), PinnedKey(pem(p256())))
    assert isinstance(found, Refused)
    words = "the signature is by none of 2 pinned keys over this content"
    assert (found.reason, found.words) == (Reason.BAD_SIGNATURE, words)


def test_a_signature_beside_a_certificate_is_not_bad_because_no_pinned_key_made_it() -> None:
    key, other = p256(), p256()
    bare = envelope(attested(mini(), signer=key))
    bare["signatures"][0]["cert"] = "a certificate, which without a time says nothing"
    for anchors in ((PinnedKey(pem(other)),), (PinnedKey(pem(other), key_id="another"), trusted())):
        (found,) = OfflineVerifier().verify(json.dumps(bare).encode(), anchors, at=AFTERWARDS)
        assert isinstance(found, Refused)
        assert (found.reason, found.words.partition(":")[0]) == (
            Reason.NO_ANCHOR,
            "a certificate beside a bare signature",
        )
    assert isinstance(outcome(bare, PinnedKey(pem(key))), Verified)


def test_a_pinned_keys_log_entry_must_hold_when_its_log_is_known() -> None:
    key = p256()
    bundle = attested(mini(), signer=key)
    entry_of(bundle)["integratedTime"] = str(int(NOON.timestamp()) + 1)
    assert refused(bundle, PinnedKey(pem(key), log=trusted())) is Reason.LOG_ENTRY
    swapped = attested(mini(), signer=key)
    material(swapped)["tlogEntries"] = material(attested(mini(), statement([SUBJECT], x=1), signer=key))[
        "tlogEntries"
    ]
    assert refused(swapped, PinnedKey(pem(key), log=trusted())) is Reason.LOG_MISMATCH


def test_a_pinned_key_counts_only_in_its_time() -> None:
    key = p256()
    later, earlier = NOON + timedelta(seconds=1), NOON - timedelta(seconds=1)
    logged = attested(mini(), signer=key)
    for start, end in ((later, None), (None, earlier)):
        pinned = PinnedKey(pem(key), log=trusted(), valid_from=start, valid_until=end)
        assert refused(logged, pinned) is Reason.KEY_OUT_OF_USE
    within = PinnedKey(pem(key), log=trusted(), valid_from=NOON, valid_until=NOON)
    assert isinstance(outcome(logged, within), Verified)
    # Nobody says when a bare envelope was signed; so the key must count at the instant asked about.
    bare = envelope(logged)
    assert refused(bare, PinnedKey(pem(key), valid_until=NOON)) is Reason.KEY_OUT_OF_USE
