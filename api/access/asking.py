"""Whoever asks: who they are, and all that they may do at this moment."""

from collections.abc import Callable
from dataclasses import dataclass

from api.people.sessions import Session
from domain.access.authority import Authority
from domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Asking:
    """The caller of one request.

    As `api.idempotency.Caller` it is the actor *and* all that gives them something: what was answered to
    one who may do more is not given again to one who may do less, though both be the same actor.
    """

    actor: Actor
    authority: Authority
    session: Session | None = None
    """Of a person who presents one."""

    @property
    def issuer(self) -> str:
        """Who vouched for the subject."""
        return self.actor.issuer

    @property
    def subject(self) -> str:
        """The subject, and what they may do by which grant, binding or token."""
        given = (
            f"{each.by} {each.name} {' '.join(sorted(each.scopes))}" for each in self.authority.allowances
        )
        return "\n".join((self.actor.subject, *given))


StillAsking = Callable[[], Asking]
"""Looks at the credential of a request again: who asks, with all that they may do by now.

For whoever is answered for longer than a moment. Raises what it raised at first.
"""
