"""Idempotency-Key: the same request sent twice is answered twice and done once.

Source: draft-ietf-httpapi-idempotency-key-header-07. A caller who lost the answer
sends the request again under the same key and gets the stored answer.

1. The first request takes the key before anything is done; another one is refused from then on.
2. The same request is given the stored answer. While there is none, because the first is under way or
   its process died, it is carried out as well: commands are idempotent by content.
3. A request that was refused lets the key go. One of which nobody knows whether it was recorded keeps it.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from api.refusals import FieldProblem, KeyReused, RequestRefused
from domain.errors import LedgerError, LedgerUnavailable

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
    """From 200 to 299: a refusal is never stored, so it may be tried again. 0: not answered yet."""
    headers: Mapping[str, str]
    """What the answer said besides its body, such as `Location`."""
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

    def claim(self, key: str, *, fingerprint: str) -> Answer | None:
        """Take *key*, 64 hex digits, for the request with *fingerprint*, for good until it is let go.

        Of several who try at once, one gets it: None. The others get what is kept under it.
        """
        ...

    def remember(
        self, key: str, *, fingerprint: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Store the answer to the request that has *key*; where one is stored already, that one stays."""
        ...

    def release(self, key: str, *, fingerprint: str) -> None:
        """Let *key* go, unless an answer is stored under it."""
        ...


class Keyed:
    """One request under its key: `begin` before it is carried out, and then one of the other two."""

    def __init__(
        self, answers: Answers, caller: Caller, key: str, request: tuple[str, str, bytes, bytes]
    ) -> None:
        """Speak of the *request*, its method, path, query and body, that *caller* sent under *key*."""
        self._answers = answers
        self._stored_as = storage_key(answers.secret, caller, key)
        self._mark = fingerprint(answers.secret, *request)
        self._mine = False

    def begin(self) -> Answer | None:
        """Return the answer to give again; None when the request is to be carried out (1, 2).

        Raises `KeyReused` when another request has the key.
        """
        kept = self._answers.claim(self._stored_as, fingerprint=self._mark)
        if kept is None:
            self._mine = True
            return None
        if kept.fingerprint != self._mark:
            raise KeyReused("this key was used before for another request")
        return kept if kept.status else None

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep the answer."""
        self._answers.remember(
            self._stored_as, fingerprint=self._mark, status=status, headers=headers, body=body
        )

    def refused(self, refusal: Exception) -> None:
        """Let the key go, when *refusal* says that nothing was recorded (3)."""
        certain = isinstance(refusal, RequestRefused | LedgerError)
        if self._mine and certain and not isinstance(refusal, LedgerUnavailable):
            self._answers.release(self._stored_as, fingerprint=self._mark)


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
