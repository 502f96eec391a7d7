"""Tokens of ours that a workload's own was exchanged for: what is kept of them while they are good."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from api.access import opaque
from api.access.asking import Asking
from api.access.opaque import Opaque, OpaqueKind
from api.access.passing import Passing
from domain.access.access import Access
from domain.access.authority import Allowance, Authority, authority
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import CredentialRefused

PURPOSE = "exchanged"
REMEMBERED_MAX = 4096
"""How many a server remembers; the next one makes all of them forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """Who has it, and what it stands on: what it may do is looked up whenever it is used."""

    actor: Actor
    binding: str
    number: int
    """Of the proposal that made the binding what it was then: said anew, it is another one."""
    scopes: tuple[Scope, ...] | None = None
    """To which it was narrowed; None: all that the binding gives."""
    until: datetime
    """The first instant at which it is not good any more."""


_DOCUMENT = TypeAdapter(Exchanged)


def hand_out(passing: Passing, exchanged: Exchanged) -> str:
    """Return a new token for *exchanged*."""
    text, token = opaque.generate(OpaqueKind.EXCHANGED)
    content = _DOCUMENT.dump_json(exchanged, exclude_none=True)
    kept = passing.add(PURPOSE, token.secret, content, until=exchanged.until)
    assert kept, "256 random bits are not drawn twice"
    return text


class ExchangedTokens:
    """Those that are presented to a server. Safe to use from any thread.

    One that was looked up is remembered: nothing ends it before its time but its binding, and what that
    gives is asked of the ledger each time.
    """

    def __init__(self, passing: Passing) -> None:
        """Look them up in *passing*."""
        self._passing = passing
        self._remembered: dict[Digest, Exchanged] = {}

    def presented(self, token: Opaque, access: Access, at: datetime) -> Asking:
        """Return who presents *token*, with what its binding gives by now.

        Raises `CredentialRefused` when it is unknown or has ended, and when the binding ended or changed.
        """
        known = self._remembered.get(token.secret) or self._looked_up(token)
        if at >= known.until:
            raise CredentialRefused(f"exchanged token {token.id} has expired")
        held = access.bindings.get(known.binding)
        if held is None or held.number != known.number:
            raise CredentialRefused(f"binding {known.binding} of exchanged token {token.id} ended or changed")
        given = authority(access, known.actor, at, binding=known.binding)
        return Asking(known.actor, given if known.scopes is None else _narrowed(given, known.scopes))

    def _looked_up(self, token: Opaque) -> Exchanged:
        content = self._passing.get(PURPOSE, token.secret)
        if content is None:
            raise CredentialRefused(f"exchanged token {token.id} is unknown, or has expired")
        known = _DOCUMENT.validate_json(content)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered = {}
        self._remembered[token.secret] = known
        return known


def _narrowed(given: Authority, scopes: tuple[Scope, ...]) -> Authority:
    kept = (
        Allowance(each.scopes.intersection(scopes), each.reach, each.by, each.name, each.events)
        for each in given.allowances
    )
    return Authority(tuple(kept), given.clash)
