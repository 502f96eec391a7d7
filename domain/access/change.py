"""Changes of access: what can be proposed, and settled."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain import instant, names
from domain.access.binding import Binding
from domain.access.bots import Bot, NotBot
from domain.access.issuer import TrustedIssuer
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.webhook import RemoveWebhook, Webhook
from domain.errors import ContradictoryReport, MalformedValue
from domain.identity import Identity


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Whoever the issuer says, at a login, is in a group of that name."""

    issuer: str
    name: str

    def __post_init__(self) -> None:
        """Refuse a group without a name."""
        names.line(self.issuer, "issuer")
        names.line(self.name, "group", length_max=names.NAME_LENGTH_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A person, or everyone in a group, gets a role."""

    role: Role
    reach: Reach
    holder: Identity | None = None
    group: Group | None = None
    since: datetime | None = None
    """None: as soon as it is confirmed."""
    until: datetime | None = None
    """The first instant at which it is over; None: until it is revoked."""

    def __post_init__(self) -> None:
        """Refuse a grant to nobody, and one that is over before it begins."""
        if (self.holder is None) == (self.group is None):
            raise ContradictoryReport("give the identity that gets the role, or the group")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ContradictoryReport("the grant would end before it begins")


@dataclass(frozen=True, slots=True)
class RevokeGrant:
    """A grant ends."""

    number: int
    """Of the proposal that made it."""


@dataclass(frozen=True, slots=True)
class DropIssuer:
    """Nothing an issuer says is listened to any more; its bindings are of no use."""

    url: str


@dataclass(frozen=True, slots=True)
class RemoveBinding:
    """A binding ends, and so does what was exchanged under it."""

    name: str


class Joined(StrEnum):
    """How it is known that two identities are one person."""

    BOTH_LOGINS = "both-logins"
    """They logged in with both, one right after the other."""
    DIRECTORY = "directory"
    """The organisation's directory says so."""
    FORGE = "forge"
    """The forge says so: it verified the address, or the account is managed."""
    STATED = "stated"
    """Somebody says so."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two identities are of one person."""

    one: Identity
    other: Identity
    how: Joined

    def __post_init__(self) -> None:
        """Refuse to link an identity with itself."""
        _pair(self.one, self.other)


@dataclass(frozen=True, slots=True)
class Unlink:
    """Two identities were linked by mistake."""

    one: Identity
    other: Identity

    def __post_init__(self) -> None:
        """Refuse one identity."""
        _pair(self.one, self.other)


Said = (
    Grant
    | RevokeGrant
    | TrustedIssuer
    | DropIssuer
    | Binding
    | RemoveBinding
    | Link
    | Unlink
    | Webhook
    | RemoveWebhook
    | Bot
    | NotBot
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Exactly one of these."""

    grant: Grant | None = None
    revoke_grant: RevokeGrant | None = None
    issuer: TrustedIssuer | None = None
    drop_issuer: DropIssuer | None = None
    binding: Binding | None = None
    remove_binding: RemoveBinding | None = None
    link: Link | None = None
    unlink: Unlink | None = None
    webhook: Webhook | None = None
    remove_webhook: RemoveWebhook | None = None
    bot: Bot | None = None
    not_bot: NotBot | None = None

    def __post_init__(self) -> None:
        """Refuse nothing, and two things at once."""
        count = sum(getattr(self, field.name) is not None for field in fields(self))
        if count != 1:
            raise ContradictoryReport(f"a change of access is exactly one thing, not {count}")

    @property
    def said(self) -> Said:
        """The one thing that changes."""
        said: Said = next(filter(None, (getattr(self, field.name) for field in fields(self))))
        return said

    def document(self) -> dict[str, Any]:
        """Return what it says, as a report's fingerprint takes it."""
        return asdict(self, dict_factory=_document)


def pair(one: Identity, other: Identity) -> tuple[Identity, Identity]:
    """Return the two in order: a link has no direction."""
    return (one, other) if one < other else (other, one)


def _pair(one: Identity, other: Identity) -> None:
    if one == other:
        raise MalformedValue("a link is between two identities")


def _document(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        name: instant.text(value) if isinstance(value, datetime) else value
        for name, value in pairs
        if value is not None
    }
