"""The port to what is kept until it expires, and seen by every server of a ledger."""

from datetime import datetime
from typing import Protocol

from domain.digest import Digest


class Passing(Protocol):
    """Things under a purpose and a key. Durable on return; safe to use from any thread and process.

    Nothing is given out any more at its `until`. Raises `LedgerUnavailable` when the database is not there.
    """

    def add(
        self, purpose: str, key: Digest, content: bytes, *, until: datetime, holder: Digest | None = None
    ) -> bool:
        """Keep *content* under *key*; False, and nothing changes, when something is there already."""
        ...

    def get(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key*; None when there is nothing, or nothing any more."""
        ...
