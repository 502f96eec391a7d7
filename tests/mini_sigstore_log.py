"""A transparency log that keeps what it is told: RFC 6962 tree, checkpoint, promise.

Sources: RFC 6962, section 2.1; transparency-dev/formats, log; c2sp.org/signed-note; sigstore/rekor, openapi.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


class Tree:
    """The hash tree over everything that was added."""

    def __init__(self) -> None:
        self._leaves: list[bytes] = []

    def add(self, entry: bytes) -> int:
        """Add *entry*; return its index."""
        self._leaves.append(_hash(b"\x00", entry))
        return len(self._leaves) - 1

    @property
    def size(self) -> int:
        return len(self._leaves)

    @property
    def root(self) -> bytes:
        return _root(self._leaves)

    def proof(self, index: int) -> list[bytes]:
        """The path from the entry at *index* to the root, lowest first."""
        return _proof(self._leaves, index)


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _split(leaves: Sequence[bytes]) -> int:
    return 1 << (len(leaves) - 1).bit_length() - 1


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = _split(leaves)
    return _hash(b"\x01", _root(leaves[:half]), _root(leaves[half:]))


def _proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = _split(leaves)
    if index < half:
        return [*_proof(leaves[:half], index), _root(leaves[half:])]
    return [*_proof(leaves[half:], index - half), _root(leaves[:half])]


class Log:
    """One log: a tree, a name and a key."""

    def __init__(self, origin: str, log_id: bytes, sign: Callable[[bytes], bytes]) -> None:
        self.origin, self.id, self.sign = origin, log_id, sign
        self.tree = Tree()
        for filler in range(5):  # so that a path has more than one step
            self.tree.add(b"filler %d" % filler)

    def entry(self, kind: str, body: bytes, *, integrated_time: int | None) -> dict[str, Any]:
        """Add *body*; return the entry as a bundle has it, with a promise when there is a time."""
        index = self.tree.add(body)
        name, version = kind.split("/")
        found: dict[str, Any] = {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.id)},
            "kindVersion": {"kind": name, "version": version},
            "inclusionProof": self.proof(index),
            "canonicalizedBody": b64(body),
        }
        if integrated_time is not None:
            found["integratedTime"] = str(integrated_time)
            found["inclusionPromise"] = {
                "signedEntryTimestamp": b64(self.promise(body, index, integrated_time))
            }
        return found

    def promise(self, body: bytes, index: int, integrated_time: int) -> bytes:
        """Sign that *body* is at *index* since *integrated_time*."""
        return self.sign(
            canonical(
                {
                    "body": b64(body),
                    "integratedTime": integrated_time,
                    "logID": self.id.hex(),
                    "logIndex": index,
                }
            )
        )

    def proof(self, index: int) -> dict[str, Any]:
        """Prove that the tree holds what is at *index*."""
        note = f"{self.origin}\n{self.tree.size}\n{b64(self.tree.root)}\n"
        signature = b64(self.id[:4] + self.sign(note.encode()))
        return {
            "logIndex": str(index),
            "rootHash": b64(self.tree.root),
            "treeSize": str(self.tree.size),
            "hashes": [b64(each) for each in self.tree.proof(index)],
            "checkpoint": {"envelope": f"{note}\n\u2014 {self.origin.split(' ')[0]} {signature}\n"},
        }
