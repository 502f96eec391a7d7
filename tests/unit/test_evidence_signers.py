"""A signature counts for what it is over, and for whom its certificate names."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from domain.evidence import Reason
from domain.evidence_port import PinnedKey, TrustedRoot
from domain.verification import CertificateSigner, Verified
from tests.evidence_attacks import (
    ORDER,
    envelope,
    good,
    material,
    mini,
    outcome,
    refused,
    spoiled,
)
from tests.mini_sigstore import CLAIMS, IN_TOTO, NOON, MiniSigstore, p256, pae, pem, sign, statement
from tests.mini_sigstore_bundles import (
    ARTIFACT,
    DIGESTS,
    PAYLOAD,
    SUBJECT,
    V0_1,
    attested,
    raw,
    signed_file,
    without_proof,
)
from tests.mini_sigstore_log import b64


def twin(signature: bytes) -> bytes:
    r, s = utils.decode_dss_signature(signature)
    return utils.encode_dss_signature(r, ORDER - s)


def test_the_twin_of_a_logged_signature_is_refused() -> None:
    def change(bundle: dict[str, Any]) -> None:
        (one,) = envelope(bundle)["signatures"]
        one["sig"] = b64(twin(raw(one["sig"])))

    assert refused(spoiled(change)) is Reason.LOG_MISMATCH


def test_the_twin_of_a_bare_signature_is_the_same_evidence() -> None:
    key = p256()
    one = attested(mini(), signer=key, kind=None)["dsseEnvelope"]
    other = copy.deepcopy(one)
    other["signatures"][0]["sig"] = b64(twin(raw(one["signatures"][0]["sig"])))
    found = [outcome(each, PinnedKey(pem(key))) for each in (one, other)]
    assert all(isinstance(each, Verified) for each in found)
    assert len({each.identity for each in found if isinstance(each, Verified)}) == 1
    assert len({each.file for each in found}) == 2


def test_a_signature_by_another_key_under_a_good_certificate() -> None:
    forged = sign(p256(), pae(IN_TOTO, PAYLOAD))
    assert refused(attested(mini(), signature=forged)) is Reason.BAD_SIGNATURE
    assert refused(attested(mini(), signature=forged, kind="intoto/0.0.2")) is Reason.BAD_SIGNATURE


def test_another_payload_under_a_good_signature() -> None:
    other = b64(statement([{"name": "evil", "digest": {"sha256": "0" * 64}}]))
    assert refused(spoiled(lambda b: envelope(b).update(payload=other))) is Reason.BAD_SIGNATURE


def test_a_log_entry_that_is_about_another_signature() -> None:
    # CVE-2022-36056: everything is true, but not of the same thing.
    leaf = mini().leaf()
    for kind in ("dsse/0.0.1", "intoto/0.0.2", "intoto/0.0.1"):
        victim = attested(mini(), signer=leaf, kind=kind)
        other = attested(mini(), statement([SUBJECT], predicate={"other": 1}), signer=leaf, kind=kind)
        material(victim)["tlogEntries"] = material(other)["tlogEntries"]
        assert refused(victim) is Reason.LOG_MISMATCH, kind
    files = [signed_file(mini(), content, signer=leaf) for content in (ARTIFACT, b"other")]
    material(files[0])["tlogEntries"] = material(files[1])["tlogEntries"]
    assert refused(files[0]) is Reason.LOG_MISMATCH


def test_a_log_entry_that_names_another_signer() -> None:
    for kind in ("dsse/0.0.1", "intoto/0.0.2", "intoto/0.0.1"):
        leaf, other = mini().leaf(), mini().leaf()
        bundle = attested(mini(), signer=leaf, kind=kind)
        signature = raw(envelope(bundle)["signatures"][0]["sig"])
        material(bundle)["tlogEntries"] = [mini().entry(kind, other, PAYLOAD, signature)]
        assert refused(bundle) is Reason.LOG_MISMATCH, kind


def test_a_file_other_than_the_signed_one_is_no_subject() -> None:
    found = outcome(signed_file(mini(), b"something else"))
    assert isinstance(found, Verified)
    assert not found.subjects[0].matches(DIGESTS)


def test_the_same_artifact_attested_by_another_repository_is_told_apart() -> None:
    # A fork's rebuild is validly signed. Only the certificate's numbers say whose it is.
    fork = mini().leaf(claims={**CLAIMS, 12: "https://github.com/acme-evil/app", 15: "666", 17: "667"})
    mine, theirs = (outcome(attested(mini(), signer=leaf)) for leaf in (mini().leaf(), fork))
    assert isinstance(mine, Verified)
    assert isinstance(theirs, Verified)
    assert mine.subjects == theirs.subjects
    assert isinstance(mine.signer, CertificateSigner)
    assert isinstance(theirs.signer, CertificateSigner)
    assert mine.signer.source_repository_id != theirs.signer.source_repository_id
    assert mine.signer.source_repository_owner_id != theirs.signer.source_repository_owner_id


def test_an_older_releases_provenance_says_when_and_what_it_was_signed_for() -> None:
    # Replayed, it is as valid as ever; what gives it away is the instant, the commit and the ref.
    old = MiniSigstore(now=NOON - timedelta(days=1))
    leaf = old.leaf(claims={**CLAIMS, 13: "b" * 40, 14: "refs/tags/v1"})
    found = outcome(attested(old, signer=leaf), TrustedRoot(old.trusted_root()))
    assert isinstance(found, Verified)
    assert isinstance(found.signer, CertificateSigner)
    assert found.times[0].instant == NOON - timedelta(days=1)
    assert (found.signer.source_repository_digest, found.signer.source_repository_ref) == (
        "b" * 40,
        "refs/tags/v1",
    )


@pytest.mark.parametrize("kind", ["dsse/0.0.1", "intoto/0.0.2"])
def test_a_certificate_that_does_not_count(kind: str) -> None:
    expired = mini().leaf(since=NOON - timedelta(hours=1))
    early = mini().leaf(since=NOON + timedelta(hours=1))
    unlogged = mini().leaf(logged=False)
    for_tls = mini().leaf(usage=ExtendedKeyUsageOID.SERVER_AUTH)
    stranger = MiniSigstore().leaf()
    for leaf in (expired, early, unlogged, for_tls, stranger):
        assert refused(attested(mini(), signer=leaf, kind=kind)) is Reason.UNTRUSTED_CERTIFICATE


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ([(8, b"\x0c\x06issuer")], Reason.CONTRADICTORY),
        ([(15, b"1001")], Reason.MALFORMED),
        ([(15, b"\x0c\x81\x041001")], Reason.MALFORMED),
        ([(15, b"\x0c\x041001X")], Reason.MALFORMED),
        ([(15, b"\x0c\x02\xff\xff")], Reason.MALFORMED),
    ],
    ids=["two-issuers", "no-der", "long-length", "trailing", "not-utf8"],
)
def test_a_certificate_that_is_unclear(extra: list[tuple[int, bytes]], reason: Reason) -> None:
    assert refused(attested(mini(), signer=mini().leaf(extra=extra))) is reason


def test_certificates_that_are_no_chain() -> None:
    # Sigstore's conformance suite has one with the root's own certificate between signer and issuer.
    bundle = without_proof(attested(mini(), media_type=V0_1))
    chain = material(bundle)["x509CertificateChain"]["certificates"]
    issuers = [
        {"rawBytes": b64(each.public_bytes(Encoding.DER))} for each in (mini().intermediate, mini().root)
    ]
    chain += issuers
    assert isinstance(outcome(bundle), Verified)
    chain[1:] = issuers[::-1]
    assert refused(bundle) is Reason.MALFORMED


def test_a_log_counts_only_while_the_root_says_so() -> None:
    listed = json.loads(mini().trusted_root())
    span = listed["tlogs"][0]["publicKey"]["validFor"]
    for kind in ("dsse/0.0.1", "intoto/0.0.2"):
        bundle = attested(mini(), kind=kind)
        span["end"] = "2026-03-01T12:00:00Z"
        assert isinstance(outcome(bundle, TrustedRoot(json.dumps(listed).encode())), Verified)
        span["end"] = "2026-03-01T11:59:59Z"
        assert refused(bundle, TrustedRoot(json.dumps(listed).encode())) is Reason.LOG_ENTRY


def test_an_authority_counts_only_while_the_root_says_so() -> None:
    listed = json.loads(mini().trusted_root())
    listed["certificateAuthorities"][0]["validFor"]["end"] = "2026-03-01T11:59:59Z"
    assert refused(good(), TrustedRoot(json.dumps(listed).encode())) is Reason.UNTRUSTED_CERTIFICATE
    listed["certificateAuthorities"][0]["validFor"]["end"] = "2026-03-01T12:00:00Z"
    assert isinstance(outcome(good(), TrustedRoot(json.dumps(listed).encode())), Verified)
