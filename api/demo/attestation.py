"""SLSA provenance of a wheel: an in-toto Statement in a DSSE envelope, signed by a key made for it."""

import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.demo.project import digest_of
from api.demo.story import Made
from domain.proof import dsse
from domain.provenance import V1

BUILDER = "https://shiplog.dev/demo/builder"
BUILD_TYPE = "https://shiplog.dev/demo/python-build/v1"
STATEMENT = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class Signed:
    """What others need to verify it."""

    envelope: Path
    public_key: Path


def attest(made: Made, folder: Path, *, repository: str) -> Signed:
    """Write the signed provenance of *made* and the public key into *folder*.

    The private key (P-256) signs this once and is kept nowhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    signed = Signed(folder / f"{made.wheel.name}.intoto.json", folder / "demo-builder.pub.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    payload = orjson.dumps(_provenance(made, repository=repository))
    signature = key.sign(dsse.pae(payload), ec.ECDSA(SHA256()))
    envelope = {
        "payloadType": dsse.PAYLOAD_TYPE.decode(),
        "payload": b64encode(payload).decode(),
        "signatures": [{"sig": b64encode(signature).decode()}],
    }
    signed.envelope.write_bytes(orjson.dumps(envelope))
    signed.public_key.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return signed


def _provenance(made: Made, *, repository: str) -> dict[str, object]:
    """Source: SLSA v1.0, "Provenance"; in-toto attestation v1, "Statement"."""
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": made.wheel.name, "digest": {"sha256": digest_of(made.wheel).removeprefix("sha256:")}}
        ],
        "predicateType": V1,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"format": "wheel"},
                "internalParameters": {"frontend": "python -m build --no-isolation"},
                "resolvedDependencies": [{"name": repository, "digest": {made.named_by: made.commit}}],
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"cpython": sys.version.split()[0]}}},
        },
    }
