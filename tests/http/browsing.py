"""A browser without a screen: it keeps the cookie of a session, and says where its forms come from."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.people import cookie
from tests.http.world import World

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What Chromium accepts."""
HOME = "http://localhost"
_GIVEN = re.compile(rf"{cookie.NAME}=([^;]*); Path=/; Secure; HttpOnly; SameSite=Lax(; Max-Age=0)?")
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass
class Browser:
    """One browser of somebody, at one server."""

    app: Flask
    cookie: str | None = None

    def open(self, path: str, method: str = "GET", **sent: Any) -> TestResponse:
        """Ask for *path*, as a browser does, and keep the cookie of the answer."""
        headers = {"Accept": HTML, **self.carried(), **sent.pop("headers", {})}
        client: FlaskClient = self.app.test_client(use_cookies=False)
        answer = client.open(path, method=method, headers=headers, **sent)
        for field in answer.headers.getlist("Set-Cookie"):
            if field.startswith(f"{cookie.NAME}="):
                given = _GIVEN.fullmatch(field)
                assert given is not None, field
                self.cookie = None if given[2] else given[1]
        return answer

    def submit(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        """Send *form* from a page of ours, unless *headers* say otherwise."""
        return self.open(path, "POST", data=form, headers={**ours(), **headers})

    def json(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        """Ask as a script of our pages would, without the session's token."""
        return self.open(path, method, json=body, headers={"Accept": "*/*", **ours(), **headers})

    def carried(self) -> dict[str, str]:
        """Return the field with the cookie, if there is one."""
        return {} if self.cookie is None else {"Cookie": f"{cookie.NAME}={self.cookie}"}

    def hidden(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the form at *path*."""
        answer = self.open(path)
        assert answer.status_code == 200, answer.text
        return {name: unescape(value) for name, value in _HIDDEN.findall(answer.text)}

    @property
    def csrf(self) -> str:
        """The token that forms of this session repeat."""
        return self.hidden("/session")["csrf"]


def ours() -> dict[str, str]:
    """Return what a browser says of a form of our own pages."""
    return {"Origin": HOME, "Sec-Fetch-Site": "same-origin"}


def browser(world: World) -> Browser:
    """Return a browser that nobody used before."""
    return Browser(world.client.application)


def logged_in(world: World, name: str, using: Browser | None = None) -> Browser:
    """Return a browser, or *using* one, in which *name* logged in by a printed link."""
    used = using or browser(world)
    code = world.services.people.local.offer(name)
    answer = used.submit("/login/local", used.hidden(f"/login/local?code={code}"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/session"), answer.text
    return used
