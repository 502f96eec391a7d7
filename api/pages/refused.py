"""Refusals as pages, for whoever reads them in a browser; the same words as the problem has."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Request, Response

from api.pages.rendering import rendered
from api.people import cookie
from api.problems import KINDS, MEDIA_TYPE, Kind, Problem
from api.refusals import LoginRefused
from domain.errors import FreshLoginNeeded

_OFFERED = (MEDIA_TYPE, "application/json", "text/html")


def wants_page(request: Request) -> bool:
    """Whether *request* would rather have a page than a problem in JSON: as browsers say, and no program."""
    if "text/html" not in request.environ.get("HTTP_ACCEPT", ""):
        return False
    return request.accept_mimetypes.best_match(_OFFERED) == "text/html"


def refusal_page(kind: Kind, problem: Problem, request: Request, headers: Mapping[str, str]) -> Response:
    """Return the page of *problem*; a session that has ended is taken out of the browser with it."""
    said = dict(headers)
    fresh = kind is KINDS[FreshLoginNeeded]  # they are known, and have to show it once more
    unknown = problem.status == HTTPStatus.UNAUTHORIZED and not fresh
    if unknown and cookie.NAME in request.environ.get("HTTP_COOKIE", ""):
        said["Set-Cookie"] = cookie.TAKEN_AWAY
    refused = kind is KINDS[LoginRefused]
    told = {"kind": kind, "problem": problem, "unknown": unknown, "fresh": fresh, "refused": refused}
    return rendered("refused.html", problem.status, said, **told)
