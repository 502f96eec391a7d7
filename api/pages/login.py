"""Log in: the ways there are, and the one by a link that was printed where the ledger's files are."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response

from api.pages import forms
from api.pages.entering import entered
from api.pages.page import Visit, page
from api.pages.rendering import rendered
from api.people import back
from api.people.local import PATH
from api.people.people import Way
from api.refusals import LoginRefused


@page("GET", "/login", is_open=True)
def login(visit: Visit) -> Response:
    """Show the ways to log in; `fresh=1`: to prove again who one is, `to`: where a login leads."""
    said = forms.query(visit.request)
    back.checked(said.get("to"))
    query = handed_on(said)
    ways = [Way(each.label, each.path + query) for each in visit.services.people.ways]
    return rendered("login.html", ways=ways, fresh=said.get("fresh") == "1")


def handed_on(said: Mapping[str, str]) -> str:
    """Return the query that says what a login is for, where another page *said* it."""
    asked = {name: text for name, text in said.items() if name in ("to", "fresh")}
    return f"?{urlencode(asked)}" if asked else ""


@page("GET", PATH, is_open=True)
def local_link(visit: Visit) -> Response:
    """Show the button that a printed link leads to: whoever only looks at the link does not use it up."""
    return rendered("login_local.html", code=_code(forms.query(visit.request)), path=PATH)


@page("POST", PATH, is_open=True)
def local_login(visit: Visit) -> Response:
    """Log in whom the code of a printed link is for."""
    return entered(visit, visit.services.people.local.take(_code(visit.form)))


def _code(said: Mapping[str, str]) -> str:
    if not said.get("code"):
        raise LoginRefused("the link has no code: copy all of it")
    return said["code"]


PAGES = (login, local_link, local_login)
