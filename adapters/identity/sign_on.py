"""The login provider: where browsers are sent, what comes back, and what it says of whoever logged in.

OpenID Connect Core 1.0, the code flow (section 3.1), with PKCE (RFC 7636) and RFC 9207 where it is announced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.identity import jwks, sign_on_answers, sign_on_claims, sign_on_client
from adapters.identity.compact import Compact
from adapters.identity.fetched import FetchedKeys
from adapters.identity.jwks import Key
from adapters.identity.sign_on_client import Client
from adapters.identity.sign_on_fetched import FetchedPlaces
from adapters.identity.sign_on_places import Places
from adapters.identity.sign_on_tokens import SignedByProvider, subject_of
from adapters.identity.sign_on_when_needed import ProviderSettings
from adapters.identity.tokens import time_of
from domain.digest import Digest
from domain.errors import CredentialRefused, LedgerUnavailable, ProviderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """What the provider says of whoever logged in."""

    subject: str
    name: str | None
    groups: tuple[str, ...]
    auth_time: datetime | None
    acr: str | None
    amr: tuple[str, ...] | None
    sid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """What the provider says has ended."""

    subject: str | None
    sid: str | None
    once: Digest
    """Of issuer and `jti`: what may be said only once."""
    expires_at: datetime


class OpenIdProvider:
    """Implements `api.people.provider.Provider`. Safe to use from any thread."""

    def __init__(self, settings: ProviderSettings, monotonic: Callable[[], float]) -> None:
        """Count the seconds for which documents and keys are kept by *monotonic*."""
        self._settings = settings
        self._places = FetchedPlaces(settings.issuer, monotonic)
        self._keys = FetchedKeys(monotonic, _keys_at)
        self._signed = SignedByProvider(settings.issuer, settings.client_id, self._key)

    @property
    def issuer(self) -> str:
        """Its URL, as it is recorded."""
        return self._settings.issuer

    def authorization_url(self, *, state: str, nonce: str, verifier: str, fresh: bool) -> str:
        """See `api.people.provider.Provider`."""
        places = self._places.known()
        client = self._client(places)
        return sign_on_client.authorization_url(
            client, places.authorization, state=state, nonce=nonce, verifier=verifier, fresh=fresh
        )

    def check_sender(self, issuer: str | None) -> None:
        """See `api.people.provider.Provider`."""
        if issuer is None and not self._places.known().names_itself:
            return
        if issuer != self.issuer:
            raise CredentialRefused(f"the answer is from {repr(issuer)[:200]}, expected {self.issuer!r}")

    def redeem(self, *, code: str, nonce: str, verifier: str, now: Callable[[], datetime]) -> LoggedIn:
        """See `api.people.provider.Provider`."""
        places = self._places.known()
        redeemed = sign_on_client.redeem(self._client(places), places.token, code=code, verifier=verifier)
        token = self._signed.id_token(
            redeemed.id_token, nonce=nonce, access_token=redeemed.access_token, at=now()
        )
        more: Mapping[str, object] = {}
        if places.userinfo is not None and redeemed.access_token is not None and self._lacks(token):
            more = _userinfo(places.userinfo, redeemed.access_token, token)
        return LoggedIn(
            subject=subject_of(token),
            name=sign_on_claims.name_of(token.claims, more),
            groups=sign_on_claims.groups_of(self._settings.groups_claim, token.claims, more),
            auth_time=sign_on_claims.auth_time_of(token),
            acr=sign_on_claims.acr_of(token),
            amr=sign_on_claims.amr_of(token),
            sid=sign_on_claims.sid_of(token),
        )

    def logged_out(self, text: str, *, at: datetime) -> LoggedOut:
        """See `api.people.provider.Provider`."""
        token = self._signed.logout_token(text, at=at)
        return LoggedOut(
            subject=subject_of(token) if "sub" in token.claims else None,
            sid=sign_on_claims.sid_of(token),
            once=Digest.of(f"{self.issuer}\n{token.said('jti')}".encode()),
            expires_at=time_of(token, "exp"),
        )

    def farewell(self) -> tuple[str, Mapping[str, str]] | None:
        """See `api.people.provider.Provider`."""
        try:
            place = self._places.known().end_session
        except ProviderUnavailable:
            return None
        return None if place is None else (place, {"client_id": self._settings.client_id})

    def _lacks(self, token: Compact) -> bool:
        """Whether the ID token leaves out what the userinfo may say."""
        return self._settings.groups_claim not in token.claims or not sign_on_claims.name_of(token.claims)

    def _client(self, places: Places) -> Client:
        return Client(
            id=self._settings.client_id,
            secret=self._settings.client_secret,
            redirect_uri=self._settings.redirect_uri,
            scopes=self._settings.scopes,
            secret_in_body=places.secret_in_body,
        )

    def _key(self, algorithm: str, kid: str | None) -> Key | None:
        try:
            return self._keys.find(self._places.known().keys, algorithm, kid)
        except LedgerUnavailable as unavailable:
            raise ProviderUnavailable(f"the keys of {self.issuer} cannot be had") from unavailable


def _keys_at(url: str) -> bytes:
    """Return the key set at *url*, as `FetchedKeys` wants it."""
    try:
        return sign_on_client.get(url, bytes_max=jwks.BYTES_MAX)
    except ProviderUnavailable as unavailable:
        raise OSError(unavailable.why) from unavailable


def _userinfo(place: str, access_token: str, token: Compact) -> Mapping[str, object]:
    """Return what the provider says at *place* of whom *token* is about (section 5.3)."""
    told = sign_on_answers.read_object(sign_on_client.get(place, bearer=access_token), "userinfo")
    if told.get("sub") != token.said("sub"):
        raise CredentialRefused("userinfo is about somebody else")
    return told
