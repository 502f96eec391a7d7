"""Access: who may do what, as the stream has established it. Everything is closed that is not here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from domain import instant
from domain.access.binding import Binding
from domain.access.bots import Bot
from domain.access.change import Grant, Group
from domain.access.issuer import TrustedIssuer
from domain.access.people import People, Person
from domain.access.proposal import Proposal
from domain.access.token import ApiToken
from domain.access.webhook import Webhook
from domain.errors import ProposalClosed, UnknownAccess, UnknownProposal
from domain.identity import Identity
from domain.revised import RevisedMap

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """Something that was confirmed and holds."""

    said: T
    number: int
    """Of the proposal."""
    since: datetime
    """When it was confirmed."""
    events: tuple[int, ...]
    """Versions of the events that proposed and confirmed it."""


@dataclass(frozen=True, slots=True)
class Access:
    """The folded stream. What has ended is not in it; only tokens stay, so that none comes back."""

    version: int = 0
    at: datetime = instant.EARLIEST
    """When the last event happened. Events of this stream never happen before those in front of them."""
    numbers: int = 0
    """How many changes were proposed."""
    open: tuple[Proposal, ...] = ()
    """Proposals that nobody settled, the first one first; some may have expired."""
    grants: RevisedMap[int, Held[Grant]] = field(default_factory=RevisedMap)
    """By number."""
    grants_of: RevisedMap[Identity | Group, tuple[int, ...]] = field(default_factory=RevisedMap)
    issuers: RevisedMap[str, Held[TrustedIssuer]] = field(default_factory=RevisedMap)
    """By URL."""
    bindings: RevisedMap[str, Held[Binding]] = field(default_factory=RevisedMap)
    """By name."""
    bindings_for: RevisedMap[tuple[str, str], tuple[str, ...]] = field(default_factory=RevisedMap)
    """Names, by issuer and the value of the claim by which bindings to it are found."""
    people: People = field(default_factory=People)
    bots: RevisedMap[Identity, Held[Bot]] = field(default_factory=RevisedMap)
    tokens: RevisedMap[str, ApiToken] = field(default_factory=RevisedMap)
    """By id; the revoked and the expired as well."""
    tokens_of: RevisedMap[Identity, tuple[str, ...]] = field(default_factory=RevisedMap)
    """Ids of those that were live when the holder's last one was issued."""
    webhooks: RevisedMap[str, Held[Webhook]] = field(default_factory=RevisedMap)
    """By name."""
    webhooks_begun: RevisedMap[str, int] = field(default_factory=RevisedMap)
    """Version of the event from which on each is told, by name: said again, it goes on."""

    def person_of(self, identity: Identity) -> Person:
        """Return all identities of whoever has *identity*."""
        return self.people.person_of(identity)

    def grants_to(self, *holders: Identity | Group) -> tuple[Held[Grant], ...]:
        """Return what was granted to any of *holders*, over or not yet begun as well."""
        return tuple(self.grants[number] for each in holders for number in self.grants_of.get(each, ()))

    def tokens_held(self, person: Person, at: datetime) -> tuple[ApiToken, ...]:
        """Return the tokens of *person* that are live at *at*."""
        ids = (id_ for identity in person for id_ in self.tokens_of.get(identity, ()))
        return tuple(token for token in map(self.tokens.__getitem__, ids) if token.is_live(at))

    def proposal(self, number: int, at: datetime) -> Proposal:
        """Return the proposal of that *number*, if it can still be settled at *at*.

        Raises `UnknownProposal`, and `ProposalClosed` when it was settled or has expired.
        """
        if not 1 <= number <= self.numbers:
            raise UnknownProposal(f"no change of access has the number {number}, the last is {self.numbers}")
        found = next((each for each in self.open if each.number == number), None)
        if found is None or at >= found.expires_at:
            raise ProposalClosed(f"proposal {number} was settled, or has expired: propose it again")
        return found

    def token(self, id_: str) -> ApiToken:
        """Return the token; raises `UnknownAccess`."""
        if id_ not in self.tokens:
            raise UnknownAccess(f"there is no token {id_[:40]!r}")
        return self.tokens[id_]


def begins(held: Held[Grant]) -> datetime:
    """Return when a grant begins: not before it was confirmed, whatever it says."""
    return max(held.since, held.said.since or held.since)


def ends(grant: Grant) -> datetime:
    """Return when a grant is over; long after everything, if it does not say."""
    return grant.until or instant.LATEST


def in_force(held: Held[Grant], at: datetime) -> bool:
    """Whether a grant holds at *at*."""
    return begins(held) <= at < ends(held.said)
