"""Sessions of people: begun by a login, presented as a cookie, ended by a logout, by silence or by age.

The cookie is 256 random bits, of which only the SHA-256 is kept. Every login makes another one, so that
nobody who planted a cookie before has a session after it. A session is looked up with every request, at
every server: once it has ended, whoever still has its cookie has nothing.

It says who somebody is, and never what they may do: that is asked of the ledger each time.
"""

import hmac
import logging
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from api.access.passing import Passing
from api.people.names import PeopleNames, tidy
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import CredentialRefused, LedgerUnavailable

PURPOSE = "session"
OF_ISSUER = "session-of-issuer"
"""Marks with the issuer's own names for sessions; each lies under the key of the session it is about."""

IDLE = timedelta(minutes=30)
"""How long nothing may be heard of a session. NIST SP 800-63B-4 has an hour at most for AAL2."""
AGE_MAX = timedelta(hours=8)
"""How old a session may become, whatever is heard of it: a working day. The same has 24 hours at most."""
WRITTEN_EVERY = timedelta(minutes=1)
"""How often it is written down at most that something was heard: silence is noticed so much too early."""

_FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""32 bytes in base64url."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a login established."""

    actor: Actor
    """A person; groups are claims named `groups`. `display` and `credential` are set by the session."""
    display: str | None = None
    """The name people know them by, in clear: it is kept where it can be erased."""
    sid: str | None = None
    """What the issuer calls the session at its side (OpenID Connect Back-Channel Logout 1.0, section 2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that has not ended."""

    key: Digest
    """SHA-256 of the cookie."""
    actor: Actor
    since: datetime
    until: datetime
    """The first instant at which it is too old."""
    csrf: str
    """What forms of this session must say: made from the cookie, and of no use for guessing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    actor: Actor
    since: datetime
    until: datetime
    heard: datetime
    """When it was last written down that something was heard of it."""

    @property
    def silent_at(self) -> datetime:
        """When it ends unless something more is heard of it."""
        return min(self.heard + IDLE, self.until)

    def document(self) -> bytes:
        """Return it as it is kept."""
        return _DOCUMENT.dump_json(self, exclude_none=True)


_DOCUMENT = TypeAdapter(_Kept)


class Sessions:
    """All sessions of a ledger, at whichever server they began. Safe to use from any thread."""

    def __init__(
        self,
        passing: Passing,
        names: PeopleNames,
        *,
        keyed: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        """Keep them in *passing*, and what people are called in *names*; the record has it *keyed*."""
        self._passing = passing
        self._names = names
        self._keyed = keyed
        self._now = now

    def begin(self, login: Login, *, replaces: str | None) -> str:
        """Begin a session and return its cookie; the session of the cookie that it *replaces* ends.

        Raises `CredentialRefused` when the issuer says meanwhile that its own has ended.
        """
        if replaces is not None:
            self.end(replaces)
        at = self._now()
        cookie = secrets.token_urlsafe(32)
        key = _key(cookie)
        actor = replace(login.actor, credential=str(key), display=self._called(login))
        kept = _Kept(actor=actor, since=at, until=at + AGE_MAX, heard=at)
        if login.sid is not None:
            holder = _framed(actor.issuer, login.sid)
            self._passing.add(OF_ISSUER, key, b"", until=kept.until, holder=holder)
        holder = _framed(actor.issuer, actor.subject)
        added = self._passing.add(PURPOSE, key, kept.document(), until=kept.silent_at, holder=holder)
        assert added, "256 random bits are not drawn twice"
        if login.sid is not None and self._passing.get(OF_ISSUER, key) is None:
            self._end(key)
            raise CredentialRefused("the issuer ended the session while it began here")
        return cookie

    def presented(self, cookie: str, *, heard: bool = True) -> Session:
        """Return the session of *cookie*, which goes on for it, but never beyond its age.

        Without *heard* it does not: nobody need be there who presents it. Raises `CredentialRefused` when
        there is none, or none any more.
        """
        if _FORM.fullmatch(cookie) is None:
            raise CredentialRefused("it has not the form of a session's cookie")
        key = _key(cookie)
        content = self._passing.get(PURPOSE, key)
        if content is None:
            raise CredentialRefused("the session is unknown, or has ended")
        try:
            kept = _DOCUMENT.validate_json(content)
        except ValidationError as unknown:
            raise CredentialRefused("the session is of another version of this program") from unknown
        at = self._now()
        if heard and at - kept.heard >= WRITTEN_EVERY:
            self._go_on(key, replace(kept, heard=at))
        return Session(key=key, actor=kept.actor, since=kept.since, until=kept.until, csrf=_csrf(cookie))

    def end(self, cookie: str) -> None:
        """End the session of *cookie*, here and at every other server; nothing happens when there is none."""
        self._end(_key(cookie))

    def leave(self, session: Session) -> None:
        """End *session*, as `end` does."""
        self._end(session.key)
        _log.info("logged out: %s", session.actor.identity)

    def end_of(self, issuer: str, *, subject: str | None = None, sid: str | None = None) -> int:
        """End what *issuer* calls the session *sid*, or else all sessions of *subject*; return how many."""
        if sid is not None:
            marks = self._passing.drop_of(OF_ISSUER, _framed(issuer, sid))
            return sum(self._passing.drop(PURPOSE, key) for key in marks)
        assert subject is not None, "a logout says whose, or which"
        return len(self._passing.drop_of(PURPOSE, _framed(issuer, subject)))

    def _end(self, key: Digest) -> None:
        self._passing.drop(PURPOSE, key)
        self._passing.drop(OF_ISSUER, key)

    def _called(self, login: Login) -> str | None:
        """Keep the name they are known by; return it as the record may have it."""
        name = None if login.display is None else tidy(login.display)
        if name is None:
            return None
        self._names.keep(login.actor.identity, name)
        return self._keyed(name)

    def _go_on(self, key: Digest, kept: _Kept) -> None:
        """Write down that something was heard; a database that cannot be written is no reason to refuse."""
        try:
            if not self._passing.replace(PURPOSE, key, kept.document(), until=kept.silent_at):
                raise CredentialRefused("the session has ended just now")
        except LedgerUnavailable as unavailable:
            _log.warning("a session could not be prolonged: %s", unavailable)


def _key(cookie: str) -> Digest:
    return Digest.of(cookie.encode())


def _csrf(cookie: str) -> str:
    made = hmac.digest(cookie.encode(), b"csrf", "sha256")
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def _framed(*texts: str) -> Digest:
    return Digest.of(b"".join(len(text.encode()).to_bytes(4) + text.encode() for text in texts))
