"""Idempotency-Key: the same request sent twice is answered twice and done once.

Source: draft-ietf-httpapi-idempotency-key-header-07. A caller who lost the answer
sends the request again under the same key and gets the stored answer. It is a
convenience on top of commands that are idempotent by content: when the process
dies between the append and `remember`, the retry reaches the command again.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from api.refusals import FieldProblem

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
FORM = r"^[\x21-\x7e]{1,255}$"
"""Visible ASCII, so that a key survives every proxy and log."""
_FORM = re.compile(r"[\x21-\x7e]{1,255}")


class Caller(Protocol):
    """Who asks, as far as this layer has to know; `domain.actor.Actor` is one."""

    @property
    def issuer(self) -> str:
        """Who vouched for the subject."""
        ...

    @property
    def subject(self) -> str:
        """Unique at the issuer and no further."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer, and the request it belongs to."""

    fingerprint: str
    """Keyed digest over method, path, query and body; 64 hex digits."""
    status: int
    """From 200 to 299: a refusal is never stored, so it may be tried again."""
    body: bytes


class Answers(Protocol):
    """Stored answers by key.

    Safe to call from several threads and processes. How long an answer is kept is
    the adapter's to say; a day is usual. A refusal of either call fails the request.
    """

    @property
    def secret(self) -> bytes:
        """What fingerprints are keyed with: 32 bytes that are not kept beside the answers."""
        ...

    def recall(self, key: str) -> Answer | None:
        """Return the answer stored under *key*, 64 hex digits; None when there is none."""
        ...

    def remember(self, key: str, *, fingerprint: str, status: int, body: bytes) -> None:
        """Store an answer under *key*; where one is stored already, that one stays."""
        ...


def key_problem(text: str) -> FieldProblem | None:
    """Return what is wrong with *text* as an Idempotency-Key."""
    if _FORM.fullmatch(text) is not None:
        return None
    return FieldProblem(header=HEADER, detail="expected 1 to 255 visible ASCII characters", code="pattern")


def storage_key(secret: bytes, caller: Caller, key: str) -> str:
    """Return the digest that *key* of *caller* is stored under: callers share no keys."""
    return _digest(secret, (caller.issuer.encode(), caller.subject.encode(), key.encode()))


def fingerprint(secret: bytes, method: str, path: str, query: bytes, body: bytes) -> str:
    """Return what makes two requests the same one.

    Keyed with *secret*: a body may hold a secret value, and a plain digest of it
    beside everything else it says would let anyone try guesses.
    """
    return _digest(secret, (method.encode(), path.encode(), query, body))


def _digest(secret: bytes, parts: Iterable[bytes]) -> str:
    """Return the HMAC-SHA256 of *parts*, each under its own digest so that none runs into the next."""
    return hmac.new(secret, b"".join(sha256(part).digest() for part in parts), "sha256").hexdigest()
