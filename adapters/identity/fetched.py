"""Key sets from where issuers publish them: fetched rarely, kept for a while, never waited for twice.

An unknown key is looked for once a minute at most, so that invented names cost nothing; an issuer that
does not answer is asked ever more rarely, and what it said before is good for a day.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from adapters.identity import jwks
from adapters.identity.jwks import Jwks, Key
from domain.errors import CredentialRefused, LedgerUnavailable

FETCH_SECONDS = 5.0
FRESH_SECONDS = 3600.0
STALE_SECONDS = 86_400.0
LOOK_AGAIN_SECONDS = 60.0
BACK_OFF_SECONDS_MAX = 300.0

Fetch = Callable[[str], bytes]


class _NoRedirect(HTTPRedirectHandler):
    """The URL was agreed on; where it might point to was not."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def fetch(url: str) -> bytes:
    """Return what is at *url*, at most `jwks.BYTES_MAX`; raises `OSError` or `HTTPException`."""
    asked = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - https, checked when it was trusted
    with build_opener(_NoRedirect).open(asked, timeout=FETCH_SECONDS) as answer:
        content: bytes = answer.read(jwks.BYTES_MAX + 1)
    return content


@dataclass(slots=True)
class _Known:
    """What is known of one URL."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: Jwks | None = None
    fetched_at: float = 0.0
    tried_at: float = float("-inf")
    failures: int = 0


class FetchedKeys:
    """Keys by URL, shared by all threads of this process."""

    def __init__(self, monotonic: Callable[[], float], fetch: Fetch = fetch) -> None:
        """Count time by *monotonic*, in seconds."""
        self._monotonic = monotonic
        self._fetch = fetch
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def find(self, url: str, algorithm: str, kid: str | None) -> Key | None:
        """Return the key for *algorithm* named *kid* at *url*; None when it has no such key.

        Raises `LedgerUnavailable` when nothing usable was ever heard from there.
        """
        with self._lock:
            known = self._known.setdefault(url, _Known())
        keys = known.keys
        if keys is not None and self._monotonic() - known.fetched_at < FRESH_SECONDS:
            found = keys.find(algorithm, kid)
            if found is not None or not self._may_look(known):
                return found
        with known.lock:
            if known.keys is keys and self._may_look(known):
                self._look(url, known)
            keys = known.keys
        if keys is None or self._monotonic() - known.fetched_at > STALE_SECONDS:
            raise LedgerUnavailable("the keys of the token's issuer cannot be had just now: try again later")
        return keys.find(algorithm, kid)

    def _may_look(self, known: _Known) -> bool:
        wait = LOOK_AGAIN_SECONDS
        if known.failures:
            wait = min(BACK_OFF_SECONDS_MAX, 2.0**known.failures)
        return self._monotonic() - known.tried_at >= wait

    def _look(self, url: str, known: _Known) -> None:
        known.tried_at = self._monotonic()
        try:
            keys = jwks.read(self._fetch(url))
        except (URLError, HTTPException, OSError, CredentialRefused):
            known.failures += 1
            return
        known.keys, known.fetched_at, known.failures = keys, known.tried_at, 0
