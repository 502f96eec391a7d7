"""The files that one decision reads: not more of them than can be read while somebody waits."""

from domain.digest import Digest
from domain.errors import MalformedValue
from domain.ports import BlobReader

FILES_MAX = 500
BYTES_MAX = 32 << 20
"""Of all of them; one that is read twice counts twice."""


class Files:
    """Implements `BlobReader` for one decision; for one thread."""

    def __init__(self, blobs: BlobReader) -> None:
        """Read from *blobs*."""
        self._blobs = blobs
        self._count = self._bytes = 0

    def get(self, digest: Digest) -> bytes:
        """See `BlobReader.get`; raises `MalformedValue` when it is one too many.

        To pass over the rest would be to decide without them: whoever hands in enough could hide by it
        what speaks against a release.
        """
        self._count += 1
        if self._count > FILES_MAX:
            raise MalformedValue(f"more than {FILES_MAX} files of evidence would have to be read")
        content = self._blobs.get(digest)
        self._bytes += len(content)
        if self._bytes > BYTES_MAX:
            raise MalformedValue(f"more than {BYTES_MAX >> 20} MiB of evidence would have to be read")
        return content
