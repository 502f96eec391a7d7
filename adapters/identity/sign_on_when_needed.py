"""The login provider, loaded with the first login: what talks to it takes as long to load as a command."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.identity.sign_on import LoggedIn, LoggedOut, OpenIdProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Which provider, and what it knows this server by."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    groups_claim: str
    redirect_uri: str


class ProviderWhenNeeded:
    """Implements `api.people.provider.Provider`, which says what its methods do."""

    def __init__(self, settings: ProviderSettings, monotonic: Callable[[], float]) -> None:
        """Talk to the provider of *settings*, counting seconds by *monotonic*."""
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._loaded: OpenIdProvider | None = None

    @property
    def issuer(self) -> str:
        """Its URL, as it is recorded."""
        return self._settings.issuer

    def authorization_url(self, *, state: str, nonce: str, verifier: str, fresh: bool) -> str:
        """See `Provider`."""
        return self._provider().authorization_url(state=state, nonce=nonce, verifier=verifier, fresh=fresh)

    def check_sender(self, issuer: str | None) -> None:
        """See `Provider`."""
        self._provider().check_sender(issuer)

    def redeem(self, *, code: str, nonce: str, verifier: str, now: Callable[[], datetime]) -> "LoggedIn":
        """See `Provider`."""
        return self._provider().redeem(code=code, nonce=nonce, verifier=verifier, now=now)

    def logged_out(self, text: str, *, at: datetime) -> "LoggedOut":
        """See `Provider`."""
        return self._provider().logged_out(text, at=at)

    def farewell(self) -> tuple[str, Mapping[str, str]] | None:
        """See `Provider`."""
        return self._provider().farewell()

    def _provider(self) -> "OpenIdProvider":
        with self._lock:
            if self._loaded is None:
                from adapters.identity.sign_on import OpenIdProvider  # noqa: PLC0415 - see above

                self._loaded = OpenIdProvider(self._settings, self._monotonic)
            return self._loaded
