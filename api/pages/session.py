"""Who I am to this ledger, what I may do, since when; and leaving."""

from dataclasses import dataclass

from flask import Response

from api.access.asking import Asking
from api.pages.page import Visit, page
from api.pages.rendering import moved, rendered
from api.people import cookie
from api.people.sessions import IDLE
from domain.access.access import Access
from domain.access.authority import GROUPS, Allowance, By
from domain.access.fold import fold
from domain.actor import Method
from domain.stream import ACCESS

LOGIN = "/login"
LEAVING = {"Set-Cookie": cookie.TAKEN_AWAY, "Clear-Site-Data": '"cache"'}
"""What a browser is told at a logout: answers about the past that it keeps are not for whoever comes next."""
KNOWN_BY = {
    Method.SESSION: "a login at the issuer",
    Method.LOCAL: "a link that was printed where the ledger's files are",
    Method.TOKEN: "an API token",
    Method.OIDC: "a token of its platform",
    Method.EMBEDDED: "the ledger's files lying open",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that gives somebody something."""

    what: str
    """The role; scopes where it is none."""
    reach: str
    by: str


@page("GET", "/session")
def session(visit: Visit) -> Response:
    """Show who is asking, what they may do, and since when."""
    asking = visit.visitor
    actor = asking.actor
    access = visit.services.ledger.load(ACCESS, fold) or Access()
    return rendered(
        "session.html",
        name=visit.services.people.names.of([actor.identity]).get(actor.identity, actor.subject),
        actor=actor,
        by=KNOWN_BY[actor.method] if actor.method else "nothing",
        groups=actor.said(GROUPS),
        rows=_rows(asking, access),
        clash=asking.authority.clash,
        session=asking.session,
        idle_minutes=int(IDLE.total_seconds()) // 60,
    )


@page("POST", "/logout")
def logout(visit: Visit) -> Response:
    """End the session of whoever asks, at every server; and lead to where that of the provider ends."""
    people = visit.services.people
    if visit.visitor.session is not None:
        people.sessions.leave(visit.visitor.session)
    farewell = None
    if people.sign_on is not None and visit.visitor.actor.method is Method.SESSION:
        farewell = people.sign_on.farewell(people.origin.url + LOGIN)
    if farewell is None:
        return moved(LOGIN, LEAVING)
    # A page, for from a form of ours browsers follow no redirection to another host: its policy forbids it.
    return rendered("left.html", headers=LEAVING, farewell=farewell)


def _rows(asking: Asking, access: Access) -> list[Row]:
    return [
        Row(_what(each, access), str(each.reach), f"{each.by} {each.name}")
        for each in asking.authority.allowances
    ]


def _what(allowance: Allowance, access: Access) -> str:
    if allowance.by is By.GRANT and (held := access.grants.get(int(allowance.name))) is not None:
        return held.said.role.value
    return ", ".join(sorted(allowance.scopes))


PAGES = (session, logout)
