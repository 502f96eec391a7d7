"""Who did something, as far as the ledger could establish."""

from dataclasses import dataclass
from enum import StrEnum

from domain import names


class ActorKind(StrEnum):
    """How much the identity is worth."""

    WORKLOAD = "workload"
    """A machine that proved who it is."""
    PERSON = "person"
    """Someone who logged in."""
    TOKEN = "token"  # noqa: S105 - the name of a kind, not a credential
    """Whoever holds a shared secret."""
    OPERATOR = "operator"
    """Whoever can open the ledger's files; the embedded command line."""
    ANONYMOUS = "anonymous"
    """Nobody asked: a server that does not authenticate yet."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity: the issuer that vouched, and its subject.

    Two actors are the same only when issuer and subject agree; `sub` values are
    unique per issuer and no further (OpenID Connect Core 1.0, section 2). Names
    of people do not belong here: the record is signed and cannot be erased.
    """

    kind: ActorKind
    issuer: str
    subject: str

    def __post_init__(self) -> None:
        """Refuse an identity that names nobody."""
        names.line(self.issuer, "issuer")
        names.line(self.subject, "subject")
