"""Pages served by a Flask app.

What happens to a request, step by step; each step is labelled in the code:

1. a form is read within its bound, for it may hold the token that a session needs;
2. on an open page, it must come from a page of ours, unless it brings its own proof;
3. on any other, who is asking: by `api.access.guard`, which asks for both of a session;
4. the page answers.
"""

import logging
from collections.abc import Callable, Iterable

import flask
from flask import Flask, Request, Response

from api.mount import Authenticate
from api.pages import forms
from api.pages.page import Page, Visit
from api.people.visitors import FORM_TOKEN
from api.refusals import NotOurForm
from api.services import Services

_log = logging.getLogger(__name__)


def serve(app: Flask, pages: Iterable[Page], *, services: Services, authenticate: Authenticate) -> None:
    """Serve *pages* on *app*; *authenticate* says who is asking."""
    for page in pages:
        app.add_url_rule(
            page.path,
            f"page.{page.name}",
            _view(page, services, authenticate),
            methods=[page.method],
            provide_automatic_options=False,
        )


def _view(page: Page, services: Services, authenticate: Authenticate) -> Callable[[], Response]:
    def view() -> Response:
        request = flask.request
        form = forms.read(request) if page.method == "POST" else {}  # 1
        asking = None
        if not page.is_open:
            if "csrf" in form:
                request.environ[FORM_TOKEN] = form["csrf"]
            asking = authenticate(request)  # 3
        elif page.method == "POST" and not page.from_anywhere:
            _check_ours(request, services)  # 2
        return page.handler(Visit(request, services, form, asking))  # 4

    return view


def _check_ours(request: Request, services: Services) -> None:
    try:
        services.people.origin.check(request.environ)
    except NotOurForm as refused:
        _log.warning("form refused, sent to %s: %s", request.path, refused)
        raise
