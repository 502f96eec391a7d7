"""Addresses on the web that the ledger itself talks to: in secret, or to this machine."""

import re
from urllib.parse import urlsplit

from domain import names
from domain.errors import MalformedValue

LENGTH_MAX = 500
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,252}[a-z0-9_])?|[0-9a-f:]+:[0-9a-f:.]*", re.ASCII)


def secure(text: str, what: str) -> str:
    """Return *text* when it is an https URL of a host and a path; http is for this machine alone.

    Raises `MalformedValue`, also for a user, a password, a query or a fragment in it: it stays in the
    record for ever, and none of these belongs there.
    """
    names.line(text, what, length_max=LENGTH_MAX)
    try:
        parts = urlsplit(text)
        host = parts.hostname
        plain = text.isascii() and "@" not in parts.netloc and not (parts.query or parts.fragment)
        plain = plain and parts.port != 0
    except ValueError:
        host, plain = None, False
    secured = text.startswith("https://") or (text.startswith("http://") and host in LOOPBACK)
    named = host is not None and _HOST.fullmatch(host) is not None
    if not (named and plain and secured) or any(sign in text for sign in " ?#\\"):
        raise MalformedValue(f"not the {what} of anybody: {text[:120]!r}, expected an https URL")
    return text
