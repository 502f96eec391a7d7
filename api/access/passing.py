"""The port to what is kept until it expires, and seen by every server of a ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.digest import Digest


class Passing(Protocol):
    """Things under a purpose and a key. Safe to use from any thread and process.

    Durable on return, but for what is replaced. Nothing is given out any more at its `until`, nor what
    somebody else wrote. Raises `LedgerUnavailable` when the database is not there.
    """

    def add(
        self, purpose: str, key: Digest, content: bytes, *, until: datetime, holder: Digest | None = None
    ) -> bool:
        """Keep *content* under *key*; False, and nothing changes, when something is there already."""
        ...

    def get(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key*; None when there is nothing, or nothing any more."""
        ...

    def take(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key* and drop it: of many who ask at once, one gets it."""
        ...

    def replace(self, purpose: str, key: Digest, content: bytes, *, until: datetime) -> bool:
        """Keep *content* in place of what is there; False when there is nothing any more."""
        ...

    def drop(self, purpose: str, key: Digest) -> bool:
        """Forget what is kept under *key*; False when there is nothing."""
        ...

    def drop_of(self, purpose: str, holder: Digest) -> Sequence[Digest]:
        """Forget all that *holder* has; returns the keys under which that was."""
        ...
