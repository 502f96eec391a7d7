"""Content by its digest in a folder: `ab/cd/abcd…`.

A file is written beside its place, synced, renamed and the folder synced: whoever sees it sees all of it,
and it survives a loss of power. Those who put the same content at once write the same file. What an
interrupted put leaves behind begins with a dot, and may be deleted.
"""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable, MalformedValue
from domain.ports import BLOB_BYTES_MAX


class FolderBlobs:
    """Implements `domain.ports.Blobs`."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below *folder*, which is made when it is needed first."""
        self._folder = folder

    def put(self, content: bytes) -> Digest:
        """See `Blobs.put`. A file that is there and damaged is written again.

        Whoever wrote a file that is there may not have synced it yet, and may never: so that is done again.
        """
        if len(content) > BLOB_BYTES_MAX:
            raise MalformedValue(f"content of {len(content)} bytes, at most {BLOB_BYTES_MAX}")
        digest = Digest.of(content)
        place = self._place(digest)
        try:
            self._make(place.parent)
            if _holds(place, content):
                _sync(place)
            else:
                _write(place, content)
            self._sync_names(place)
        except OSError as wrong:
            raise LedgerUnavailable(f"evidence cannot be kept: {wrong.strerror or wrong}") from wrong
        return digest

    def get(self, digest: Digest) -> bytes:
        """See `Blobs.get`."""
        try:
            with self._place(digest).open("rb") as file:
                content = file.read(BLOB_BYTES_MAX + 1)
        except FileNotFoundError as absent:
            raise EvidenceLost(f"the blob store has no {digest}") from absent
        except OSError as wrong:
            raise LedgerUnavailable(f"evidence cannot be read: {wrong.strerror or wrong}") from wrong
        if Digest.of(content) != digest:
            raise BrokenLedger(f"what the blob store has as {digest} is something else")
        return content

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        return self._place(digest).is_file()

    def check(self) -> int | None:
        """See `Blobs.check`."""
        there = next(each for each in (self._folder, *self._folder.absolute().parents) if each.exists())
        try:
            if there == self._folder:
                draft = there / f".{secrets.token_hex(8)}"
                _create(draft, b"")
                draft.unlink()
            elif not os.access(there, os.W_OK | os.X_OK):
                raise LedgerUnavailable(f"there is no folder {self._folder}, and it cannot be made")
            return shutil.disk_usage(there).free
        except OSError as wrong:
            raise LedgerUnavailable(f"evidence cannot be kept: {wrong.strerror or wrong}") from wrong

    def _place(self, digest: Digest) -> Path:
        return self._folder / digest.hex[:2] / digest.hex[2:4] / digest.hex

    def _make(self, folder: Path) -> None:
        """Make *folder*, and every one above it that is not there, so that they stay."""
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
            if not each.is_relative_to(self._folder):
                _sync(each.parent)  # the others are synced with the name of the file

    def _sync_names(self, place: Path) -> None:
        """Make the names on the way to *place* stay, whoever made them."""
        for each in (place.parent, place.parent.parent, self._folder):
            _sync(each)
        with suppress(PermissionError):  # whoever may not look into it has not made our folder in it
            _sync(self._folder.parent)


def _holds(place: Path, content: bytes) -> bool:
    try:
        return place.stat().st_size == len(content) and place.read_bytes() == content
    except FileNotFoundError:
        return False


def _write(place: Path, content: bytes) -> None:
    draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    try:
        _create(draft, content)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _create(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
