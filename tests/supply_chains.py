"""Supply chains to tell: a layout, the links of everybody in it, and other releases by the same people."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.formats import encode_canonical

from domain.evidence_port import PinnedKey
from tests.mini_sigstore import IN_TOTO, pae, pem, spki

AT = datetime(2026, 11, 20, tzinfo=UTC)
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)
Document = dict[str, Any]
Rules = list[list[str]]


@cache
def key(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def key_id(name: str) -> str:
    return hashlib.sha256(f"id of {name}".encode()).hexdigest()


def public(name: str) -> str:
    return key(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def public_pem(name: str) -> bytes:
    """As `shiplog trust import --key` takes it."""
    return pem(key(name))


def owner(name: str) -> PinnedKey:
    return PinnedKey(spki(key(name)), key_id=key_id(name))


def digest(content: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(content).hexdigest()}


SOURCE = {"src/app.py": digest(b"code"), "Dockerfile": digest(b"FROM scratch")}
BUILT = {"dist/app.tar.gz": digest(b"artifact"), "dist/app.cdx.json": digest(b"sbom")}
FUNCTIONARIES = ("dev", "ci", "reviewer", "other-reviewer", "releaser")
CLOSED = ["DISALLOW", "*"]


def from_products(step: str, pattern: str = "*") -> list[str]:
    return ["MATCH", pattern, "WITH", "PRODUCTS", "FROM", step]


def step(name: str, by: Sequence[str], materials: Rules, products: Rules, threshold: int = 1) -> Document:
    return {
        "_type": "step",
        "name": name,
        "pubkeys": [key_id(each) for each in by],
        "threshold": threshold,
        "expected_materials": materials,
        "expected_products": products,
        "expected_command": [],
    }


def laid_out(**changes: Any) -> Document:
    keys = {
        key_id(each): {
            "keyid": key_id(each),
            "keytype": "ed25519",
            "scheme": "ed25519",
            "keyval": {"public": public(each)},
        }
        for each in FUNCTIONARIES
    }
    taken = [from_products("commit"), CLOSED]
    steps = [
        step("commit", ["dev"], [CLOSED], [["CREATE", "src/*"], ["CREATE", "Dockerfile"], CLOSED]),
        step("review", ["reviewer", "other-reviewer"], taken, taken, 2),
        step("build", ["ci"], [from_products("review"), CLOSED], [["CREATE", "dist/*"], CLOSED]),
        step(
            "release",
            ["releaser"],
            [from_products("build"), CLOSED],
            [["REQUIRE", "dist/app.tar.gz"], from_products("build"), CLOSED],
        ),
    ]
    document = {
        "_type": "layout",
        "keys": keys,
        "steps": steps,
        "inspect": [],
        "expires": "2027-01-01T00:00:00Z",
        "readme": "",
    }
    return {**document, **changes}


def link(name: str, materials: Mapping[str, Any], products: Mapping[str, Any], **changes: Any) -> Document:
    document = {"_type": "link", "name": name, "materials": materials, "products": products, "command": []}
    return {**document, "byproducts": {}, "environment": {}, **changes}


def signed(document: Document, *by: str, block: bool = False) -> bytes:
    """Wrap *document* as an envelope, or as a metablock."""
    if block:
        raw = str(encode_canonical(document)).encode()
        made = [{"keyid": key_id(each), "sig": key(each).sign(raw).hex()} for each in by]
        return json.dumps({"signed": document, "signatures": made}).encode()
    payload = json.dumps(document).encode()
    over = pae(IN_TOTO, payload)
    made = [{"keyid": key_id(each), "sig": base64.b64encode(key(each).sign(over)).decode()} for each in by]
    around = {"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO}
    return json.dumps({**around, "signatures": made}).encode()


def links(**changes: Sequence[bytes]) -> list[bytes]:
    """What everybody did; *changes* replace a step's."""
    made: dict[str, Sequence[bytes]] = {
        "commit": [signed(link("commit", {}, SOURCE), "dev")],
        "review": [signed(link("review", SOURCE, SOURCE), each) for each in ("reviewer", "other-reviewer")],
        "build": [signed(link("build", SOURCE, BUILT), "ci")],
        "release": [signed(link("release", BUILT, BUILT), "releaser")],
    }
    return [each for of_step in {**made, **changes}.values() for each in of_step]


def release(source: Document, built: Document) -> list[bytes]:
    """What everybody did for another release."""
    return links(
        commit=[signed(link("commit", {}, source), "dev")],
        review=[signed(link("review", source, source), each) for each in ("reviewer", "other-reviewer")],
        build=[signed(link("build", source, built), "ci")],
        release=[signed(link("release", built, built), "releaser")],
    )


ARTIFACT = BUILT["dist/app.tar.gz"]
LATER_SOURCE = {**SOURCE, "src/more.py": digest(b"more")}
LATER = {name: digest(f"later {name}".encode()) for name in BUILT}


def releases(count: int) -> list[bytes]:
    """Links of many releases of which each has nearly the same source."""
    made = []
    for number in range(count):
        source = {**SOURCE, "src/app.py": digest(b"code %d" % number)}
        made += release(source, {name: digest(f"{name} {number}".encode()) for name in BUILT})
    return made
