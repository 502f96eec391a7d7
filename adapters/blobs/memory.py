"""Content by its digest in a dictionary: a real store, for tests and trials; it passes the same contract."""

from domain.digest import Digest
from domain.errors import EvidenceLost, MalformedValue
from domain.ports import BLOB_BYTES_MAX


class MemoryBlobs:
    """Implements `domain.ports.Blobs`; forgotten with the process."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[Digest, bytes] = {}

    def put(self, content: bytes) -> Digest:
        """See `Blobs.put`."""
        if len(content) > BLOB_BYTES_MAX:
            raise MalformedValue(f"content of {len(content)} bytes, at most {BLOB_BYTES_MAX}")
        digest = Digest.of(content)
        self._kept[digest] = bytes(content)
        return digest

    def get(self, digest: Digest) -> bytes:
        """See `Blobs.get`."""
        if digest not in self._kept:
            raise EvidenceLost(f"the blob store has no {digest}")
        return self._kept[digest]

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        return digest in self._kept

    def check(self) -> int | None:
        """See `Blobs.check`."""
        return None
