"""Things kept until they expire, seen by every server of a ledger at once."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import TypeVar

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.sessions.tables import PASSING
from domain import instant
from domain.digest import Digest
from domain.errors import ConflictingAppend

SWEEP_ADDED = 100
"""After how many additions of a process what has expired is deleted."""
SWEEP_MAX = 1000
"""How many are deleted at a time, so that nobody waits for it."""
_CONTENT = sa.select(PASSING.c.content)

Q = TypeVar("Q", sa.Select[bytes], sa.Delete, sa.Update)


class SqlPassing:
    """Implements `api.access.passing.Passing`. Safe to use from any thread."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        """Keep things in *database*."""
        self._database = database
        self._now = now
        self._added = count(1)

    def add(
        self, purpose: str, key: Digest, content: bytes, *, until: datetime, holder: Digest | None = None
    ) -> bool:
        """Keep *content* under *key*; False, and nothing changes, when something is there."""
        if next(self._added) % SWEEP_ADDED == 0:
            self.sweep()
        row = {
            "purpose": purpose,
            "key": bytes.fromhex(key.hex),
            "holder": None if holder is None else bytes.fromhex(holder.hex),
            "content": content,
            "expires_at": instant.micros(until),
        }
        try:
            with self._database.beside() as connection:
                connection.execute(
                    self._at(sa.delete(PASSING), purpose, key).where(PASSING.c.expires_at <= self._micros())
                )
                connection.execute(sa.insert(PASSING), row)
        except ConflictingAppend:
            return False
        return True

    def get(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key*; None when there is nothing, or nothing any more."""
        asked = self._at(_CONTENT, purpose, key).where(PASSING.c.expires_at > self._micros())
        with self._database.reading() as connection:
            found = connection.execute(asked).first()
        return None if found is None else bytes(found[0])

    def take(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key* and drop it: of many who ask at once, one gets it."""
        found = self.get(purpose, key)
        if found is None:
            return None
        with self._database.beside() as connection:
            taken = connection.execute(self._at(sa.delete(PASSING), purpose, key)).rowcount
        return found if taken else None

    def replace(self, purpose: str, key: Digest, content: bytes, *, until: datetime) -> bool:
        """Keep *content* in place of what is there; False when there is nothing any more."""
        change = self._at(sa.update(PASSING), purpose, key).where(PASSING.c.expires_at > self._micros())
        with self._database.beside() as connection:
            changed = change.values(content=content, expires_at=instant.micros(until))
            return connection.execute(changed).rowcount > 0

    def drop(self, purpose: str, key: Digest) -> None:
        """Forget what is kept under *key*."""
        with self._database.beside() as connection:
            connection.execute(self._at(sa.delete(PASSING), purpose, key))

    def drop_of(self, purpose: str, holder: Digest) -> int:
        """Forget all that *holder* has; returns how many that were."""
        whose = sa.delete(PASSING).where(
            PASSING.c.purpose == purpose, PASSING.c.holder == bytes.fromhex(holder.hex)
        )
        with self._database.beside() as connection:
            return connection.execute(whose).rowcount

    def sweep(self) -> None:
        """Delete what has expired, the oldest first."""
        old = sa.select(PASSING.c.purpose, PASSING.c.key).where(PASSING.c.expires_at <= self._micros())
        with self._database.beside() as connection:
            found = connection.execute(old.order_by(PASSING.c.expires_at).limit(SWEEP_MAX)).all()
            for purpose, key in found:
                mine = sa.delete(PASSING).where(PASSING.c.purpose == purpose, PASSING.c.key == key)
                connection.execute(mine.where(PASSING.c.expires_at <= self._micros()))

    def _micros(self) -> int:
        return instant.micros(self._now())

    @staticmethod
    def _at(asked: Q, purpose: str, key: Digest) -> Q:
        return asked.where(PASSING.c.purpose == purpose, PASSING.c.key == bytes.fromhex(key.hex))
