"""Content by its digest in a bucket of any S3-compatible store: `PREFIX/ab/cd/abcd…`, as in a folder.

Needs the extra `s3`, which is imported when the first content is asked for. Who we are comes from the
environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, or what the machine is given),
and is written nowhere. What a store answers besides its error's code is not shown: some quote the request.

An object is written without a condition, which not every store knows: its name is the digest of what is in
it, so whoever writes at the same time writes the same. A store acknowledges what is durable.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable, MalformedValue
from domain.ports import BLOB_BYTES_MAX

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, S3Store

CONNECT_SECONDS = 3.0
REQUEST_SECONDS = 20.0
"""For one request with its body: 64 MB in that time are 3.4 MB/s."""
RETRIES_MAX = 3
RETRY_SECONDS = 10.0
"""After so long a request that failed is not tried again."""
BACKOFF: "BackoffConfig" = {
    "init_backoff": timedelta(seconds=0.1),
    "max_backoff": timedelta(seconds=2),
    "base": 2,
}
PROBE = ".writable"
"""What `check` writes."""
ABSENT = ".absent"
"""What nobody writes, and `check` must be told so."""
_CODE = re.compile(r"<Code>([A-Za-z]{1,50})</Code>", re.ASCII)
_NO_BUCKET = "NoSuchBucket"


class S3Blobs:
    """Implements `domain.ports.Blobs`."""

    def __init__(
        self, bucket: str, prefix: str = "", *, endpoint: str | None = None, region: str | None = None
    ) -> None:
        """Keep everything below *prefix* in *bucket*; asks nobody yet."""
        self._bucket, self._prefix, self._endpoint, self._region = bucket, prefix, endpoint, region

    def put(self, content: bytes) -> Digest:
        """See `Blobs.put`. An object that is there and damaged is written again."""
        if len(content) > BLOB_BYTES_MAX:
            raise MalformedValue(f"content of {len(content)} bytes, at most {BLOB_BYTES_MAX}")
        digest = Digest.of(content)
        try:
            if self._read(_key(digest)) == content:
                return digest
        except (FileNotFoundError, BrokenLedger):
            pass  # it is written below
        self._write(_key(digest), content)
        return digest

    def get(self, digest: Digest) -> bytes:
        """See `Blobs.get`."""
        try:
            content = self._read(_key(digest))
        except FileNotFoundError as absent:
            raise EvidenceLost(f"the blob store has no {digest}") from absent
        if Digest.of(content) != digest:
            raise BrokenLedger(f"what the blob store has as {digest} is something else")
        return content

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        import obstore  # noqa: PLC0415 - only where it is used

        try:
            with _asking():
                obstore.head(self._store, _key(digest))
        except FileNotFoundError:
            return False
        return True

    def check(self) -> int | None:
        """See `Blobs.check`. Writes a small object, always the same."""
        self._write(PROBE, b"shiplog can write here\n")
        self._read(PROBE)
        with suppress(FileNotFoundError):  # Amazon's refuses to say so to whoever may not list the bucket
            self._read(ABSENT)
        return None

    def _read(self, key: str) -> bytes:
        """Return an object, unchecked; raises `FileNotFoundError`, and `BrokenLedger` for one too large."""
        import obstore  # noqa: PLC0415 - only where it is used

        with _asking():
            found = obstore.get(self._store, key)
            size = found.meta["size"]
            content = bytes(found.bytes()) if size <= BLOB_BYTES_MAX else None
        if content is None:
            raise BrokenLedger(f"the object {key} has {size} bytes, and nothing so large was put there")
        return content

    def _write(self, key: str, content: bytes) -> None:
        import obstore  # noqa: PLC0415 - only where it is used

        try:
            with _asking():
                obstore.put(self._store, key, content, use_multipart=False)
        except FileNotFoundError as wrong:
            raise _unavailable(wrong) from None

    @cached_property
    def _store(self) -> "S3Store":
        from obstore.store import S3Store  # noqa: PLC0415 - only where it is used

        return S3Store(
            self._bucket,
            prefix=self._prefix or None,
            config={
                **({"endpoint": self._endpoint} if self._endpoint else {}),
                **({"region": self._region} if self._region else {}),
            },
            client_options={
                "allow_http": (self._endpoint or "").startswith("http://"),
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=REQUEST_SECONDS),
            },
            retry_config={
                "max_retries": RETRIES_MAX,
                "retry_timeout": timedelta(seconds=RETRY_SECONDS),
                "backoff": BACKOFF,
            },
        )


def _key(digest: Digest) -> str:
    return f"{digest.hex[:2]}/{digest.hex[2:4]}/{digest.hex}"


@contextmanager
def _asking() -> Iterator[None]:
    """Raise `FileNotFoundError` for an object that is not there, `LedgerUnavailable` for anything else.

    Their words are the library's no longer: it quotes the answer, and some stores quote the request in it.
    """
    try:
        yield
    except FileNotFoundError as absent:
        if _code(absent) == _NO_BUCKET:
            raise _unavailable(absent) from None
        raise FileNotFoundError("no such object") from None
    except Exception as wrong:
        raise _unavailable(wrong) from None


def _unavailable(wrong: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"the S3 store of evidence does not serve: {_code(wrong) or type(wrong).__name__}"
    )


def _code(wrong: Exception) -> str | None:
    """Return the error code that the store answered with (Amazon S3 API reference, "Error responses")."""
    found = _CODE.search(str(wrong))
    return found and found[1]
