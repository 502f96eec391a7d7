"""The cookie that carries a session: read from a request, set and taken away by an answer."""

from collections.abc import Mapping
from typing import Any

from domain.errors import CredentialRefused

NAME = "__Host-shiplog"
"""With this beginning browsers take it only with `Secure`, for this host alone and for all of its paths, so
that no other host of the domain can plant one (RFC 6265bis, section 4.1.3.2). Chromium and Firefox hold
`http://127.0.0.1` and `http://localhost` for secure."""
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
TAKEN_AWAY = f"{NAME}=; {_ATTRIBUTES}; Max-Age=0"
"""The field `Set-Cookie` that has browsers forget it."""


def given(cookie: str) -> str:
    """Return the field `Set-Cookie` that gives a browser *cookie*, until it is closed."""
    return f"{NAME}={cookie}; {_ATTRIBUTES}"


def presented(environ: Mapping[str, Any], called: str = NAME) -> str | None:
    """Return the cookie of that name that a request presents; None when it presents none.

    Raises `CredentialRefused` when there are two: one of them may have been planted.
    """
    # A space is all that browsers put between them. What else Python takes for white space may begin a name
    # that another host of the domain planted: to browsers that does not begin with `__Host-`.
    pairs = (each.strip(" ").partition("=") for each in environ.get("HTTP_COOKIE", "").split(";"))
    found = [value for name, _, value in pairs if name == called]
    if len(found) > 1:
        raise CredentialRefused(f"{len(found)} cookies {called} in one request")
    return found[0] if found else None
