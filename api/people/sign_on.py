"""Login at an OpenID Connect provider: begun here, answered there, and ended here or there.

What is checked of an answer, in this order:

1. each parameter is there once at most;
2. it is the answer to a login that was begun here within ten minutes, and the first one;
3. the browser that brings it is the one that the login was begun in;
4. it comes from the provider, which says yes;
5. the code is redeemed for an ID token that holds (`adapters.identity.sign_on_tokens`), of this login;
6. where a fresh login was asked for, that the person proved who they are after that.

Of a refusal the log says why, and never with a code, a token or a secret in it; the browser learns one
sentence.
"""

import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import TypeAdapter

from api.access.passing import Passing
from api.people.provider import LoggedOut, Provider
from api.people.sessions import Login, Sessions
from api.people.told import LEEWAY, check_time, login_of
from domain.digest import Digest
from domain.errors import CredentialRefused
from domain.identity import recorded

PATH = "/login/sso"
CALLBACK = "/login/callback"
"""To which a provider sends browsers back; it has to be told so."""
PURPOSE = "sign-on"
LOGOUT_SAID = "logout-said"
LIFE = timedelta(minutes=10)
"""To find one's second factor, and no longer."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A login under way."""

    url: str
    """Where the browser goes."""
    cookie: str
    """By which it is known again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A login that was answered."""

    login: Login
    to: str
    """Where the browser wanted to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    browser: str
    nonce: str
    verifier: str
    fresh: bool
    to: str
    at: datetime


_DOCUMENT = TypeAdapter(_Kept)


class SignOn:
    """Logins at one provider, begun and answered at any server of a ledger. Safe to use from any thread."""

    def __init__(
        self,
        provider: Provider,
        passing: Passing,
        *,
        keyed: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        """Keep logins under way in *passing*; e-mail addresses enter the record *keyed*."""
        self._provider = provider
        self._passing = passing
        self._keyed = keyed
        self._now = now

    @property
    def issuer(self) -> str:
        """The provider's URL."""
        return self._provider.issuer

    def begin(self, to: str, *, fresh: bool) -> Begun:
        """Begin a login that leads *to* a path of ours; raises `ProviderUnavailable`."""
        state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
        url = self._provider.authorization_url(state=state, nonce=nonce, verifier=verifier, fresh=fresh)
        at = self._now()
        kept = _Kept(
            browser=str(Digest.of(browser.encode())),
            nonce=nonce,
            verifier=verifier,
            fresh=fresh,
            to=to,
            at=at,
        )
        added = self._passing.add(PURPOSE, _key(state), _DOCUMENT.dump_json(kept), until=at + LIFE)
        assert added, "256 random bits are not drawn twice"
        return Begun(url=url, cookie=browser)

    def end(self, answer: Mapping[str, list[str]], browser: str | None) -> Ended:
        """Return who logged in by the *answer* that a *browser*, known by its cookie, brings.

        Raises `CredentialRefused`, `ProviderUnavailable`, and `MalformedValue` for a person of whom the
        provider says more than is read.
        """
        said = {name: _once(answer, name) for name in ("state", "iss", "error", "code")}  # 1
        kept = self._taken(said["state"])  # 2
        presented = str(Digest.of((browser or "").encode()))
        if not hmac.compare_digest(presented, kept.browser):  # 3
            raise CredentialRefused("the login was begun in another browser")
        self._provider.check_sender(said["iss"])  # 4
        if said["error"] is not None:
            raise CredentialRefused(f"the provider says {said['error'][:80]!r}")
        if not said["code"]:
            raise CredentialRefused("the answer has no code")
        person = self._provider.redeem(  # 5
            code=said["code"], nonce=kept.nonce, verifier=kept.verifier, now=self._now
        )
        at = self._now()
        check_time(person, at, asked_at=kept.at if kept.fresh else None)  # 6
        return Ended(login=login_of(person, self.issuer, at, keyed=self._keyed), to=kept.to)

    def said_logged_out(self, token: str, sessions: Sessions) -> int:
        """End of *sessions* what the provider's logout *token* says has ended; return how many.

        Raises `CredentialRefused` and `ProviderUnavailable`.
        """
        said = self._provider.logged_out(token, at=self._now())
        if self._passing.get(LOGOUT_SAID, said.once) is not None:
            raise CredentialRefused("the logout was said before")
        ended = self._ended(said, sessions)
        # Only then: the provider says it again when nothing ended, for the database was not there.
        self._passing.add(LOGOUT_SAID, said.once, b"", until=said.expires_at + 2 * LEEWAY)
        return ended

    def farewell(self, back: str) -> str | None:
        """Return where a browser ends its session with the provider as well, and then comes *back* to."""
        place = self._provider.farewell()
        if place is None:
            return None
        url, parameters = place
        joined = "&" if "?" in url else "?"
        return f"{url}{joined}{urlencode({**parameters, 'post_logout_redirect_uri': back})}"

    def _ended(self, said: LoggedOut, sessions: Sessions) -> int:
        if said.sid is not None:
            return sessions.end_of(self.issuer, sid=said.sid)
        assert said.subject is not None, "a logout says whose, or which"
        identity = recorded(self.issuer, said.subject, self._keyed)
        return sessions.end_of(self.issuer, subject=identity.subject)

    def _taken(self, state: str | None) -> _Kept:
        content = None if state is None else self._passing.take(PURPOSE, _key(state))
        if content is None:
            raise CredentialRefused(
                "the answer is to no login of the last ten minutes, or not the first to it"
            )
        return _DOCUMENT.validate_json(content)


def _once(answer: Mapping[str, list[str]], name: str) -> str | None:
    given = answer.get(name, [])
    if len(given) > 1:
        raise CredentialRefused(f"the answer has {name} {len(given)} times")
    return given[0] if given else None


def _key(state: str) -> Digest:
    return Digest.of(state.encode())
