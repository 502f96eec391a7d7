"""Who did something, as far as the ledger could establish."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from domain import names
from domain.errors import ContradictoryReport, MalformedValue
from domain.identity import Identity, looks_like_an_address

CLAIMS_MAX = 40
"""How many claims of a credential are kept: those that say which run of what it was."""
METHODS_MAX = 10
"""How many ways of proving who they are one login may have used."""

_CLAIM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./:-]{0,99}", re.ASCII)
_DISPLAY = re.compile(r"person:[0-9a-f]{64}", re.ASCII)
_CREDENTIAL = re.compile(r"[0-9A-Za-z]{8,32}|sha256:[0-9a-f]{64}", re.ASCII)


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


class Method(StrEnum):
    """How the identity was established."""

    OIDC = "oidc"
    """A token that the issuer signed, and that was exchanged for one of ours."""
    SESSION = "session"
    """A login in a browser."""
    TOKEN = "token"  # noqa: S105 - the name of a method, not a credential
    """An API token."""
    LOCAL = "local"
    """A link that was printed where the server runs."""
    EMBEDDED = "embedded"
    """The ledger's files lay open."""


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One thing the issuer said about the identity. A list of values is as many claims of one name."""

    name: str
    value: str

    def __post_init__(self) -> None:
        """Refuse what is not one line under one name."""
        if _CLAIM.fullmatch(self.name) is None:
            raise MalformedValue(f"not the name of a claim: {self.name[:120]!r}")
        names.line(self.value, f"claim {self.name}")


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity, and how it was established.

    Two actors are the same only when issuer and subject agree, which is what `identity` compares. Names of
    people do not belong here: the record is signed and cannot be erased.
    """

    kind: ActorKind
    issuer: str
    subject: str
    display: str | None = None
    """Keyed digest of the name that people know it by: `person:…`."""
    method: Method | None = None
    claims: tuple[Claim, ...] | None = None
    """Some of what the issuer said, in order of name and value; None for nothing."""
    auth_time: datetime | None = None
    """When the person last proved who they are; as are the next two, of a person alone."""
    acr: str | None = None
    """How much that proof is worth, in the issuer's words."""
    amr: tuple[str, ...] | None = None
    """By what it was given: `pwd`, `otp`, `hwk` (RFC 8176)."""
    credential: str | None = None
    """The id of an API token, or the SHA-256 of the token presented; never the credential."""
    on_behalf_of: Identity | None = None
    """Who asked it to."""

    def __post_init__(self) -> None:
        """Refuse an identity that names nobody, and what is said in more than one spelling."""
        names.line(self.issuer, "issuer")
        names.line(self.subject, "subject")
        if self.display is not None and _DISPLAY.fullmatch(self.display) is None:
            raise MalformedValue("a display name is recorded as its keyed digest, person: and 64 hex digits")
        if self.credential is not None and _CREDENTIAL.fullmatch(self.credential) is None:
            raise MalformedValue("a credential is recorded by its id or its SHA-256, never as it is")
        if self.claims is not None:
            _check_order(self.claims, "claims", CLAIMS_MAX)
        if self.amr is not None:
            _check_order(self.amr, "amr", METHODS_MAX)
        for text in (*(self.amr or ()), *(() if self.acr is None else (self.acr,))):
            names.line(text, "acr or amr", length_max=names.NAME_LENGTH_MAX)
        if self.kind is ActorKind.PERSON:
            self._check_no_address()
        elif (self.auth_time, self.acr, self.amr) != (None, None, None):
            raise ContradictoryReport(f"auth_time, acr and amr are said of a person, not of a {self.kind}")

    @property
    def identity(self) -> Identity:
        """What makes two actors the same."""
        return Identity(self.issuer, self.subject)

    def said(self, claim: str) -> tuple[str, ...]:
        """Return every value that the issuer gave for *claim*."""
        return tuple(each.value for each in self.claims or () if each.name == claim)

    def _check_no_address(self) -> None:
        texts = (self.subject, *(claim.value for claim in self.claims or ()))
        if any(map(looks_like_an_address, texts)):
            raise MalformedValue("an e-mail address of a person is recorded as its keyed digest")


def _check_order(values: Sequence[Claim] | Sequence[str], what: str, count_max: int) -> None:
    """Refuse what has another spelling: no values but not None, some twice, or out of order."""
    if not 0 < len(values) <= count_max:
        raise MalformedValue(f"{len(values)} {what}, expected 1 to {count_max}, or none at all")
    if any(not one < other for one, other in pairwise(values)):  # type: ignore[operator]  # both are of one type
        raise MalformedValue(f"{what} are expected in ascending order, none of them twice")
