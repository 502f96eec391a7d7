"""Files of every known form, down to their signed pieces; and JSON with one reading only."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils

from adapters.evidence import signatures
from adapters.evidence.verifier import OfflineVerifier
from domain import json_text
from domain.evidence import EvidenceRefused, Format, Reason, Signs
from domain.evidence_port import PinnedKey, TrustedRoot
from domain.verification import Refused, Verified
from tests.mini_sigstore import NOON, MiniSigstore, p256, pae, pem, sign, spki
from tests.mini_sigstore_bundles import PAYLOAD, attested
from tests.mini_sigstore_log import b64

MINI = MiniSigstore()
ROOT = TrustedRoot(MINI.trusted_root())
KEY = p256()
AFTERWARDS = NOON + timedelta(days=1)


def formats(document: Any) -> list[tuple[int | None, str, Format | None]]:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = OfflineVerifier().verify(content, (ROOT, PinnedKey(pem(KEY))), at=AFTERWARDS)
    return [(each.place, type(each).__name__, each.format) for each in found]


def pep_740() -> dict[str, Any]:
    bundle = attested(MINI)
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


def bare(**changes: Any) -> dict[str, Any]:
    envelope: dict[str, Any] = attested(MINI, signer=KEY, kind=None)["dsseEnvelope"]
    return {**envelope, **changes}


def test_a_bundle_and_an_envelope() -> None:
    assert formats(attested(MINI)) == [(0, "Verified", Format.SIGSTORE_BUNDLE)]
    assert formats(bare()) == [(0, "Verified", Format.DSSE)]
    assert formats(bare(unheard_of=1)) == [(0, "Verified", Format.DSSE)]


def test_an_envelope_may_use_either_alphabet_but_not_both() -> None:
    # A payload whose base64 has letters of which the two alphabets differ.
    payload = PAYLOAD[:-1] + b',"x":"??????~~~~~~"}'
    signature = b64(sign(KEY, pae("application/vnd.in-toto+json", payload)))
    url_safe = base64.urlsafe_b64encode(payload).decode()
    assert "_" in url_safe or "-" in url_safe
    around = {"payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": signature}]}
    assert formats({**around, "payload": url_safe})[0][1] == "Verified"
    mixed = url_safe.replace("_", "/", 1) if url_safe.count("_") > 1 else f"{url_safe}+"
    assert formats({**around, "payload": mixed})[0][1] == "Refused"


def test_pep_740_alone_and_with_its_publisher() -> None:
    assert formats(pep_740()) == [(0, "Verified", Format.PEP_740)]
    published = {"publisher": {"kind": "GitHub"}, "attestations": [pep_740(), pep_740()]}
    both = [(place, "Verified", Format.PEP_740) for place in (0, 1)]
    assert formats({"version": 1, "attestation_bundles": [published]}) == both
    assert formats({**pep_740(), "version": 2}) == [(0, "Refused", Format.PEP_740)]
    assert formats({**pep_740(), "extra": 1}) == [(0, "Refused", Format.PEP_740)]


def test_what_a_registry_answers() -> None:
    label = json.loads(PAYLOAD)["predicateType"]
    listed = [
        {"predicateType": label, "bundle": attested(MINI)},
        {"bundle": attested(MINI), "repository_id": 7},
    ]
    both = [(place, "Verified", Format.NPM_ATTESTATIONS) for place in (0, 1)]
    assert formats({"attestations": listed}) == both
    lying = [{"predicateType": "https://slsa.dev/provenance/v0.2", "bundle": attested(MINI)}]
    assert formats({"attestations": lying}) == [(0, "Refused", Format.NPM_ATTESTATIONS)]


def test_google_cloud_builds_two_kinds_of_keys() -> None:
    # Regional keys sign the bare payload; a reader that takes one for the other accepts another's signature.
    over_payload, over_pae = sign(KEY, PAYLOAD), sign(KEY, pae("application/vnd.in-toto+json", PAYLOAD))
    for signature, signs in ((over_payload, Signs.PAYLOAD), (over_pae, Signs.PAE)):
        envelope = bare(
            signatures=[{"keyid": "unknown", "sig": b64(b"x")}, {"keyid": "k", "sig": b64(signature)}]
        )
        document = {"provenance_summary": {"provenance": [{"build": {}, "envelope": envelope}]}}
        content = json.dumps(document).encode()
        for pinned in Signs:
            key = PinnedKey(pem(KEY), key_id="k", signs=pinned)
            (found,) = OfflineVerifier().verify(content, (key,), at=AFTERWARDS)
            assert isinstance(found, Verified) == (pinned is signs)
            assert found.format is Format.GOOGLE_CLOUD_BUILD


def test_the_type_of_a_bare_payload_is_signed_by_nobody() -> None:
    changed = bare(signatures=[{"sig": b64(sign(KEY, PAYLOAD))}], payloadType="text/plain")
    key = PinnedKey(pem(KEY), signs=Signs.PAYLOAD)
    (found,) = OfflineVerifier().verify(json.dumps(changed).encode(), (key,), at=AFTERWARDS)
    assert isinstance(found, Refused)


def test_a_certificate_beside_a_bare_signature_proves_no_time() -> None:
    leaf = MINI.leaf()
    signed = attested(MINI, signer=leaf, kind=None)["dsseEnvelope"]
    signed["signatures"][0]["cert"] = leaf.pem.decode()
    (found,) = OfflineVerifier().verify(json.dumps(signed).encode(), (ROOT,), at=AFTERWARDS)
    assert isinstance(found, Refused)
    assert (found.reason, "nobody says when" in found.words) == (Reason.NO_ANCHOR, True)


@pytest.mark.parametrize(
    "text",
    [b'{"a":9007199254740993}', b"[1.5]", b'"\\ud83d\\ude00"', b'"\\u0000"', b"[" * 32 + b"]" * 32, b"true"],
)
def test_json_that_has_one_reading(text: bytes) -> None:
    assert json_text.read(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 33 + b"]" * 33, Reason.TOO_DEEP),
        (b'{"a":"' + b"[" * 100 + b'"', Reason.NOT_JSON),
        (b'{"a":1,"a":1}', Reason.DUPLICATE_NAME),
        (b'{"a":1,"\\u0061":1}', Reason.DUPLICATE_NAME),
        (b"18446744073709551617", Reason.NOT_A_NUMBER),
        (b"-1e400", Reason.NOT_A_NUMBER),
        (b'"\\uDC00\\uD800"', Reason.LONE_SURROGATE),
        (b"01", Reason.NOT_JSON),
        (b"[1,]", Reason.NOT_JSON),
        (b"{'a':1}", Reason.NOT_JSON),
        (b'"a\nb"', Reason.NOT_JSON),
    ],
)
def test_json_that_has_not(text: bytes, reason: Reason) -> None:
    with pytest.raises(EvidenceRefused) as caught:
        json_text.read(text)
    assert caught.value.reason is reason


CURVES = [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()]


@pytest.mark.parametrize("curve", CURVES, ids=lambda each: each.name)
def test_the_spellings_of_one_signature_have_one_digest(curve: ec.EllipticCurve) -> None:
    private = ec.generate_private_key(curve)
    key = private.public_key()
    signature = sign(private, b"message")
    r, s = utils.decode_dss_signature(signature)
    half = (curve.key_size + 7) // 8
    order = signatures._CURVES[curve.name][1]
    spellings = [
        signature,
        utils.encode_dss_signature(r, order - s),
        r.to_bytes(half) + s.to_bytes(half),
        r.to_bytes(half) + (order - s).to_bytes(half),
    ]
    for each in spellings:
        signatures.check_message(key, each, b"message")
        with pytest.raises(EvidenceRefused):
            signatures.check_message(key, each, b"another")
    assert len({signatures.one_spelling(key, each) for each in spellings}) == 1


@pytest.mark.parametrize(
    "private",
    [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())],  # noqa: S505 - to be refused
    ids=["rsa-1024", "secp256k1"],
)
def test_keys_that_are_weak_or_unheard_of(private: Any) -> None:
    with pytest.raises(EvidenceRefused) as caught:
        signatures.load(spki(private))
    assert caught.value.reason is Reason.UNSUPPORTED_KEY


def test_an_ed25519_key_does_not_sign_digests() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(EvidenceRefused) as caught:
        signatures.check_digest(private.public_key(), private.sign(b"x" * 32), "sha256", b"x" * 32)
    assert caught.value.reason is Reason.UNSUPPORTED_KEY
