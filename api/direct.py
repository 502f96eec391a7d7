"""The short way to an operation, for a path that was answered before.

Flask matches the path, makes two contexts and asks its hooks, for a handler that needs none of them: a third
of what a small question costs. Here the first answer to a path goes that way, and is remembered with what
the path was matched to; from then on the operation is called at once. Refusals still leave through Flask.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, cast

import flask
from flask import Flask, Request, Response

from api.access.limits import Limits
from api.refusals import TooManyRequests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REMEMBERED_MAX = 4096
"""How many paths are remembered; the next one makes all of them forgotten."""
REMEMBERED_LENGTH_MAX = 200
"""Characters of a path that is remembered; longer ones name something that is seldom asked about twice."""


class Answering(Protocol):
    """One operation."""

    def __call__(self, request: Request, path: Mapping[str, object]) -> Response:
        """Answer *request*, with the parameters of its *path*."""
        ...


class Direct:
    """A WSGI application around Flask's."""

    def __init__(self, app: Flask, harden: Callable[[Response], Response], limits: Limits | None) -> None:
        """Stand before *app*, which serves what `view` returns.

        *limits* are met before anything is looked up; *harden* sets what every answer says.
        """
        self._app = app
        self._harden = harden
        self._limits = limits
        self._through_flask = app.wsgi_app
        self._remembered: dict[tuple[str, str], tuple[Answering, Mapping[str, object]]] = {}

    def view(self, answering: Answering) -> Callable[..., Response]:
        """Return the view for Flask that answers with *answering* and remembers the path."""

        def view(**path: object) -> Response:
            asked = flask.request
            response = answering(asked, path)
            raw = asked.environ["PATH_INFO"]
            if len(raw) <= REMEMBERED_LENGTH_MAX:
                if len(self._remembered) >= REMEMBERED_MAX:
                    self._remembered = {}
                self._remembered[asked.method, raw] = answering, path
            return response

        return view

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, see PEP 3333."""
        if self._limits is not None:
            try:
                self._limits.arrived(environ)
            except TooManyRequests as refusal:
                return self._refused(refusal, environ)(environ, start_response)
        found = self._remembered.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if found is None or environ.get("SCRIPT_NAME"):
            return self._through_flask(environ, start_response)
        answering, path = found
        request = self._app.request_class(environ)
        try:
            response = self._harden(answering(request, path))
        except Exception as refusal:  # whatever it is, as `answer_refusals` says
            response = self._refused(refusal, environ)
        if response.status_code != HTTPStatus.OK or not response.is_sequence or request.method == "HEAD":
            return response(environ, start_response)
        start_response(response.status, response.headers.to_wsgi_list())  # what that comes to for all others
        return cast("Iterable[bytes]", response.response)

    def _refused(self, refusal: Exception, environ: "WSGIEnvironment") -> Response:
        with self._app.request_context(environ):
            return self._app.finalize_request(self._app.handle_user_exception(refusal))
