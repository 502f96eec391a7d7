"""Answers kept under an `Idempotency-Key`, so that a retried request is answered the same."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.ledger.tables import ANSWER
from domain import instant
from domain.errors import ConflictingAppend


class SqlAnswers:
    """Implements `api.idempotency.Answers`; the first answer under a key stays."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        """Keep answers in *database*."""
        self._database = database
        self._now = now

    def recall(self, key: str) -> tuple[str, int, bytes] | None:
        """Return fingerprint, status and body of the answer kept under *key* (64 hex digits)."""
        query = sa.select(ANSWER.c.fingerprint, ANSWER.c.status, ANSWER.c.body)
        with self._database.reading() as connection:
            found = connection.execute(query.where(ANSWER.c.key == bytes.fromhex(key))).first()
        return found and (bytes(found.fingerprint).hex(), found.status, bytes(found.body))

    def remember(self, key: str, *, fingerprint: str, status: int, body: bytes) -> None:
        """Keep an answer under *key*, unless one is kept already."""
        values = {
            "key": bytes.fromhex(key),
            "fingerprint": bytes.fromhex(fingerprint),
            "status": status,
            "body": body,
            "kept_at": instant.micros(self._now()),
        }
        try:
            with self._database.appending() as connection:
                connection.execute(sa.insert(ANSWER), values)
        except ConflictingAppend:
            return  # another request with the same key was answered first, and its answer stays
