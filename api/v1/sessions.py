"""Sessions and names of people, for programs: what the pages do, in JSON."""

import logging

from api.access.asking import Asking
from api.fields import Output
from api.operations import operation
from api.services import Services
from api.v1.access_bodies import IdentityBody
from domain.access.access import Access
from domain.access.fold import fold
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.errors import BrokenLedger, LedgerUnavailable, MalformedValue
from domain.stream import ACCESS

_log = logging.getLogger(__name__)


class SessionEndedShape(Output):
    """Whether there was a session to end; a token has none."""

    ended: bool


@operation("DELETE", "/v1/session", scope=None, refusals=(LedgerUnavailable,), tag="access")
def end_session(*, asking: Asking, services: Services) -> SessionEndedShape:
    """Log out whoever asks: their cookie is worth nothing from then on, at any server.

    With a session this needs the header `X-Shiplog-CSRF`, as everything does that changes something.
    """
    if asking.session is not None:
        services.people.sessions.leave(asking.session)
    return SessionEndedShape(ended=asking.session is not None)


class SessionsEndedShape(Output):
    """How many there were."""

    ended: int


@operation(
    "POST",
    "/v1/access/sessions:end",
    scope=Scope.ACCESS_PROPOSE,
    refusals=(BrokenLedger, LedgerUnavailable, MalformedValue),
    tag="access",
)
def end_sessions(*, body: IdentityBody, actor: Actor, services: Services) -> SessionsEndedShape:
    """Log somebody out, in every browser and by whichever of their identities they logged in.

    What they were granted stays: revoke that as well, or they log in again.
    """
    access = services.ledger.load(ACCESS, fold) or Access()
    whose = body.value(services)
    sessions = services.people.sessions
    ended = sum(sessions.end_of(each.issuer, subject=each.subject) for each in access.person_of(whose))
    _log.info("%s ended %d sessions of %s", actor.identity, ended, whose)
    return SessionsEndedShape(ended=ended)


class NameForgottenShape(Output):
    """Whether a name was known."""

    forgotten: bool


@operation(
    "POST",
    "/v1/access/names:forget",
    scope=Scope.ACCESS_PROPOSE,
    refusals=(LedgerUnavailable, MalformedValue),
    tag="access",
)
def forget_name(*, body: IdentityBody, services: Services) -> NameForgottenShape:
    """Erase the name that somebody is known by. They are told by their issuer's subject from then on.

    The record has no names of people, only keyed digests of them. At their next login somebody is asked, and
    kept, again.
    """
    return NameForgottenShape(forgotten=services.people.names.forget(body.value(services)))


OPERATIONS = (end_session, end_sessions, forget_name)
