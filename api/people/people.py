"""Everything about people that the ways in use."""

from dataclasses import dataclass

from api.people.local import LocalLogin
from api.people.names import PeopleNames
from api.people.origin import Origin
from api.people.sessions import Sessions
from api.people.sign_on import SignOn
from api.people.visitors import Visitors


@dataclass(frozen=True, slots=True)
class Way:
    """A way to log in, as the page offers it."""

    label: str
    path: str
    """Where its link leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who they are, by which session, and what they are called."""

    sessions: Sessions
    names: PeopleNames
    local: LocalLogin
    origin: Origin
    sign_on: SignOn | None = None
    """None when no provider was named."""
    ways: tuple[Way, ...] = ()
    """Besides a link that is printed where the ledger's files are."""

    @property
    def visitors(self) -> Visitors:
        """What the guard asks for the session of a request."""
        return Visitors(self.sessions, self.origin)
