"""Waivers on record: asked for by one, approved by others, and over at a day that is named."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from domain import names, report
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import ContradictoryReport, MalformedValue
from domain.event import Event
from domain.policy.freeze import ANY, PLACES_MAX
from domain.policy.rule import RULE_ID


@dataclass(frozen=True, kw_only=True)
class WaiverRequested(Event):
    """Somebody asks that a violation be accepted for a while."""

    topic: ClassVar[str] = "waiver-requested.v1"

    number: int
    rule: str
    term: str
    """The handle of one violation, or `*` for every one of the rule."""
    environments: tuple[str, ...]
    services: tuple[str, ...]
    artifact: Digest | None = None
    """None: whatever is released."""
    reason: str
    ticket: str
    expires_at: datetime

    def __post_init__(self) -> None:
        """Refuse what does not say what is waived, where, why and until when."""
        if RULE_ID.fullmatch(self.rule) is None:
            raise MalformedValue(f"not the id of a rule: {self.rule[:60]!r}")
        names.line(self.term, "term")
        names.line(self.reason, "reason")
        names.line(self.ticket, "ticket", length_max=names.NAME_LENGTH_MAX)
        _check_names(self.environments, "environment")
        _check_names(self.services, "service")
        if self.expires_at <= self.occurred_at:
            raise ContradictoryReport("the waiver would end before it begins")

    def natural_key(self) -> Digest:
        """Return the key of this request."""
        return report.key(self.topic, str(self.number))


@dataclass(frozen=True, kw_only=True)
class WaiverApproved(Event):
    """One more person accepts it."""

    topic: ClassVar[str] = "waiver-approved.v1"

    number: int
    reason: str | None = None

    def natural_key(self) -> Digest:
        """Return the key of what this person says of this waiver, which they say once."""
        return report.key(self.topic, str(self.number), self.actor.issuer, self.actor.subject)


@dataclass(frozen=True, kw_only=True)
class WaiverRevoked(Event):
    """It is not accepted any more, or it never will be."""

    topic: ClassVar[str] = "waiver-revoked.v1"

    number: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse what gives no reason."""
        names.line(self.reason, "reason")

    def natural_key(self) -> Digest:
        """Return the key of its end."""
        return report.key(self.topic, str(self.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A waiver that was asked for."""

    number: int
    rule: str
    term: str
    environments: tuple[str, ...]
    services: tuple[str, ...]
    artifact: Digest | None
    reason: str
    ticket: str
    requested_at: datetime
    expires_at: datetime
    requester: Actor
    approvers: tuple[Actor, ...] = ()
    revoked_at: datetime | None = None
    version: int

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be approved, or holds."""
        return self.revoked_at is None and at < self.expires_at

    def concerns(self, environment: str) -> bool:
        """Whether it is about *environment*."""
        return self.environments == (ANY,) or environment in self.environments

    def approved(self, by: Actor) -> "Requested":
        """Return it with one more approval."""
        return replace(self, approvers=(*self.approvers, by))


def _check_names(values: tuple[str, ...], what: str) -> None:
    if not 0 < len(values) <= PLACES_MAX or len(set(values)) < len(values):
        raise MalformedValue(f"expected 1 to {PLACES_MAX} {what}s, none of them twice, or {ANY} alone")
    if values != (ANY,):
        for value in values:
            names.key(value, what)
