"""An identity: the issuer that vouches, and the subject it vouches for."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from domain import names
from domain.errors import MalformedValue

_ADDRESS = re.compile(r"[^@\s/:]+@[^@\s/:]+\.[^@\s/:]+")
_AUTHOR = re.compile(r"[^<>]*<([^<>]+)>")


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """One name of somebody or something.

    `sub` values are unique per issuer and no further (OpenID Connect Core 1.0, section 2). One person may
    have several identities: a login, an account at a forge, the address in Git's commits.
    """

    issuer: str
    subject: str

    def __post_init__(self) -> None:
        """Refuse what names nobody, and an e-mail address in clear: the record cannot be erased."""
        names.line(self.issuer, "issuer")
        names.line(self.subject, "subject")
        if looks_like_an_address(self.subject):
            raise MalformedValue("the subject is an e-mail address, expected its keyed digest")

    def __str__(self) -> str:
        """Return the subject and who vouches for it."""
        return f"{self.subject} of {self.issuer}"


@dataclass(frozen=True, slots=True)
class Named:
    """An identity as a reporter names it: the subject may be an e-mail address, and is digested then."""

    issuer: str
    subject: str = field(repr=False)
    """`49699333`, `ann@acme.example`, or as Git writes an author, of which the address counts:
    `Ann <ann@acme.example>`."""

    def recorded(self, keyed: Callable[[str], str]) -> Identity:
        """Return it as the record may hold it; raises `MalformedValue` for what may be somebody's name."""
        found = _AUTHOR.fullmatch(self.subject)
        subject = self.subject if found is None else found[1]
        if len(subject.split()) > 1:
            raise MalformedValue("the subject has more than one word, expected a number or an e-mail address")
        return recorded(self.issuer, subject, keyed)


def looks_like_an_address(text: str) -> bool:
    """Whether *text* is an e-mail address, which names a person."""
    return _ADDRESS.fullmatch(text) is not None


def recorded(issuer: str, subject: str, keyed: Callable[[str], str]) -> Identity:
    """Return the identity as the record may hold it: an e-mail address enters as its *keyed* digest."""
    return Identity(issuer, keyed(subject) if looks_like_an_address(subject) else subject)
