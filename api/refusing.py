"""How refusals leave the application: as problem details, whatever raised them.

Registered on the app, so that pages and operations answer alike; a blueprint with
a handler of its own is asked first. Nothing of an unexpected failure is shown but
an identifier, under which it is logged.
"""

import logging
from collections.abc import Mapping
from secrets import token_hex
from urllib.parse import quote

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from api.pages.refused import refusal_page, wants_page
from api.problems import MEDIA_TYPE, kind_of, problem_of
from api.refusals import (
    MalformedRequest,
    MethodNotOffered,
    RequestRefused,
    TooLarge,
    TooManyWaiting,
    Unauthenticated,
    Unexpected,
    UnknownPath,
)
from domain.access.fresh import SECONDS_MAX
from domain.errors import CredentialRefused, FreshLoginNeeded, LedgerError, NotPermitted

RETRY_AFTER_SECONDS = 1
PATH_SAFE = "/!$&'()*+,;=:@~"
"""What a path may hold besides letters, digits and -._ (RFC 3986, section 3.3)."""
SERVER_ERROR_FROM = 500
UNAVAILABLE = 503
CHALLENGES: Mapping[type[Exception], str] = {
    Unauthenticated: 'Bearer realm="shiplog"',
    CredentialRefused: 'Bearer realm="shiplog", error="invalid_token"',
    NotPermitted: 'Bearer realm="shiplog", error="insufficient_scope"',
    FreshLoginNeeded: (
        f'Bearer realm="shiplog", error="insufficient_user_authentication", max_age="{SECONDS_MAX}"'
    ),
}
"""What `WWW-Authenticate` says (RFC 6750, section 3; RFC 9470, section 3)."""

WHO_ASKS = "shiplog.who"
"""Where in the environment of a request its actor is, once that is known."""
_FORBIDDEN = 403
_log = logging.getLogger(__name__)


def answer_refusals(app: Flask) -> None:
    """Answer every exception raised under *app* with its problem."""
    app.register_error_handler(RequestRefused, problem_response)
    app.register_error_handler(LedgerError, problem_response)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_bug)


def problem_response(refusal: Exception) -> Response:
    """Return *refusal* as `application/problem+json`, or as a page to whoever would rather have that.

    A class without a row is a bug.
    """
    kind = kind_of(type(refusal))
    if kind is None:
        return _of_bug(refusal)
    problem = problem_of(refusal, instance=quote(request.path, safe=PATH_SAFE))
    headers = dict(refusal.headers) if isinstance(refusal, RequestRefused) else {}
    if problem.status >= SERVER_ERROR_FROM and not isinstance(refusal, Unexpected | TooManyWaiting):
        _log.error("%s: %s", type(refusal).__name__, refusal)
    if problem.status == _FORBIDDEN and (actor := request.environ.get(WHO_ASKS)) is not None:
        who = f"{actor.kind} {actor.subject} of {actor.issuer}"
        _log.warning("%s, who asked for %s: %s: %s", who, request.endpoint, kind.slug, refusal)
    if problem.status == UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    if type(refusal) in CHALLENGES:
        headers["WWW-Authenticate"] = CHALLENGES[type(refusal)]
    if wants_page(request):
        return refusal_page(kind, problem, request, headers)
    return Response(
        problem.model_dump_json(exclude_none=True),
        problem.status,
        headers,
        content_type=MEDIA_TYPE,
    )


def _of_http(error: HTTPException) -> Response:
    """Return what Flask and Werkzeug refuse, in our words; a redirection stays one."""
    match error:
        case NotFound():
            return problem_response(UnknownPath(f"nothing is served at {request.path!r}"))
        case MethodNotAllowed():
            offered = ", ".join(sorted(error.valid_methods or ()))
            refusal = MethodNotOffered(
                f"{request.method} is not offered here, expected one of: {offered}",
                headers={"Allow": offered},
            )
            return problem_response(refusal)
        case RequestEntityTooLarge():
            return problem_response(TooLarge("the request is larger than this server reads"))
        case _ if error.code is not None and error.code < 400:  # noqa: PLR2004 - a redirection
            moved = error.get_response()
            return Response(status=moved.status_code, headers=moved.headers)
        case _ if error.code is not None and error.code < SERVER_ERROR_FROM:
            return problem_response(MalformedRequest(error.name.lower()))
        case _:
            return _of_bug(error)


def _of_bug(error: Exception) -> Response:
    incident = token_hex(8)
    _log.error("unexpected failure %s in %s", incident, request.endpoint, exc_info=error)
    return problem_response(Unexpected(f"logged as {incident}"))
