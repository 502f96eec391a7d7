"""Bundles made with the miniature: right by default, and with one thing wrong on demand."""

import base64
import hashlib
from typing import Any

from tests.mini_sigstore import IN_TOTO, Leaf, MiniSigstore, PrivateKey, pae, sign, statement
from tests.mini_sigstore_log import b64

ARTIFACT = b"what was built"
DIGESTS = {name: hashlib.new(name, ARTIFACT).hexdigest() for name in ("sha1", "sha256", "sha384", "sha512")}
SUBJECT = {"name": "app.tar.gz", "digest": {"sha256": DIGESTS["sha256"]}}
PAYLOAD = statement([SUBJECT])

V0_1 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
V0_2 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
V0_3 = "application/vnd.dev.sigstore.bundle.v0.3+json"


def attested(
    mini: MiniSigstore,
    payload: bytes = PAYLOAD,
    *,
    payload_type: str = IN_TOTO,
    signer: Leaf | PrivateKey | None = None,
    kind: str | None = "dsse/0.0.1",
    stamped: bool = False,
    media_type: str = V0_3,
    signature: bytes | None = None,
) -> dict[str, Any]:
    """A bundle around a signed *payload*; *kind* is of its log entry, None for none."""
    signer = signer or mini.leaf()
    key = signer.key if isinstance(signer, Leaf) else signer
    signed = pae(payload_type, payload)
    signature = signature or sign(key, signed)
    logged = signed if kind == "hashedrekord/0.0.2" else payload
    entries = [] if kind is None else [mini.entry(kind, signer, logged, signature)]
    envelope = {"payload": b64(payload), "payloadType": payload_type, "signatures": [{"sig": b64(signature)}]}
    return {
        **_around(mini, signer, signature, entries, media_type, stamped=stamped),
        "dsseEnvelope": envelope,
    }


def signed_file(
    mini: MiniSigstore,
    content: bytes = ARTIFACT,
    *,
    signer: Leaf | PrivateKey | None = None,
    kind: str = "hashedrekord/0.0.1",
    stamped: bool = False,
    media_type: str = V0_3,
    stated: bool = True,
) -> dict[str, Any]:
    """A bundle around the signature of a file."""
    signer = signer or mini.leaf()
    signature = sign(signer.key if isinstance(signer, Leaf) else signer, content)
    entries = [mini.entry(kind, signer, content, signature)]
    message: dict[str, Any] = {"signature": b64(signature)}
    if stated:
        digest = b64(hashlib.sha256(content).digest())
        message["messageDigest"] = {"algorithm": "SHA2_256", "digest": digest}
    around = _around(mini, signer, signature, entries, media_type, stamped=stamped)
    return {**around, "messageSignature": message}


def _around(
    mini: MiniSigstore,
    signer: Leaf | PrivateKey,
    signature: bytes,
    entries: list[dict[str, Any]],
    media_type: str,
    *,
    stamped: bool,
) -> dict[str, Any]:
    material: dict[str, Any] = {"tlogEntries": entries}
    if not isinstance(signer, Leaf):
        material["publicKey"] = {"hint": "a-key"}
    elif media_type == V0_3:
        material["certificate"] = {"rawBytes": b64(signer.der)}
    else:
        material["x509CertificateChain"] = {"certificates": [{"rawBytes": b64(signer.der)}]}
    if stamped:
        token = b64(mini.stamp(signature))
        material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": token}]}
    return {"mediaType": media_type, "verificationMaterial": material}


def entry_of(bundle: dict[str, Any]) -> dict[str, Any]:
    """The one log entry of *bundle*, to be spoiled."""
    found: dict[str, Any] = bundle["verificationMaterial"]["tlogEntries"][0]
    return found


def without_proof(bundle: dict[str, Any]) -> dict[str, Any]:
    """Leave the log's promise and take away its proof, as bundles of v0.1 were."""
    del entry_of(bundle)["inclusionProof"]
    return bundle


def raw(text: str) -> bytes:
    """Return what the base64 *text* stands for."""
    return base64.b64decode(text)
