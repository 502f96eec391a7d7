"""Answers kept under an `Idempotency-Key`, so that a retried request is answered the same."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.database.database import Database
from adapters.ledger.tables import ANSWER
from domain import instant
from domain.errors import ConflictingAppend

Kept = tuple[str, int, Mapping[str, str], bytes]
"""Fingerprint, status (0: not answered yet), header fields and body."""

UNDER_WAY = 0
CLAIMS_MAX = 5
KEPT_SECONDS = 86_400
"""How long an answer is kept; told again later, a report is still recorded only once."""
SWEEP_CLAIMS = 250
"""After how many claims of a process what is older than that is deleted."""
SWEEP_ANSWERS_MAX = 1000
"""How many are deleted at a time, so that nobody waits for it."""
_KEPT = sa.select(ANSWER.c.fingerprint, ANSWER.c.status, ANSWER.c.headers, ANSWER.c.body)


class SqlAnswers:
    """Implements `api.idempotency.Answers`; the first request under a key has it."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        """Keep answers in *database*."""
        self._database = database
        self._now = now
        self._claims = count(1)

    def claim(self, key: str, *, fingerprint: str) -> Kept | None:
        """Take *key* (64 hex digits) for a request; return what is kept under it when it is taken."""
        values = {
            "key": bytes.fromhex(key),
            "fingerprint": bytes.fromhex(fingerprint),
            "status": UNDER_WAY,
            "headers": b"{}",
            "body": b"",
            "kept_at": instant.micros(self._now()),
        }
        if next(self._claims) % SWEEP_CLAIMS == 0:
            self.sweep()
        for _ in range(CLAIMS_MAX):
            try:
                with self._database.beside() as connection:
                    connection.execute(sa.insert(ANSWER), values)
            except ConflictingAppend:
                if (found := self._recall(key)) is not None:
                    return found
                continue  # whoever had it was refused, and let it go just now
            return None
        raise ConflictingAppend("others keep using this Idempotency-Key")

    def remember(
        self, key: str, *, fingerprint: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Keep the answer to the request that has *key*, unless one is kept already.

        Two equal requests may be carried out at once, and one of them be refused and let the key go.
        """
        answered = {
            "status": status,
            "headers": orjson.dumps(dict(headers)),
            "body": body,
            "kept_at": instant.micros(self._now()),
        }
        mine = self._under_way(sa.update(ANSWER), key, fingerprint).values(**answered)
        with self._database.beside() as connection:
            if connection.execute(mine).rowcount:
                return
        taken = {"key": bytes.fromhex(key), "fingerprint": bytes.fromhex(fingerprint), **answered}
        with suppress(ConflictingAppend), self._database.beside() as connection:
            connection.execute(sa.insert(ANSWER), taken)

    def release(self, key: str, *, fingerprint: str) -> None:
        """Let *key* go, because its request was refused."""
        with self._database.beside() as connection:
            connection.execute(self._under_way(sa.delete(ANSWER), key, fingerprint))

    def sweep(self) -> None:
        """Delete what was kept for longer than `KEPT_SECONDS`, the oldest first."""
        before = instant.micros(self._now()) - KEPT_SECONDS * 1_000_000
        old = sa.select(ANSWER.c.key).where(ANSWER.c.kept_at < before).order_by(ANSWER.c.kept_at)
        with self._database.beside() as connection:
            keys = connection.scalars(old.limit(SWEEP_ANSWERS_MAX)).all()
            if keys:
                connection.execute(sa.delete(ANSWER).where(ANSWER.c.key.in_(keys)))

    def _recall(self, key: str) -> Kept | None:
        with self._database.reading() as connection:
            found = connection.execute(_KEPT.where(ANSWER.c.key == bytes.fromhex(key))).first()
        if found is None:
            return None
        fingerprint, status, headers, body = found
        return bytes(fingerprint).hex(), status, orjson.loads(bytes(headers)), bytes(body)

    @staticmethod
    def _under_way(change: Any, key: str, fingerprint: str) -> Any:
        return change.where(
            ANSWER.c.key == bytes.fromhex(key),
            ANSWER.c.fingerprint == bytes.fromhex(fingerprint),
            ANSWER.c.status == UNDER_WAY,
        )
