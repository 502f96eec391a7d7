"""Credentials of requests, looked at here and nowhere else.

What happens, in this order:

1. the field `Authorization` must present a bearer token (RFC 6750). Only without the field a session is
   looked for (`api.people.visitors`); whoever presents neither is told so;
2. it must have the form of one of ours, with the right check at its end;
3. it is looked up: by its id, or by its SHA-256; one that nobody knows takes as long;
4. secret, end, revocation and network are held against what the ledger says;
5. whoever it stands for may do what the ledger says: nothing is remembered from a request before.

For tokens, what the ledger says may be what it said 50 ms ago (`LedgerReader.load_recent`), so that not every
request looks. No credential is refused for that: before one is, it is held against what the ledger says by
now. People are few, and do not click a thousand times a second: for them it is looked each time.

Why a credential is refused is for the log, which never has the credential; to whoever presents it, all
causes are one.
"""

import logging

from flask import Request

from api.access import opaque
from api.access.asking import Asking
from api.access.exchanged import ExchangedTokens
from api.access.opaque import Opaque, OpaqueKind
from api.access.passing import Passing
from api.access.proxies import Address, Proxies
from api.people.visitors import Visitors
from api.refusals import NotOurForm, Unauthenticated
from domain.access.access import Access
from domain.access.authority import Authority, authority, of_token
from domain.access.fold import fold
from domain.access.token import accepted
from domain.actor import Actor, ActorKind, Method
from domain.errors import CredentialRefused
from domain.ports import LedgerReader
from domain.stream import ACCESS

_SCHEME = "bearer "
_log = logging.getLogger(__name__)


class Guard:
    """Says who asks. Safe to use from any thread."""

    def __init__(self, ledger: LedgerReader, passing: Passing, proxies: Proxies, visitors: Visitors) -> None:
        """Look tokens up in *ledger* and *passing*, and people up by *visitors*.

        *proxies* are believed where a request came from.
        """
        self._ledger = ledger
        self._visitors = visitors
        self._exchanged = ExchangedTokens(passing)
        self._proxies = proxies

    def __call__(self, request: Request) -> Asking:
        """Return who sent *request*.

        Raises `Unauthenticated` when it does not say, `CredentialRefused` when what it says does not hold,
        and `NotOurForm` when whoever has a session may not have meant it.
        """
        given = request.environ.get("HTTP_AUTHORIZATION")
        if given is not None and given[: len(_SCHEME)].lower() != _SCHEME:  # 1
            raise Unauthenticated("this needs a credential: Authorization: Bearer TOKEN")
        address: Address | None = None
        try:
            address = self._proxies.address(request.environ)
            return self._visiting(request) if given is None else self._known(given[len(_SCHEME) :], address)
        except CredentialRefused as refused:
            _log.warning("credential refused, presented from %s: %s", address, refused.why)
            raise
        except NotOurForm as refused:
            _log.warning("request with a session refused, sent from %s: %s", address, refused)
            raise

    def _visiting(self, request: Request) -> Asking:
        session = self._visitors.session(request)
        if session is None:
            raise Unauthenticated("this needs a credential: Authorization: Bearer TOKEN, or a login")
        access = self._ledger.load(ACCESS, fold) or Access()
        at = max(self._ledger.now(), access.at)
        return Asking(session.actor, authority(access, session.actor, at), session)  # 5

    def _known(self, text: str, address: Address) -> Asking:
        token = opaque.parse(text)  # 2
        if token is None:
            raise CredentialRefused("it has not the form of a token of ours, or is mistyped")
        access = self._ledger.load_recent(ACCESS, fold) or Access()
        try:
            return self._held(token, access, address)
        except CredentialRefused:
            by_now = self._ledger.load(ACCESS, fold) or Access()
            if by_now.version == access.version:
                raise
        return self._held(token, by_now, address)

    def _held(self, token: Opaque, access: Access, address: Address) -> Asking:
        at = max(self._ledger.now(), access.at)
        match token.kind:
            case OpaqueKind.API:
                held = accepted(access.tokens.get(token.id), token.secret, at=at, address=address)  # 3, 4
                actor = Actor(
                    ActorKind.TOKEN,
                    held.holder.issuer,
                    held.holder.subject,
                    method=Method.TOKEN,
                    credential=held.id,
                )
                return Asking(actor, Authority((of_token(held),)))  # 5
            case OpaqueKind.EXCHANGED:
                return self._exchanged.presented(token, access, at)
