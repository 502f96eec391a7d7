"""A token that opens any ledger of these tests that it was issued in."""

from datetime import timedelta
from typing import Any

from adapters.clock import utc_now
from api import wiring
from api.access import opaque
from api.access.opaque import OpaqueKind
from api.settings import Settings
from domain.access.access import Access
from domain.access.fold import fold
from domain.access.reach import Reach
from domain.access.scopes import FOR_PEOPLE, Scope
from domain.commands.issue_token import IssueToken, issue_token
from domain.identity import Identity
from domain.ports import Ledger
from domain.stream import ACCESS

EVERYTHING = tuple(sorted(set(Scope) - FOR_PEOPLE))
"""All that a token may hold."""
HOLDER = Identity("shiplog:account", "tests")


def token_text(id_: str, letter: str = "A") -> str:
    """Return a token in the form of ours, with the *id_* of 12 letters and one secret *letter*."""
    front = f"{OpaqueKind.API}_{id_}_{letter * opaque.SECRET_LENGTH}"
    return f"{front}_{opaque._check(front)}"


TOKEN = token_text("ForTheseTest")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def issue(
    ledger: Ledger,
    text: str = TOKEN,
    *,
    scopes: tuple[Scope, ...] = EVERYTHING,
    reach: Reach | None = None,
    holder: Identity = HOLDER,
    cidrs: tuple[str, ...] = (),
) -> None:
    """Issue the token *text* in *ledger*, unless it was before."""
    token = opaque.parse(text)
    assert token is not None
    access = ledger.load(ACCESS, fold) or Access()
    if token.id in access.tokens:
        return
    command = IssueToken(
        actor=wiring.OPERATOR,
        token=token.id,
        name="tests",
        holder=holder,
        scopes=scopes,
        reach=reach or Reach(),
        expires_at=max(ledger.now(), access.at) + timedelta(days=30),
        cidrs=cidrs,
        secret=token.secret,
    )
    issue_token(command, ledger=ledger)


def issue_in(settings: Settings, text: str = TOKEN, *, now: wiring.Now = utc_now, **limits: Any) -> None:
    """Issue the token *text* in the ledger that *settings* name, with *limits* as `issue` takes them."""
    services = wiring.wire(settings, now=now)
    try:
        issue(services.ledger, text, **limits)
    finally:
        services.close()
