"""What telling webhooks needs from the world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.access.delivery import Attempt, Outcome, Standing


class Deliveries(Protocol):
    """How far each webhook has been told, seen by every server of a ledger; and the newest attempts.

    Safe to use from any thread and process. Raises `LedgerUnavailable` when the database is not there.
    """

    def standing(self) -> Sequence[Standing]:
        """Return how every webhook stands, by name."""
        ...

    def begin(self, name: str, begun: int, position: int) -> None:
        """Have *name*, as it is since version *begun* of access, told of what follows *position*.

        Nothing changes when it is told already.
        """
        ...

    def end(self, name: str) -> None:
        """Forget *name*, and its attempts."""
        ...

    def claim(self, name: str, holder: str, until: datetime) -> Standing | None:
        """Return how *name* stands, for *holder* alone until then.

        None when it is paused, not due, or somebody else's who said so and whose time is not up.
        """
        ...

    def reached(
        self, standing: Standing, holder: str, until: datetime, attempt: Attempt | None = None
    ) -> bool:
        """Keep how it stands, and the *attempt*. False, and it stays, when it is not *holder*'s any more."""
        ...

    def release(self, name: str, holder: str) -> None:
        """Let others tell *name* at once."""
        ...

    def change(self, name: str, change: Callable[[Standing], Standing]) -> Standing | None:
        """Keep what *change* makes of how *name* stands, whoever holds it; None when there is none."""
        ...

    def log(self, attempt: Attempt) -> None:
        """Keep an attempt that changes nothing."""
        ...

    def attempts(self, name: str, *, before: int | None, limit: int) -> Sequence[tuple[int, Attempt]]:
        """Return attempts, numbered, the newest first; only those with a number below *before*."""
        ...


class Sender(Protocol):
    """The way out. Safe to use from any thread."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post *body* to *url*, within a bounded time, and tell what came of it; never raises.

        Sends only to whom it may: what a name stands for is looked at, and what is not public refused.
        """
        ...


class Keys(Protocol):
    """Ed25519 keys, a pair for each webhook and number. Raises `KeyUnusable`."""

    def sign(self, webhook: str, key: int, content: bytes) -> bytes:
        """Return the signature of *content*."""
        ...

    def public(self, webhook: str, key: int) -> bytes:
        """Return the 32 bytes of the public key."""
        ...


@dataclass(frozen=True, slots=True)
class Webhooks:
    """All of it."""

    deliveries: Deliveries
    sender: Sender
    keys: Keys
    topics: frozenset[str]
    """Of every event there can be."""
