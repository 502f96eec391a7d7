"""Things kept until they expire, seen by every server of a ledger at once.

Each is sealed with a key that the servers share, under its place and its end: a row that somebody else wrote,
moved or prolonged is as if it were not there. Otherwise whoever can write to the database could be anybody.
"""

import hmac
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import TypeVar

import sqlalchemy as sa

from adapters.database.asked import Asked
from adapters.database.database import Database
from adapters.sessions.tables import PASSING
from domain import instant
from domain.digest import Digest
from domain.errors import ConflictingAppend

SWEEP_ADDED = 100
"""After how many additions of a process what has expired is deleted."""
SWEEP_MAX = 1000
"""How many are deleted at a time, so that nobody waits for it."""
_log = logging.getLogger(__name__)
_KEPT = Asked(
    sa.select(PASSING.c.content, PASSING.c.expires_at).where(
        PASSING.c.purpose == sa.bindparam("purpose"),
        PASSING.c.key == sa.bindparam("key"),
        PASSING.c.expires_at > sa.bindparam("now"),
    )
)
SEAL_BYTES = 32
"""HMAC-SHA256, before what is kept."""

Q = TypeVar("Q", sa.Delete, sa.Update)


class SqlPassing:
    """Implements `api.access.passing.Passing`. Safe to use from any thread."""

    def __init__(self, database: Database, *, now: Callable[[], datetime], secret: bytes) -> None:
        """Keep things in *database*, sealed with *secret*."""
        self._database = database
        self._secret = secret
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
            "content": self._sealed(purpose, key, content, instant.micros(until)),
            "expires_at": instant.micros(until),
        }
        try:
            with self._database.beside(durable=True) as connection:
                connection.execute(
                    self._at(sa.delete(PASSING), purpose, key).where(PASSING.c.expires_at <= self._micros())
                )
                connection.execute(sa.insert(PASSING), row)
        except ConflictingAppend:
            return False
        return True

    def get(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key*; None when there is nothing, or nothing any more."""
        asked = {"purpose": purpose, "key": bytes.fromhex(key.hex), "now": self._micros()}
        with self._database.reading() as connection:
            found = _KEPT.rows(connection, asked)
        return self._opened(purpose, key, *found[0]) if found else None

    def take(self, purpose: str, key: Digest) -> bytes | None:
        """Return what is kept under *key* and drop it: of many who ask at once, one gets it."""
        found = self.get(purpose, key)
        if found is None:
            return None
        with self._database.beside(durable=True) as connection:
            taken = connection.execute(self._at(sa.delete(PASSING), purpose, key)).rowcount
        return found if taken else None

    def replace(self, purpose: str, key: Digest, content: bytes, *, until: datetime) -> bool:
        """Keep *content* in place of what is there; False when there is nothing any more."""
        change = self._at(sa.update(PASSING), purpose, key).where(PASSING.c.expires_at > self._micros())
        with self._database.beside() as connection:
            sealed = self._sealed(purpose, key, content, instant.micros(until))
            changed = change.values(content=sealed, expires_at=instant.micros(until))
            return connection.execute(changed).rowcount > 0

    def drop(self, purpose: str, key: Digest) -> bool:
        """Forget what is kept under *key*; False when there is nothing."""
        with self._database.beside(durable=True) as connection:
            return connection.execute(self._at(sa.delete(PASSING), purpose, key)).rowcount > 0

    def drop_of(self, purpose: str, holder: Digest) -> Sequence[Digest]:
        """Forget all that *holder* has; returns the keys under which that was."""
        whose = sa.delete(PASSING).where(
            PASSING.c.purpose == purpose, PASSING.c.holder == bytes.fromhex(holder.hex)
        )
        with self._database.beside(durable=True) as connection:
            dropped = connection.execute(whose.returning(PASSING.c.key)).scalars().all()
        return [Digest(f"sha256:{bytes(key).hex()}") for key in dropped]

    def sweep(self) -> None:
        """Delete what has expired, the oldest first."""
        old = sa.select(PASSING.c.purpose, PASSING.c.key).where(PASSING.c.expires_at <= self._micros())
        with self._database.beside() as connection:
            found = connection.execute(old.order_by(PASSING.c.expires_at).limit(SWEEP_MAX)).all()
            for purpose, key in found:
                mine = sa.delete(PASSING).where(PASSING.c.purpose == purpose, PASSING.c.key == key)
                connection.execute(mine.where(PASSING.c.expires_at <= self._micros()))

    def _sealed(self, purpose: str, key: Digest, content: bytes, until: int) -> bytes:
        name = f"{purpose} {key} {until} ".encode()
        return hmac.digest(self._secret, name + content, "sha256") + content

    def _opened(self, purpose: str, key: Digest, sealed: bytes, until: int) -> bytes | None:
        content = bytes(sealed)[SEAL_BYTES:]
        if hmac.compare_digest(bytes(sealed), self._sealed(purpose, key, content, until)):
            return content
        _log.warning("what is kept as a %s was not written by this ledger", purpose)
        return None

    def _micros(self) -> int:
        return instant.micros(self._now())

    @staticmethod
    def _at(asked: Q, purpose: str, key: Digest) -> Q:
        return asked.where(PASSING.c.purpose == purpose, PASSING.c.key == bytes.fromhex(key.hex))
