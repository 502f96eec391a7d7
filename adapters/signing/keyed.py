"""Keyed digests: equal things look equal, and nobody without the key can guess them."""

import hmac
from pathlib import Path
from secrets import token_bytes

from adapters.signing.keys import check_private, write_private
from domain.errors import KeyUnusable

KEY_BYTES = 32


class HmacDigests:
    """Implements `domain.ports.KeyedDigests` with HMAC-SHA256 (RFC 2104).

    Whoever holds the key can test guesses against secret values and names in
    the record; without it they are only equal or different.
    """

    def __init__(self, key: bytes) -> None:
        """Use *key*, 32 random bytes."""
        if len(key) != KEY_BYTES:
            raise KeyUnusable(f"the digest key has {len(key)} bytes, expected {KEY_BYTES}")
        self._key = key

    @classmethod
    def from_file(cls, path: Path, what: str = "digest key") -> "HmacDigests":
        """Read the key, *what* it is, from *path*; raises `KeyUnusable`, also when others may read it."""
        check_private(path, what)
        try:
            return cls(path.read_bytes())
        except OSError as wrong:
            raise KeyUnusable(f"the {what} {path} cannot be read: {wrong.strerror}") from wrong

    def secret(self, key: str, value: str) -> str:
        """See `domain.ports.KeyedDigests`."""
        return f"hmac-sha256:{self._digest('secret', key, value)}"

    def person(self, name: str) -> str:
        """See `domain.ports.KeyedDigests`."""
        return f"person:{self._digest('person', name)}"

    def derived(self, purpose: str) -> bytes:
        """Return another key, for *purpose* alone."""
        return bytes.fromhex(self._digest("derived", purpose))

    def _digest(self, *parts: str) -> str:
        framed = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.new(self._key, framed, "sha256").hexdigest()


def generate(path: Path) -> None:
    """Make a new digest key in *path*, readable by its owner alone."""
    write_private(path, token_bytes(KEY_BYTES))
