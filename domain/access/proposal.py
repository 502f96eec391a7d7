"""Proposals: a change of access waits for a second person, unless one alone may make it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from domain import report
from domain.access.change import Change, DropIssuer, RemoveBinding, RevokeGrant
from domain.access.webhook import RemoveWebhook
from domain.actor import Actor, ActorKind
from domain.digest import Digest
from domain.event import Event
from domain.identity import Identity

LIFE_DAYS = 7
"""For how long a proposal can be confirmed."""


@dataclass(frozen=True, kw_only=True)
class AccessProposed(Event):
    """Somebody wants access to change."""

    topic: ClassVar[str] = "access-proposed.v1"

    number: int
    """1 for the ledger's first proposal, then without gaps; what it grants is called by it."""
    change: Change
    reason: str

    def natural_key(self) -> Digest:
        """Return the key of this proposal."""
        return report.key(self.topic, str(self.number))


@dataclass(frozen=True, kw_only=True)
class AccessSettled(Event):
    """A proposal was confirmed, and holds from here on; or it was turned down.

    Who made a change alone is seen from the actor of both events.
    """

    topic: ClassVar[str] = "access-settled.v1"

    number: int
    confirmed: bool
    reason: str | None = None

    def natural_key(self) -> Digest:
        """Return the key of the end of this proposal."""
        return report.key(self.topic, str(self.number))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that waits."""

    number: int
    change: Change
    reason: str
    proposed_by: Actor
    proposers: tuple[Identity, ...]
    """All identities that the proposer was known by at that time."""
    proposed_at: datetime
    version: int
    """Of the event that proposed it."""

    @property
    def expires_at(self) -> datetime:
        """The first instant at which it cannot be confirmed any more."""
        return self.proposed_at + timedelta(days=LIFE_DAYS)


def is_made_alone(change: Change, actor: Actor) -> bool:
    """Whether *actor* needs nobody else: it only takes away, or the ledger's files lie open to them."""
    takes_away = isinstance(change.said, RevokeGrant | DropIssuer | RemoveBinding | RemoveWebhook)
    return takes_away or actor.kind is ActorKind.OPERATOR
