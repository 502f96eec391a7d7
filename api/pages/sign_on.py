"""Log in at the provider, come back from it, and hear from it that somebody logged out."""

import logging
from collections.abc import Mapping

from flask import Response

from api.pages import forms
from api.pages.entering import entered
from api.pages.login import handed_on
from api.pages.page import Visit, page
from api.pages.rendering import moved
from api.pages.session import LOGIN
from api.people import back, cookie
from api.people.sign_on import CALLBACK, LIFE, PATH, SignOn
from api.refusals import FieldProblem, LoginRefused, MalformedRequest, UnknownPath
from api.texts import query_texts
from domain.errors import CredentialRefused, MalformedValue, ProviderUnavailable, SecretInClear

BROWSER = "__Host-shiplog-login"
"""The cookie by which the browser that began a login is known again."""
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_FORGET = f"{BROWSER}=; {_ATTRIBUTES}; Max-Age=0"
_CHOSEN = (None, "none", "same-origin")
"""What browsers say of an address that somebody typed, or of a link on our own pages (W3C Fetch Metadata)."""
_log = logging.getLogger(__name__)


@page("GET", PATH, is_open=True)
def begin_sign_on(visit: Visit) -> Response:
    """Send a browser to the login provider; with `fresh=1` so that whoever is there proves it again.

    Whom a page of somebody else's led here is asked first: the provider may remember them, and ask nothing.
    """
    sign_on = _configured(visit)
    said = forms.query(visit.request)
    to = back.checked(said.get("to"))
    if visit.request.environ.get("HTTP_SEC_FETCH_SITE") not in _CHOSEN:
        return moved(LOGIN + handed_on(said))
    try:
        begun = sign_on.begin(to, fresh=said.get("fresh") == "1")
    except ProviderUnavailable as unavailable:
        _log.error("no login was begun: %s", unavailable.why)
        raise
    given = f"{BROWSER}={begun.cookie}; {_ATTRIBUTES}; Max-Age={int(LIFE.total_seconds())}"
    return moved(begun.url, {"Set-Cookie": given})


@page("GET", CALLBACK, is_open=True)
def end_sign_on(visit: Visit) -> Response:
    """Take in the login provider's answer: who somebody is."""
    sign_on = _configured(visit)
    try:
        answer = _answer(visit.request.query_string)
        ended = sign_on.end(answer, cookie.presented(visit.request.environ, BROWSER))
        response = entered(visit, ended.login, ended.to)
    except CredentialRefused as refused:
        _log.warning("login refused: %s", refused.why)
        told = "the login did not establish who you are; its cause is in this server's log"
        raise LoginRefused(told, headers={"Set-Cookie": _FORGET}) from refused
    except (MalformedValue, SecretInClear) as refused:
        _log.warning("login refused: %s", refused)
        raise LoginRefused(str(refused), headers={"Set-Cookie": _FORGET}) from refused
    except ProviderUnavailable as unavailable:
        _log.error("login not ended: %s", unavailable.why)
        raise
    response.headers.add("Set-Cookie", _FORGET)
    return response


@page("POST", "/logout/backchannel", is_open=True, from_anywhere=True)
def backchannel_logout(visit: Visit) -> Response:
    """End the sessions of which the login provider says so (OpenID Connect Back-Channel Logout 1.0)."""
    sign_on = _configured(visit)
    try:
        ended = sign_on.said_logged_out(visit.form.get("logout_token", ""), visit.services.people.sessions)
    except CredentialRefused as refused:
        _log.warning("back-channel logout refused: %s", refused.why)
        raise MalformedRequest("the logout token is not accepted") from refused
    except ProviderUnavailable as unavailable:
        _log.error("back-channel logout not taken in: %s", unavailable.why)
        raise
    _log.info("the login provider ended %d sessions", ended)
    return Response(b"", 200)


def _answer(query: bytes) -> Mapping[str, list[str]]:
    said = query_texts(query)
    if isinstance(said, FieldProblem):
        raise CredentialRefused(f"the answer cannot be read: {said.detail}")
    return said


def _configured(visit: Visit) -> SignOn:
    if visit.services.people.sign_on is None:
        raise UnknownPath("people do not log in at a provider here: SHIPLOG_OIDC_ISSUER is not set")
    return visit.services.people.sign_on


PAGES = (begin_sign_on, end_sign_on, backchannel_logout)
