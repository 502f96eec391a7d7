"""Pages declared once: what a function shows, and who may see it.

`@page` turns a function into a `Page`, which is data, as `@operation` does: a module offers a tuple of them,
`api.pages.serving` serves them, and the permission table lists them. A page that is not open is shown to
whoever says who they are, by a session or by a token; what they may see of it is for the page to ask.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc

from flask import Request, Response

from api.access.asking import Asking
from api.operations import Permission
from api.services import Services


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page."""

    request: Request
    services: Services
    form: Mapping[str, str]
    """What the form says, each field once; empty but for a POST."""
    asking: Asking | None
    """Who asks; None on an open page, which does not want to know."""

    @property
    def visitor(self) -> Asking:
        """Who asks, on a page that is not open."""
        assert self.asking is not None, "nobody comes here without saying who they are"
        return self.asking


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """One method on one path."""

    method: str
    path: str
    handler: Handler
    is_open: bool
    """Whether anyone may ask, without saying who they are."""
    from_anywhere: bool
    """Whether a form comes from somewhere else than our pages, and carries its own proof."""

    @property
    def name(self) -> str:
        """The name of the handler; unique among pages."""
        return self.handler.__name__

    @property
    def permission(self) -> Permission:
        """Its row of the permission matrix."""
        summary = (getdoc(self.handler) or self.name).partition("\n")[0].rstrip(".")
        return Permission(frozenset(), self.is_open, self.method, self.path, self.name, summary, fresh=False)


def page(
    method: str, path: str, *, is_open: bool = False, from_anywhere: bool = False
) -> Callable[[Handler], Page]:
    """Declare the decorated function to be a page; see `Page` for the words."""
    assert is_open or not from_anywhere, "whoever has a session sends our forms alone"

    def declared(handler: Handler) -> Page:
        return Page(method=method, path=path, handler=handler, is_open=is_open, from_anywhere=from_anywhere)

    return declared
