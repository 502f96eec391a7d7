"""Holding a signature against a public key, for the kinds of keys that real evidence is signed with.

What the algorithm is follows from the key, never from the evidence. An EC key of more than 256 bits may
sign a hash of its own size or SHA-256: older tools used that for every curve.
"""

from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from domain.digest import Digest
from domain.evidence import EvidenceRefused, Reason

Key = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

RSA_BITS_MIN = 2048  # NIST SP 800-131A rev. 2, section 3
_DER_SEQUENCE = 0x30
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# The prime order of each curve (SEC 2, version 2.0), for the one spelling of a signature.
_CURVES: Mapping[str, tuple[tuple[str, ...], int]] = {
    "secp256r1": (("sha256",), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    "secp384r1": (
        ("sha384", "sha256"),
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
    "secp521r1": (
        ("sha512", "sha256"),
        int(f"1{'F' * 65}A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
    ),
}


def load(public_key: bytes) -> Key:
    """Return the key in *public_key* (PEM or DER); raises `EvidenceRefused`."""
    try:
        pem = public_key.lstrip().startswith(b"-----BEGIN")
        return supported(load_pem_public_key(public_key) if pem else load_der_public_key(public_key))
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise EvidenceRefused(Reason.UNUSABLE_ANCHOR, f"the public key cannot be read: {wrong}") from wrong


def supported(key: PublicKeyTypes) -> Key:
    """Return *key* if it is of a kind that is verified here; raises `EvidenceRefused`."""
    match key:
        case ed25519.Ed25519PublicKey():
            return key
        case ec.EllipticCurvePublicKey() if key.curve.name in _CURVES:
            return key
        case rsa.RSAPublicKey() if key.key_size >= RSA_BITS_MIN:
            return key
        case _:
            raise EvidenceRefused(Reason.UNSUPPORTED_KEY, f"a key of the kind {_kind(key)}")


def der(key: Key) -> bytes:
    """Return the key as DER (SubjectPublicKeyInfo)."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def hash_names(key: Key) -> tuple[str, ...]:
    """Return the hashes a signature of *key* may be over, the usual one first."""
    return _CURVES[key.curve.name][0] if isinstance(key, ec.EllipticCurvePublicKey) else ("sha256",)


def digest_bytes(algorithm: str) -> int | None:
    """Return how long a digest by *algorithm* is; None for one that is not strong or not known."""
    return _HASHES[algorithm].digest_size if algorithm in _HASHES else None


def check_message(key: Key, signature: bytes, message: bytes) -> None:
    """Check *signature* over *message*; raises `EvidenceRefused`."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        _any_of([lambda: key.verify(signature, message)])
    elif isinstance(key, ec.EllipticCurvePublicKey):
        plain = _as_der(key, signature)
        _any_of(
            [
                lambda h=_HASHES[name]: key.verify(plain, message, ec.ECDSA(h))  # type: ignore[misc] # h is bound to its turn
                for name in hash_names(key)
            ]
        )
    else:
        _any_of([lambda p=p: key.verify(signature, message, p, hashes.SHA256()) for p in _PADDINGS])  # type: ignore[misc] # p is bound to its turn


def check_digest(key: Key, signature: bytes, algorithm: str, digest: bytes) -> None:
    """Check *signature* over what has *digest*, which is of the right length; raises `EvidenceRefused`."""
    hashed = utils.Prehashed(_HASHES[algorithm])
    if isinstance(key, ec.EllipticCurvePublicKey):
        _any_of([lambda: key.verify(_as_der(key, signature), digest, ec.ECDSA(hashed))])
    elif isinstance(key, rsa.RSAPublicKey):
        _any_of([lambda p=p: key.verify(signature, digest, p, hashed) for p in _PADDINGS])  # type: ignore[misc] # p is bound to its turn
    else:
        raise EvidenceRefused(Reason.UNSUPPORTED_KEY, "Ed25519 signs content, not a digest of it")


def one_spelling(key: Key, signature: bytes) -> Digest:
    """Digest *signature* so that its equivalent twin (r, n - s) has the same digest."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return Digest.of(signature)
    r, s = utils.decode_dss_signature(_as_der(key, signature))
    return Digest.of(utils.encode_dss_signature(r, min(s, _CURVES[key.curve.name][1] - s)))


_PADDINGS = (padding.PKCS1v15(), padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO))


def _as_der(key: ec.EllipticCurvePublicKey, signature: bytes) -> bytes:
    """Return *signature* as DER. Some signers write r and s side by side (IEEE P1363): Google's VSAs."""
    half = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * half or (signature[0] == _DER_SEQUENCE and signature[1] == len(signature) - 2):
        return signature
    return utils.encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def _any_of(attempts: list[Callable[[], None]]) -> None:
    for attempt in attempts:
        try:
            return attempt()
        except InvalidSignature:
            continue
    raise EvidenceRefused(Reason.BAD_SIGNATURE, "the signature is not by this key over this content")


def _kind(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name
    size = f" of {key.key_size} bits" if isinstance(key, rsa.RSAPublicKey) else ""
    return type(key).__name__.removesuffix("PublicKey") + size
