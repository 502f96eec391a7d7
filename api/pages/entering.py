"""Somebody has logged in, by whatever way: they get a session of their own, and a cookie for it."""

import logging
from contextlib import suppress

from flask import Response

from api.pages.page import Visit
from api.pages.rendering import moved
from api.people import cookie
from api.people.back import HOME
from api.people.sessions import Login
from domain.errors import CredentialRefused

_log = logging.getLogger(__name__)


def entered(visit: Visit, login: Login, to: str = HOME) -> Response:
    """Begin the session of *login* in place of the one that the browser had, and lead to the path *to*."""
    before = None
    with suppress(CredentialRefused):  # two cookies: the new one takes the place of ours
        before = cookie.presented(visit.request.environ)
    begun = visit.services.people.sessions.begin(login, replaces=before)
    _log.info("logged in: %s", login.actor.identity)
    return moved(to, {"Set-Cookie": cookie.given(begun)})
