"""Our own origin: whether a request comes from a page of ours, by what browsers say of it and scripts cannot.

`Sec-Fetch-Site` (W3C Fetch Metadata) and `Origin` (Fetch, section 3.2) are set by the browser. A form of our
pages has both, as `same-origin` and as our own origin: pages say `Referrer-Policy: same-origin`, for with
`no-referrer` the origin would be `null`, as it is for a sandboxed frame of anybody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.refusals import NotOurForm
from api.settings import is_loopback


@dataclass(frozen=True, slots=True)
class Origin:
    """Where people open the ledger."""

    url: str
    """SHIPLOG_PUBLIC_URL; empty: whichever name of this machine they chose, without TLS."""

    def check(self, environ: Mapping[str, Any]) -> None:
        """Refuse a request that no page of ours sent, or that does not say so: `NotOurForm`."""
        site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
        if site is None and origin is None:
            raise NotOurForm("neither Origin nor Sec-Fetch-Site says that a page of this ledger sent it")
        if site not in (None, "same-origin"):
            raise NotOurForm(f"Sec-Fetch-Site is {site[:40]!r}, expected 'same-origin'")
        if origin is not None and origin != (ours := self._ours(environ)):
            raise NotOurForm(f"Origin is {origin[:200]!r}, expected {ours!r}")

    def check_asked(self, environ: Mapping[str, Any]) -> None:
        """Refuse what a page of somebody else's asks for by itself, such as a stream: `NotOurForm`.

        It cannot read an answer. It could keep a session from ending, and places that others wait for. To
        follow a link is none of that, nor is it when nothing says who asks.
        """
        site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
        wanted = (environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST"))
        if wanted == ("navigate", "document"):
            return
        if site not in (None, "same-origin", "none"):
            raise NotOurForm(f"Sec-Fetch-Site is {site[:40]!r}, and nobody followed a link")
        if origin is not None and origin != (ours := self._ours(environ)):
            raise NotOurForm(f"Origin is {origin[:200]!r}, expected {ours!r}")

    def _ours(self, environ: Mapping[str, Any]) -> str:
        if self.url:
            return self.url
        host = environ.get("HTTP_HOST", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if not is_loopback(name):
            raise NotOurForm("people open this ledger by a name that it was not told: set SHIPLOG_PUBLIC_URL")
        return f"http://{host}"
