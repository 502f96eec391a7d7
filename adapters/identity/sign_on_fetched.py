"""The document in which a login provider names its places: fetched once an hour, never waited for twice."""

import logging
import threading
from collections.abc import Callable

from adapters.identity import sign_on_client, sign_on_places
from adapters.identity.sign_on_places import Places
from domain.errors import ProviderUnavailable

FRESH_SECONDS = 3600.0
STALE_SECONDS = 86_400.0
"""How long what it said is good for while it does not answer."""
LOOK_AGAIN_SECONDS = 10.0
"""How long nobody asks again after it did not answer."""
WAIT_SECONDS = 5.0
"""How long one waits for the answer that another asked for, where nothing is known yet."""

_log = logging.getLogger(__name__)


class FetchedPlaces:
    """The places of one provider, shared by all threads of this process."""

    def __init__(self, issuer: str, monotonic: Callable[[], float]) -> None:
        """Ask *issuer*; count time by *monotonic*, in seconds."""
        self._issuer = issuer
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._places: Places | None = None
        self._read_at = self._asked_at = float("-inf")

    def known(self) -> Places:
        """Return where the provider does what; raises `ProviderUnavailable` when it has not said so."""
        nothing = self._places is None
        if (nothing or self._due()) and self._lock.acquire(timeout=WAIT_SECONDS if nothing else 0):
            try:
                if self._due():
                    self._ask()
            finally:
                self._lock.release()
        if self._places is None or self._monotonic() - self._read_at > STALE_SECONDS:
            raise ProviderUnavailable(f"{self._issuer} has not said where people log in")
        return self._places

    def _due(self) -> bool:
        at = self._monotonic()
        return at - self._read_at >= FRESH_SECONDS and at - self._asked_at >= LOOK_AGAIN_SECONDS

    def _ask(self) -> None:
        self._asked_at = self._monotonic()
        place = self._issuer.rstrip("/") + sign_on_places.WELL_KNOWN
        try:
            content = sign_on_client.get(place, bytes_max=sign_on_places.BYTES_MAX)
            self._places, self._read_at = sign_on_places.read(content, self._issuer), self._asked_at
        except ProviderUnavailable as unavailable:
            _log.warning("the login provider: %s", unavailable.why)
