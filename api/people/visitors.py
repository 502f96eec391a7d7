"""Whoever comes with a session, as the guard asks: nobody does it who did not mean to.

A browser adds the cookie to whatever any page has it send. So a page of somebody else's gets no answer, and
what changes something must come from a page of ours (`api.people.origin`) and repeat what only those were
told: the session's token, in the field `X-Shiplog-CSRF` or the form's `csrf`.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request

from api.people import cookie
from api.people.origin import Origin
from api.people.sessions import Session, Sessions
from api.refusals import NotOurForm

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing here."""
FORM_TOKEN = "shiplog.csrf"  # noqa: S105 - the name of a place
"""Where in the environment of a request its form's token was put by whoever read the form."""

UNATTENDED = "shiplog.unattended"
"""Where in the environment of a request it is marked as one that a page makes by itself, again and again: it
is no sign that somebody is there, and a session ends as if nothing were heard of it."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Says whose session a request is of. Safe to use from any thread."""

    sessions: Sessions
    origin: Origin

    def session(self, request: Request) -> Session | None:
        """Return the session of *request*; None when it presents none.

        Raises `CredentialRefused` when that has ended, and `NotOurForm` when it is not meant.
        """
        presented = cookie.presented(request.environ)
        if presented is None:
            return None
        if request.method in SAFE:
            self.origin.check_asked(request.environ)
        session = self.sessions.presented(presented, heard=UNATTENDED not in request.environ)
        if request.method not in SAFE:
            self.origin.check(request.environ)
            check_token(request.environ, session)
        return session


def check_token(environ: Mapping[str, Any], session: Session) -> None:
    """Refuse a request that does not repeat the token of *session*: `NotOurForm`."""
    said = environ.get("HTTP_X_SHIPLOG_CSRF", environ.get(FORM_TOKEN))
    if said is None:
        raise NotOurForm("the session's token is missing: X-Shiplog-CSRF, or csrf in a form")
    if not hmac.compare_digest(said.encode("utf-8", "replace"), session.csrf.encode()):
        raise NotOurForm("the token is not that of this session")
