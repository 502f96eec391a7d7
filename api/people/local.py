"""Local login: a link that is printed where the ledger's files are, good once and for minutes.

Whoever can print it owns the ledger anyway. It makes the person at the browser one whom the record can
name and who can be given roles, without anybody's password.
"""

import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from api.access.passing import Passing
from api.people.sessions import Login
from api.refusals import LoginRefused
from domain.access.access import Access, in_force
from domain.access.fold import fold
from domain.actor import Actor, ActorKind, Method
from domain.digest import Digest
from domain.identity import Identity, recorded
from domain.ports import LedgerReader
from domain.stream import ACCESS

ISSUER = "shiplog:local"
PATH = "/login/local"
PURPOSE = "local-login"
LIFE = timedelta(minutes=10)
"""As long as NIST SP 800-63B-4 lets any one-time secret live that is told by another way."""
_FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_log = logging.getLogger(__name__)


class LocalLogin:
    """Codes that log somebody in, at any server of the ledger. Safe to use from any thread."""

    def __init__(self, passing: Passing, *, keyed: Callable[[str], str], now: Callable[[], datetime]) -> None:
        """Keep what they stand for in *passing*; an e-mail address enters the record *keyed*."""
        self._passing = passing
        self._keyed = keyed
        self._now = now

    def named(self, name: str) -> Identity:
        """Return who *name* is to the record; raises `MalformedValue` when that is nobody."""
        return recorded(ISSUER, name, self._keyed)

    def offer(self, name: str) -> str:
        """Return a code that logs *name* in, once; raises as `named` does."""
        self.named(name)
        code = secrets.token_urlsafe(32)
        content = name.encode()
        kept = self._passing.add(PURPOSE, Digest.of(code.encode()), content, until=self._now() + LIFE)
        assert kept, "256 random bits are not drawn twice"
        return code

    def take(self, code: str) -> Login:
        """Return whom *code* logs in; from now on nobody.

        Raises `LoginRefused` when it was taken, has expired, or was never printed.
        """
        content = None
        if _FORM.fullmatch(code) is not None:
            content = self._passing.take(PURPOSE, Digest.of(code.encode()))
        if content is None:
            _log.warning("local login refused: the code was used, has expired, or is none of ours")
            raise LoginRefused("the link was used before, has expired, or was not printed by this ledger")
        name = content.decode()
        subject = self.named(name).subject
        actor = Actor(ActorKind.PERSON, ISSUER, subject, method=Method.LOCAL, auth_time=self._now())
        return Login(actor=actor, display=None if name == subject else name)


def roles_of(identity: Identity, ledger: LedgerReader) -> list[str]:
    """Return the roles of *identity* by now, each with how far it reaches."""
    access = ledger.load(ACCESS, fold) or Access()
    at = max(ledger.now(), access.at)
    granted = access.grants_to(*access.person_of(identity))
    return [f"{held.said.role}: {held.said.reach}" for held in granted if in_force(held, at)]
