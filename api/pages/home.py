"""Where people come to who only know the ledger's address."""

from flask import Response

from api.pages.page import Visit, page
from api.pages.rendering import moved


@page("GET", "/", is_open=True)
def home(_: Visit) -> Response:
    """Lead to who one is to this ledger, or from there to the login."""
    return moved("/session")


PAGES = (home,)
