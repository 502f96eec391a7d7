"""SBOMs for journeys: plain, and as attestations that a pinned key signed."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.http.world import Document, World
from tests.mini_sigstore import p256, pae, pem, sign, statement
from tests.unit.sboms import cyclonedx

CYCLONEDX = "https://cyclonedx.org/bom/v1.6"
_PAYLOAD_TYPE = "application/vnd.in-toto+json"


def purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def listing(**versions: str) -> Document:
    """A CycloneDX document that lists these packages of Python's index."""
    inside = [
        {"type": "library", "name": name, "version": version, "purl": purl(name, version)}
        for name, version in versions.items()
    ]
    return cyclonedx(*inside)


def plain(**versions: str) -> bytes:
    return json.dumps(listing(**versions)).encode()


class Builder:
    """Somebody whose key is pinned, and who signs what is inside what they build."""

    def __init__(self) -> None:
        self._key = p256()

    def is_trusted_by(self, world: World) -> None:
        body = {"kind": "key", "name": "the builder", "content": pem(self._key).decode()}
        answer = world.client.post("/v1/trust/roots", json=body)
        assert answer.status_code == 201, answer.text
        world.clock.advance()

    def attests(self, digest: str, predicate: Mapping[str, Any], predicate_type: str = CYCLONEDX) -> bytes:
        """An envelope that says that *predicate* is the SBOM of the artifact *digest*."""
        subject = {"name": "app", "digest": {"sha256": digest.removeprefix("sha256:")}}
        payload = statement([subject], predicateType=predicate_type, predicate=predicate)
        signature = base64.b64encode(sign(self._key, pae(_PAYLOAD_TYPE, payload))).decode()
        envelope = {
            "payloadType": _PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"sig": signature}],
        }
        return json.dumps(envelope).encode()


def handed_in(world: World, content: bytes, *about: str) -> Document:
    """Hand in *content*, which must be new; a second passes."""
    answer = world.client.post(
        "/v1/evidence", data=content, query_string={"for": list(about)}, content_type="application/json"
    )
    assert answer.status_code == 201, answer.text
    world.clock.advance()
    return dict(answer.get_json())
